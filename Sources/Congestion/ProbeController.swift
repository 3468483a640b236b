package import Wire

/// When to probe and how hard: bursts of padding that show what the link carries while nothing larger is sent.
///
///     resting --more is wanted, time has come--> sending --all bytes out--> awaiting --result--> resting
///        ^                                          |  0.5 s                    | 1.5 s, nothing told  |
///        '------------------------------------------+---------------------------'<--twice the rate-----'
///
/// The first burst goes out at once, at three times the estimate; a burst that the link carried is followed by one of
/// twice the rate, as long as more is wanted. Nothing is probed that nobody wants. A burst that met the link's limit
/// is repeated after three seconds, later after eight: a link that has become faster is noticed in time, and the
/// cost stays below a hundredth of the link.
package struct ProbeController: Sendable {
    private enum State: Sendable {
        case resting(until: Int64)
        case sending(ProbeCluster, began: Int64, bytes: Int, packets: Int)
        case awaiting(ProbeCluster, until: Int64)
    }

    /// What estimates the allocator would make use of, all kinds of packets together.
    package struct Wish: Equatable, Sendable {
        /// The estimate at which the next slot is raised to a better layer.
        package var next: Int
        /// The estimate at which all slots have what they want.
        package var all: Int

        package init(next: Int, all: Int) {
            self.next = next
            self.all = all
        }
    }

    static let firstFactor = 3.0
    static let nextFactor = 2.0
    /// A burst is this much faster than what it is to show, since measuring costs something.
    static let margin = 1.15
    /// In microseconds.
    static let shortestPause: Int64 = 3_000_000
    static let longestPause: Int64 = 8_000_000
    static let sendingTimeout: Int64 = 500_000
    static let resultTimeout: Int64 = 1_500_000
    /// After the link was found full it is left alone for so long.
    static let rest: Int64 = 3_000_000

    private var state = State.resting(until: .min)
    private var pause = shortestPause
    private var lastID: UInt8 = 0
    private var estimate: Int
    private var wish: Wish?

    package init(estimate: Int) {
        self.estimate = estimate
    }

    /// The cluster that a packet sent now belongs to, or 0.
    package var cluster: UInt8 {
        if case .sending(let cluster, _, _, _) = state { return cluster.id }
        return 0
    }

    /// How many clusters were begun, modulo 31.
    var begun: Int { Int(lastID) }

    /// When padding is due or something is to be decided; `nil` when nothing is wanted.
    package func deadline(isQueueEmpty: Bool) -> Instant? {
        switch state {
        case .resting(let until):
            isQueueEmpty || lastID == 0 ? wish.map { _ in Instant(nanoseconds: max(until, 0) * 1000) } : nil
        case .sending(let cluster, let began, let bytes, _):
            Instant(nanoseconds: Self.due(cluster, began: began, bytes: bytes) * 1000)
        case .awaiting(_, let until): Instant(nanoseconds: until * 1000)
        }
    }

    /// Learns the present estimate and what more would be good for; `nil`: nothing.
    package mutating func update(estimate: Int, wish: Wish?, isCongested: Bool, at now: Instant) {
        let time = now.microseconds
        self.estimate = estimate
        self.wish = wish
        if isCongested, case .resting(let until) = state {
            state = .resting(until: max(until, time + Self.rest))
            pause = Self.shortestPause
        }
    }

    /// Starts and ends bursts as time goes by.
    ///
    /// - Parameter isQueueEmpty: whether nothing waits that padding would hold up. Else no burst begins, but for the first, as
    ///   nothing is known of the link yet.
    package mutating func advance(to now: Instant, isQueueEmpty: Bool = true) {
        let time = now.microseconds
        switch state {
        case .resting(let until):
            guard isQueueEmpty || lastID == 0, time >= until, let rate = firstRate else { return }
            begin(bitsPerSecond: rate, at: time)
        case .sending(let cluster, let began, _, let packets):
            guard time >= began + Self.sendingTimeout else { return }
            state = packets > 0 ? .awaiting(cluster, until: time + Self.resultTimeout) : .resting(until: time)
            if packets == 0 { restAfterFailure(at: time) }
        case .awaiting(_, let until):
            if time >= until { restAfterFailure(at: time) }
        }
    }

    /// The padding to send now, if some is due: UDP payload bytes. To be counted with `sent`, as is everything else
    /// that goes out meanwhile. A caller that has nothing to pad with sends nothing.
    package func padding(at now: Instant) -> Int? {
        guard case .sending(let cluster, let began, let bytes, _) = state,
            now.microseconds >= Self.due(cluster, began: began, bytes: bytes)
        else { return nil }
        return cluster.packetBytes - BandwidthEstimator.headerBytes
    }

    /// Counts a packet of any kind, headers included.
    package mutating func sent(bytes count: Int, at now: Instant) {
        guard case .sending(let cluster, var began, var bytes, var packets) = state else { return }
        if packets == 0 { began = now.microseconds }
        bytes += count
        packets += 1
        state =
            bytes >= cluster.bytes && packets >= cluster.minimumPackets
            ? .awaiting(cluster, until: now.microseconds + Self.resultTimeout)
            : .sending(cluster, began: began, bytes: bytes, packets: packets)
    }

    /// Learns what a burst has shown. The estimate has been raised already.
    package mutating func finish(_ result: ProbeResult, estimate: Int, at now: Instant) {
        guard case .awaiting(let cluster, _) = state, cluster.id == result.cluster else { return }
        let time = now.microseconds
        self.estimate = estimate
        if result.isLimit {
            restAfterFailure(at: time)
        } else if let wish, estimate < wish.all {
            let rate = min(
                Self.nextFactor * Double(cluster.bitsPerSecond), Double(wish.all) * Self.margin)
            if rate > Double(cluster.bitsPerSecond) * 1.1 {
                begin(bitsPerSecond: Int(rate), at: time)
            } else {
                state = .resting(until: time + Self.shortestPause)
            }
        } else {
            pause = Self.shortestPause
            state = .resting(until: time + Self.shortestPause)
        }
    }

    // MARK: - Private

    /// The rate to begin with, if the estimate is in the way of something.
    private var firstRate: Int? {
        guard let wish, estimate < wish.next else { return nil }
        let useful = Double(wish.all) * Self.margin
        let ambition =
            lastID == 0
            ? Self.firstFactor * Double(estimate)
            : min(max(Double(wish.next) * Self.margin, 1.5 * Double(estimate)), 3 * Double(estimate))
        return Int(min(ambition, useful))
    }

    private mutating func begin(bitsPerSecond: Int, at time: Int64) {
        lastID = lastID % SentPacket.maximumCluster + 1
        state = .sending(
            ProbeCluster(id: lastID, bitsPerSecond: bitsPerSecond), began: time, bytes: 0, packets: 0)
    }

    private mutating func restAfterFailure(at time: Int64) {
        state = .resting(until: time + pause)
        pause = min(pause * 3 / 2, Self.longestPause)
    }

    private static func due(_ cluster: ProbeCluster, began: Int64, bytes: Int) -> Int64 {
        began + Int64(Double(bytes * 8) * 1e6 / Double(max(cluster.bitsPerSecond, 1)))
    }
}
