/// The arriving packets of one peer under AES-GCM, each let through once.
struct GCMOpener: ~Copyable {
    private struct Source {
        let ssrc: UInt32
        var index: PacketIndex
        var window: ReplayWindow
    }

    private struct ControlSource {
        let ssrc: UInt32
        var window: ReplayWindow
    }

    /// Retransmissions come up to a second late, 2000 packets of a fast source.
    private static let window = 2048
    private static let controlWindow = 128
    /// Whose first packets were lost just before a rollover of the sequence numbers is first heard after it, with a
    /// rollover counter of 1 (RFC 3711 section 3.3.1 leaves it to others to tell). So many packets may be lost.
    private static let missedBeforeRollover: UInt16 = 4096

    private let keyAndSalt: [UInt8]
    /// Made for the first packet: a watcher never sends one.
    private var cipher: GCMCipher?
    private let controlCipher: GCMCipher
    private var sources: [Source] = []
    private var controlSources: [ControlSource] = []

    /// Fails when OpenSSL does.
    init?(keyAndSalt: [UInt8]) {
        guard let controlCipher = GCMCipher(.open, .rtcp, keyAndSalt: keyAndSalt) else { return nil }
        self.keyAndSalt = keyAndSalt
        self.controlCipher = controlCipher
    }

    /// Decrypts an RTP packet in place and returns its length without the tag. Nothing is remembered of a packet that
    /// is refused.
    mutating func open(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int {
        let end = packet.count - GCMCipher.tagLength
        guard end >= 12, packet[0] >> 6 == 2, let header = RTPFields.headerLength(of: packet.span),
            header <= end
        else { throw .unauthentic }
        let (ssrc, sequenceNumber) = RTPFields.source(of: packet.span)
        let known = sources.firstIndex { $0.ssrc == ssrc }
        var index = UInt64(sequenceNumber)
        if let known {
            guard let estimate = sources[known].index.estimate(sequenceNumber),
                !sources[known].window.contains(estimate)
            else { throw .replayed }
            index = estimate
        }
        if cipher == nil { cipher = GCMCipher(.open, .rtp, keyAndSalt: keyAndSalt) }
        if !open(&packet, header: header, end: end, ssrc: ssrc, index: index) {
            guard known == nil, sequenceNumber < Self.missedBeforeRollover else { throw .unauthentic }
            // Once more with the same key stream gives the sealed bytes back.
            _ = open(&packet, header: header, end: end, ssrc: ssrc, index: index)
            index += 1 << 16
            guard open(&packet, header: header, end: end, ssrc: ssrc, index: index) else {
                throw .unauthentic
            }
        }
        if let known {
            sources[known].index.advance(to: index)
            sources[known].window.insert(index)
        } else {
            sources.append(
                Source(
                    ssrc: ssrc, index: PacketIndex(first: index),
                    window: ReplayWindow(first: index, size: Self.window)))
        }
        return end
    }

    private func open(
        _ packet: inout MutableSpan<UInt8>, header: Int, end: Int, ssrc: UInt32, index: UInt64
    ) -> Bool {
        guard let vector = cipher?.vector(ssrc: ssrc, index: index) else { return false }
        return cipher?.open(&packet, header: header, end: end, vector: vector) == true
    }

    /// Forgets a source of which nothing will come again; the caller keeps away what claims to be of it.
    mutating func forget(_ ssrc: UInt32) {
        sources.removeAll { $0.ssrc == ssrc }
    }

    /// Decrypts an RTCP packet in place and returns its length without tag and index (RFC 7714 section 9).
    mutating func openControl(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int {
        let end = packet.count - 4 - GCMCipher.tagLength
        guard end >= GCMSealer.controlHeader, packet[0] >> 6 == 2 else { throw .unauthentic }
        let trailer = RTPFields.word(packet.span, at: packet.count - 4)
        // A packet that is authenticated only does not come from a peer that agreed to AES-GCM.
        guard trailer & GCMSealer.encryptedFlag != 0 else { throw .unauthentic }
        let ssrc = RTPFields.word(packet.span, at: 4)
        let index = UInt64(trailer & ~GCMSealer.encryptedFlag)
        let known = controlSources.firstIndex { $0.ssrc == ssrc }
        if let known, controlSources[known].window.contains(index) { throw .replayed }
        let vector = controlCipher.vector(ssrc: ssrc, index: index)
        guard
            controlCipher.open(
                &packet, header: GCMSealer.controlHeader, end: end, vector: vector, trailer: trailer)
        else { throw .unauthentic }
        if let known {
            controlSources[known].window.insert(index)
        } else if controlSources.count < Self.controlSourceLimit {
            controlSources.append(
                ControlSource(ssrc: ssrc, window: ReplayWindow(first: index, size: Self.controlWindow)))
        } else {
            throw .unauthentic
        }
        return end
    }

    /// A peer reports under a few SSRCs; one that changes it with every packet must not make memory grow.
    private static let controlSourceLimit = 256
}
