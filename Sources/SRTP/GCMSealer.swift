/// The outgoing RTP packets of one peer under AES-GCM.
struct GCMSealer: ~Copyable {
    private struct Source {
        let ssrc: UInt32
        var index: PacketIndex
    }

    private let cipher: GCMCipher
    private var sources: [Source] = []

    /// Fails when OpenSSL does.
    init?(keyAndSalt: [UInt8]) {
        guard let cipher = GCMCipher(.seal, keyAndSalt: keyAndSalt) else { return nil }
        self.cipher = cipher
    }

    /// Encrypts the packet in place and appends the tag. Returns false when there is no room, or its header does not
    /// end inside of it.
    mutating func seal(_ packet: inout OutputSpan<UInt8>) -> Bool {
        guard packet.freeCapacity >= GCMCipher.tagLength, let header = GCMCipher.headerLength(of: packet.span) else {
            return false
        }
        let index = index(of: packet.span)
        return cipher.seal(&packet, header: header, rollovers: UInt32(truncatingIfNeeded: index >> 16))
    }

    private mutating func index(of packet: Span<UInt8>) -> UInt64 {
        let (ssrc, sequenceNumber) = RTPFields.read(packet)
        for position in sources.indices where sources[position].ssrc == ssrc {
            // A number from before the first one has no rollover counter; the packet was never sent either.
            let index = sources[position].index.estimate(sequenceNumber) ?? UInt64(sequenceNumber)
            sources[position].index.advance(to: index)
            return index
        }
        sources.append(Source(ssrc: ssrc, index: PacketIndex(first: sequenceNumber)))
        return UInt64(sequenceNumber)
    }
}

/// The two header fields that SRTP's index is made of (RFC 3550 section 5.1).
enum RTPFields {
    /// Reads them from a packet of at least 12 bytes.
    static func read(_ packet: Span<UInt8>) -> (ssrc: UInt32, sequenceNumber: UInt16) {
        let ssrc = (8..<12).reduce(0 as UInt32) { $0 << 8 | UInt32(packet[$1]) }
        return (ssrc, UInt16(packet[2]) << 8 | UInt16(packet[3]))
    }
}
