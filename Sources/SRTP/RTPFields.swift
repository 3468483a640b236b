/// What SRTP reads of an RTP or RTCP packet (RFC 3550 sections 5.1 and 6.4.1).
enum RTPFields {
    /// The SSRC and the sequence number of an RTP packet of at least 12 bytes.
    static func source(of packet: Span<UInt8>) -> (ssrc: UInt32, sequenceNumber: UInt16) {
        (word(packet, at: 8), UInt16(packet[2]) << 8 | UInt16(packet[3]))
    }

    /// The 32-bit integer in network byte order at `offset`.
    static func word(_ packet: Span<UInt8>, at offset: Int) -> UInt32 {
        UInt32(packet[offset]) << 24 | UInt32(packet[offset + 1]) << 16 | UInt32(packet[offset + 2]) << 8
            | UInt32(packet[offset + 3])
    }

    /// Header, contributing sources and extension block of an RTP packet: what is authenticated and stays readable. Nil
    /// when they do not fit into the packet.
    static func headerLength(of packet: Span<UInt8>) -> Int? {
        guard packet.count >= 12 else { return nil }
        var length = 12 + 4 * Int(packet[0] & 0x0F)
        if packet[0] & 0x10 != 0 {
            guard length + 4 <= packet.count else { return nil }
            length += 4 + 4 * (Int(packet[length + 2]) << 8 | Int(packet[length + 3]))
        }
        return length <= packet.count ? length : nil
    }
}
