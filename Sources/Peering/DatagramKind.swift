import Wire

/// What an arriving datagram is, by its first byte (RFC 7983 section 7, RFC 9443 section 3) and, within RTP, by its
/// second (RFC 5761 section 4).
package enum DatagramKind: Sendable {
    case stun, dtls, rtp, rtcp

    /// Fails for protocols that WebRTC media ports do not speak (ZRTP, TURN channels, QUIC) and for empty datagrams.
    package init?(of datagram: Span<UInt8>) {
        guard datagram.count >= 2 else { return nil }
        switch datagram[0] {
        case 0...3: self = .stun
        case 20...63: self = .dtls
        case 128...191:
            self = (192...223).contains(datagram[1]) ? .rtcp : .rtp
        default: return nil
        }
    }
}
