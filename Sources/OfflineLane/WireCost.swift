/// What frames take on the wire to one subscriber, all headers included.
package struct WireCost: Sendable, Equatable {
    /// IPv4 20 (RFC 791) and UDP 8 (RFC 768).
    private static let datagramHeaders = 28
    /// RFC 3550 section 5.1: an RTP header without contributing sources.
    private static let rtpHeader = 12
    /// RFC 8285 section 4.2: MID and the transport-wide number, 4 bytes before them, padded to words.
    private static let extensions = 12
    /// RFC 7714 section 13.1: the tag of AES-GCM.
    private static let tag = 16
    /// The largest RTP packet, without the tag.
    private static let packetBytes = 1200

    /// Bytes of the payload descriptor in every packet.
    private let descriptor: Int
    /// Bytes of a frame in a packet, at most.
    private let room: Int

    /// - Parameter payloadLimit: bytes of a frame in a packet, if they are fewer than would fit.
    package init(descriptorBytes: Int, payloadLimit: Int = .max) {
        descriptor = descriptorBytes
        room = min(payloadLimit, Self.packetBytes - Self.rtpHeader - Self.extensions - descriptorBytes)
    }

    /// For a frame of this many bytes.
    package func packets(of bytes: Int) -> Int {
        (bytes + room - 1) / room
    }

    /// For a frame of this many bytes.
    package func bytes(of bytes: Int) -> Int {
        let overhead = Self.datagramHeaders + Self.rtpHeader + Self.extensions + descriptor + Self.tag
        return bytes + packets(of: bytes) * overhead
    }
}
