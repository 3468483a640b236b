package import Wire

/// When the next packet may go out, so that a frame does not fill the network's queues all at once.
///
/// A token bucket kept as one time: the moment at which everything sent so far would have passed at the pacing rate.
/// Everything that is sent counts; only video, retransmissions and padding ask first.
///
/// The rate is 2.5 times the estimate, and 20 ms of it pass at once: an ordinary frame is never held, a key frame is
/// spread over some tens of milliseconds. On a link known to be fast nothing is held at all. While the network's
/// queue is full the rate is less than the estimate: what waits here can still be overtaken by audio, what waits there
/// cannot. For a while after that it is little more, so that what has gathered here does not fill the queue again.
package struct Pacer: Sendable {
    /// How the link is, as far as pacing goes.
    package enum Strain: Sendable {
        case none, recovering, congested
    }

    static let factor = 2.5
    static let recoveringFactor = 1.15
    static let congestedFactor = 0.85
    /// In nanoseconds.
    static let burst: Int64 = 20_000_000
    static let congestedBurst: Int64 = 5_000_000
    /// What was sent without asking is not held against what comes later for longer than that: some are paced only from the
    /// moment on at which their link is found to be weak. In nanoseconds.
    static let longestDebt: Int64 = 500_000_000
    /// An estimate from which nothing is held: a megabyte of key frame passes in a second.
    static let fast = 8_000_000

    private var nanosecondsPerByte = 0.0
    private var allowed = Pacer.burst
    /// Everything has passed by then, in nanoseconds.
    private var passed = Int64.min
    /// What may be queued before video is given up: see `PacingQueue.slotToDrop`.
    package private(set) var bitsPerSecond = 0

    package init(estimate: Int) {
        update(estimate: estimate, strain: .none)
    }

    /// Follows the estimate; what was sent before stays counted as it was.
    package mutating func update(estimate: Int, strain: Strain) {
        let factor =
            switch strain {
            case .none: Self.factor
            case .recovering: Self.recoveringFactor
            case .congested: Self.congestedFactor
            }
        let rate = Double(max(estimate, 1)) * factor
        bitsPerSecond = Int(rate)
        nanosecondsPerByte = strain == .none && estimate >= Self.fast ? 0 : 8e9 / rate
        allowed = strain == .none ? Self.burst : Self.congestedBurst
    }

    /// Whether a packet may go out now.
    package func canSend(at now: Instant) -> Bool {
        passed <= now.nanoseconds &+ allowed
    }

    /// When `canSend` will be true if nothing else is sent.
    package var deadline: Instant {
        Instant(nanoseconds: max(passed, .min + allowed) - allowed)
    }

    /// Counts a packet, headers included.
    package mutating func sent(bytes: Int, at now: Instant) {
        let cost = Int64(Double(bytes) * nanosecondsPerByte)
        passed = min(max(passed, now.nanoseconds) &+ cost, now.nanoseconds &+ Self.longestDebt)
    }
}
