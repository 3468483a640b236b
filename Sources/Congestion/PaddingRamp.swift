import Wire

/// Padding for remotes that tell an estimate of their own and nothing else (REMB): it grows no further than half above
/// what arrives, so that the step to a layer three times as large would never be advised.
///
///     resting --more is wanted, time has come--> filling --advised, or no growth, or overfull--> resting
///
/// While it fills, padding makes up for the difference between the estimate and what is sent, and the estimate climbs with
/// what arrives. It ends as soon as the next layer fits, or when the receiver advises no more than before; then it is
/// tried again after ten seconds, later after up to a minute, since everything that is padded is taken from the link.
struct PaddingRamp: Sendable {
    private enum State: Sendable {
        case resting(until: Int64)
        /// The best estimate so far, and when it was last a tenth above the one before.
        case filling(best: Int, grownAt: Int64)
    }

    static let shortestPause: Int64 = 10_000_000
    static let longestPause: Int64 = 60_000_000
    /// An estimate that does not grow for so long is all that there is.
    static let stall: Int64 = 4_000_000
    /// So much more than the next layer needs is shown, as what it needs is measured, too.
    static let margin = 1.1
    /// Of the UDP payload: what padding's length field allows, with headers.
    static let packetBytes = 300

    private var state = State.resting(until: .min)
    private var pause = shortestPause
    private var nanosecondsPerByte = 0.0
    /// Everything that was sent has passed by then at the rate that is to be shown, in nanoseconds.
    private var passed = Int64.min

    var isFilling: Bool {
        switch state {
        case .resting: false
        case .filling: true
        }
    }

    /// When padding is due; `nil` while none is wanted.
    var deadline: Instant? {
        switch state {
        case .resting: nil
        case .filling: Instant(nanoseconds: passed)
        }
    }

    /// Learns the present estimate and what more would be good for; `nil`: nothing, or nothing that padding would show.
    mutating func update(estimate: Int, wish: ProbeController.Wish?, isOverfull: Bool, at now: Instant) {
        let time = now.microseconds
        switch state {
        case .resting(let until):
            guard let wish, estimate < wish.next, time >= until, !isOverfull else { return }
            state = .filling(best: estimate, grownAt: time)
            passed = now.nanoseconds
        case .filling(let best, let grownAt):
            guard let wish, Double(estimate) < Self.margin * Double(wish.next) else {
                pause = Self.shortestPause
                state = .resting(until: time + Self.shortestPause)
                return
            }
            if isOverfull || time - grownAt > Self.stall {
                state = .resting(until: time + pause)
                pause = min(pause * 2, Self.longestPause)
                return
            }
            if estimate * 10 > best * 11 { state = .filling(best: estimate, grownAt: time) }
        }
        nanosecondsPerByte = 8e9 / Double(max(estimate, 1))
    }

    /// The size of the padding packet to send now, if one is due: UDP payload.
    func padding(at now: Instant) -> Int? { isFilling && passed <= now.nanoseconds ? Self.packetBytes : nil }

    /// Counts a packet of any kind, headers included.
    mutating func sent(bytes: Int, at now: Instant) {
        guard isFilling else { return }
        passed = max(passed, now.nanoseconds - 20_000_000) &+ Int64(Double(bytes) * nanosecondsPerByte)
    }
}
