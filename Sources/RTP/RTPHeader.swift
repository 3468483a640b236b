import Wire

/// The header of an RTP packet (RFC 3550 section 5.1) as values, and where in the packet the rest lies.
///
///      0                   1                   2                   3
///     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
///     |                           timestamp                           |
///     |           synchronization source (SSRC) identifier            |
///     |     CC contributing sources, extension block, payload, padding
///
/// Parse after decryption: under SRTP the padding count is part of the ciphertext.
package struct RTPHeader: Hashable, Sendable {
    /// The length in bytes of a header without contributing sources and extensions.
    package static let fixedLength = 12

    package var hasMarker: Bool
    /// 0...127.
    package var payloadType: UInt8
    package var sequenceNumber: UInt16
    /// In units of the payload type's clock rate.
    package var timestamp: UInt32
    package var ssrc: UInt32
    /// Offsets in the packet, without padding. Empty for a packet of padding only.
    package var payload: Range<Int>
    /// The bytes after the payload, the count itself included: 0...255.
    package var paddingLength: Int
    package var extensions: HeaderExtensionBlock

    /// Parses a whole packet; `nil` if it is of another version or its lengths contradict each other.
    package init?(parsing packet: Span<UInt8>) {
        let count = packet.count
        guard count >= Self.fixedLength else { return nil }
        let first = packet[0]
        guard first >> 6 == 2 else { return nil }
        var offset = Self.fixedLength + Int(first & 0x0F) * 4
        guard offset <= count else { return nil }

        extensions = HeaderExtensionBlock(form: .none, range: offset..<offset)
        if first & 0x10 != 0 {
            guard offset + 4 <= count else { return nil }
            let profile = packet.uint16(at: offset)
            let length = Int(packet.uint16(at: offset + 2)) * 4
            offset += 4
            guard length <= count - offset else { return nil }
            extensions = HeaderExtensionBlock(profile: profile, range: offset..<offset + length)
            offset += length
        }

        paddingLength = 0
        if first & 0x20 != 0 {
            guard offset < count else { return nil }
            paddingLength = Int(packet[count - 1])
            guard paddingLength > 0, paddingLength <= count - offset else { return nil }
        }

        hasMarker = packet[1] & 0x80 != 0
        payloadType = packet[1] & 0x7F
        sequenceNumber = packet.uint16(at: 2)
        timestamp = packet.uint32(at: 4)
        ssrc = packet.uint32(at: 8)
        payload = offset..<count - paddingLength
    }
}
