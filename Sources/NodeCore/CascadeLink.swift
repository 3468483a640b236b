import Forwarding
import Peering
import Wire

/// One node's end of a link: a peer whose remote is another node. It carries the mirrored rooms of both directions.
struct CascadeLink: ~Copyable {
    /// A stream that arrives.
    struct IncomingSource {
        let ssrc: UInt32
        /// The slot numbers of the publisher's session here and of the track.
        let session: Int
        let track: Int
        let label: String
        /// The number of the encoding; nil before the first packet.
        var encoding: Int?
        /// All packets, modulo 2^32, to be compared with what the other end has sent.
        var received: UInt32 = 0
        /// Sent minus received at the first sender report, and losses counted since.
        var baseline: UInt32?
        var lost: UInt32 = 0
    }

    /// The SSRC under which RTCP goes, both ways: no stream has it.
    static let reportSSRC: UInt32 = 0

    let remote: NodeID
    let address: SocketAddress
    var peer: Peer
    var nextReport: Instant
    /// The slot numbers of the sessions here that stand for publishers there.
    var publishers: [UInt64: Int] = [:]
    /// What our streams on the link are, for the other end's feedback.
    var outgoing: [UInt32: SourceReference] = [:]
    private var lastSSRC = reportSSRC
    private(set) var sources: [IncomingSource?] = []
    private var places: [UInt32: Int] = [:]

    init(remote: NodeID, address: SocketAddress, peer: consuming Peer, at now: Instant) {
        self.remote = remote
        self.address = address
        self.peer = peer
        nextReport = now
    }

    // MARK: - Sending

    /// Names a new stream of ours. No SSRC comes twice: under AES-GCM two streams must never share one (RFC 7714
    /// section 8.4), and what is known of a former one can be forgotten.
    mutating func openStream(_ source: SourceReference) -> UInt32 {
        lastSSRC &+= 1
        outgoing[lastSSRC] = source
        return lastSSRC
    }

    /// Gives up a stream of ours.
    mutating func closeStream(_ ssrc: UInt32) {
        guard outgoing.removeValue(forKey: ssrc) != nil else { return }
        peer.forget(ssrc, sentHere: true)
    }

    // MARK: - Receiving

    /// The place of an announced stream.
    func place(of ssrc: UInt32) -> Int? { places[ssrc] }

    mutating func announce(_ source: IncomingSource) {
        guard places[source.ssrc] == nil else { return }
        if let free = sources.firstIndex(where: { $0 == nil }) {
            sources[free] = source
            places[source.ssrc] = free
        } else {
            places[source.ssrc] = sources.count
            sources.append(source)
        }
    }

    /// Forgets those streams of a session that are not among `kept`.
    mutating func withdrawSources(of session: Int, keeping kept: Set<UInt32> = []) {
        for place in sources.indices {
            guard let source = sources[place], source.session == session, !kept.contains(source.ssrc) else {
                continue
            }
            sources[place] = nil
            places[source.ssrc] = nil
            peer.forget(source.ssrc, sentHere: false)
        }
    }

    mutating func begin(_ place: Int, as encoding: Int) {
        sources[place]?.encoding = encoding
    }

    mutating func countArrival(_ place: Int) {
        sources[place]?.received &+= 1
    }

    /// Compares what arrived of a stream with what the other end has sent. Returns how many losses are new.
    mutating func countLosses(_ place: Int, sent: UInt32) -> UInt32 {
        guard let source = sources[place] else { return 0 }
        let missing = sent &- source.received
        guard let baseline = source.baseline else {
            sources[place]?.baseline = missing
            return 0
        }
        let lost = missing &- baseline
        // A report may overtake packets that come after all.
        guard Int32(bitPattern: lost &- source.lost) > 0 else { return 0 }
        sources[place]?.lost = lost
        return lost &- source.lost
    }
}
