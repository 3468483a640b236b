/// The arriving RTP packets of one peer under AES-GCM, each let through once (RFC 3711 section 3.3.2).
struct GCMOpener: ~Copyable {
    private struct Source {
        let ssrc: UInt32
        var index: PacketIndex
        /// One bit for each of the last packets, by index modulo the window.
        var seen = InlineArray<32, UInt64>(repeating: 0)

        init(ssrc: UInt32, first sequenceNumber: UInt16) {
            self.ssrc = ssrc
            index = PacketIndex(first: sequenceNumber)
        }

        func wasSeen(_ packet: UInt64) -> Bool {
            guard packet <= index.highest else { return false }
            return packet + GCMOpener.window <= index.highest
                || seen[Int(packet % GCMOpener.window / 64)] & (1 << (packet % 64)) != 0
        }

        mutating func markSeen(_ packet: UInt64) {
            if packet > index.highest {
                // What the window has moved over belongs to numbers that are still to come.
                let first = max(index.highest + 1, packet >= GCMOpener.window ? packet - GCMOpener.window + 1 : 0)
                for passed in first..<packet {
                    seen[Int(passed % GCMOpener.window / 64)] &= ~(1 << (passed % 64))
                }
                index.advance(to: packet)
            }
            seen[Int(packet % GCMOpener.window / 64)] |= 1 << (packet % 64)
        }
    }

    /// Retransmissions come up to a second late, 2000 packets of a fast source.
    fileprivate static let window: UInt64 = 2048

    private let cipher: GCMCipher
    private var sources: [Source] = []

    /// Fails when OpenSSL does.
    init?(keyAndSalt: [UInt8]) {
        guard let cipher = GCMCipher(.open, keyAndSalt: keyAndSalt) else { return nil }
        self.cipher = cipher
    }

    /// Decrypts the packet in place and returns its length without the tag. Nothing is remembered of a packet that is
    /// refused.
    mutating func open(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int {
        let length = packet.count - GCMCipher.tagLength
        guard length >= 12, packet[0] >> 6 == 2, let header = GCMCipher.headerLength(of: packet.span),
            header <= length
        else { throw .unauthentic }
        let (ssrc, sequenceNumber) = RTPFields.read(packet.span)
        let known = sources.firstIndex { $0.ssrc == ssrc }
        let index: UInt64
        if let known {
            guard let estimate = sources[known].index.estimate(sequenceNumber),
                !sources[known].wasSeen(estimate)
            else { throw .replayed }
            index = estimate
        } else {
            index = UInt64(sequenceNumber)
        }
        guard cipher.open(&packet, header: header, rollovers: UInt32(truncatingIfNeeded: index >> 16)) else {
            throw .unauthentic
        }
        if let known {
            sources[known].markSeen(index)
        } else {
            var source = Source(ssrc: ssrc, first: sequenceNumber)
            source.markSeen(index)
            sources.append(source)
        }
        return length
    }
}
