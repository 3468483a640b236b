/// What an Opus packet says of itself, without being decoded (RFC 6716 section 3).
///
///      0 1 2 3 4 5 6 7
///     | config  |s| c |   c: one frame, two equal ones, two others, or a count that follows
package struct OpusPacket: Hashable, Sendable {
    /// Samples of 48 kHz in 120 ms: the longest packet.
    package static let longest = 5760
    /// Packets of so many bytes or fewer say that silence begins or goes on (discontinuous transmission).
    private static let silenceBytes = 2
    private static let frameLimit = 48

    /// Samples of 48 kHz in one of its frames, and in all of them.
    package let frameSamples: Int
    package let samples: Int
    package let isStereo: Bool
    /// Nothing is heard in it, and the sender may pause after it.
    package let isSilence: Bool
    /// Whether it has a second, coarser copy of what came before it (in-band FEC, RFC 6716 section 2.1.7).
    package let hasRecovery: Bool

    /// Nil if no decoder would take it.
    package init?(parsing packet: Span<UInt8>) {
        guard packet.count > 0 else { return nil }
        let first = packet[0]
        let config = Int(first >> 3)
        isStereo = first & 0x04 != 0
        frameSamples = Self.frameSamples(ofConfiguration: config)
        guard let (frames, offset) = Self.layout(of: packet), frames * frameSamples <= Self.longest else {
            return nil
        }
        samples = frames * frameSamples
        isSilence = packet.count <= Self.silenceBytes
        // SILK's frames of 20 ms have a bit for speech each, and then one for the copy (RFC 6716 section 4.2.3);
        // the second channel's follow.
        let parts = max(1, frameSamples / 960)
        if config < 16, offset < packet.count, !isSilence {
            let flags = packet[offset]
            let middle = (flags >> UInt8(7 - parts)) & 1 != 0
            let side = isStereo && (flags >> UInt8(6 - 2 * parts)) & 1 != 0
            hasRecovery = middle || side
        } else {
            hasRecovery = false
        }
    }

    private static func frameSamples(ofConfiguration config: Int) -> Int {
        switch config {
        // SILK: 10, 20, 40 and 60 ms.
        case 0..<12: [480, 960, 1920, 2880][config & 3]
        // Hybrid: 10 and 20 ms.
        case 12..<16: [480, 960][config & 1]
        // CELT: 2.5, 5, 10 and 20 ms.
        default: [120, 240, 480, 960][config & 3]
        }
    }

    /// The number of frames, and where the first begins.
    private static func layout(of packet: Span<UInt8>) -> (frames: Int, offset: Int)? {
        switch packet[0] & 0x03 {
        case 0:
            return (1, 1)
        case 1:
            // Two of one length.
            return packet.count & 1 == 1 ? (2, 1) : nil
        case 2:
            guard let (length, bytes) = length(in: packet, at: 1), 1 + bytes + length <= packet.count else {
                return nil
            }
            return (2, 1 + bytes)
        default:
            return countedLayout(of: packet)
        }
    }

    /// Code 3 (RFC 6716 section 3.2.5): a count, padding, and lengths if they differ.
    private static func countedLayout(of packet: Span<UInt8>) -> (frames: Int, offset: Int)? {
        guard packet.count >= 2 else { return nil }
        let flags = packet[1]
        let frames = Int(flags & 0x3F)
        guard frames > 0, frames <= frameLimit else { return nil }
        var offset = 2
        var padding = 0
        if flags & 0x40 != 0 {
            var more = true
            while more {
                guard offset < packet.count else { return nil }
                let value = Int(packet[offset])
                offset += 1
                more = value == 255
                padding += more ? 254 : value
            }
        }
        guard offset + padding <= packet.count else { return nil }
        let end = packet.count - padding
        if flags & 0x80 == 0 {
            return (end - offset) % frames == 0 ? (frames, offset) : nil
        }
        var sum = 0
        for _ in 1..<frames {
            guard let (length, bytes) = length(in: packet, at: offset) else { return nil }
            offset += bytes
            sum += length
        }
        return offset + sum <= end ? (frames, offset) : nil
    }

    /// A frame's length of one byte or two (RFC 6716 section 3.2.1).
    private static func length(in packet: Span<UInt8>, at offset: Int) -> (length: Int, bytes: Int)? {
        guard offset < packet.count else { return nil }
        let first = Int(packet[offset])
        guard first >= 252 else { return (first, 1) }
        guard offset + 1 < packet.count else { return nil }
        return (Int(packet[offset + 1]) * 4 + first, 2)
    }
}
