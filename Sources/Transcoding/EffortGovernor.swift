package import Wire

/// How much CPU the lanes of one thread may take for a frame: all that nobody else needs, and less as lanes multiply or the
/// workers get busy.
///
/// It is decided by measured time: the share of a second that coding takes. Going up waits until the slower search would fit
/// well; going down comes as soon as the time gets short.
package struct EffortGovernor: Sendable {
    /// The share of the thread's time from which on the effort goes down, and from which on no more lanes are taken.
    private static let busy = 0.7
    package static let full = 0.85
    /// Below it the effort goes up, if the next step would stay below `busy`.
    private static let idle = 0.45
    /// What the next slower search costs, about.
    private static let stepCost = 2.2
    private static let window = Duration.seconds(1)
    private static let patience = 4

    package private(set) var effort: Effort
    /// The share of time that coding took in the last second.
    package private(set) var load = 0.0
    private let ceiling: Effort
    private var windowStart: Instant?
    private var spent = Duration.zero
    private var calmWindows = 0

    /// - Parameter ceiling: the most that is ever taken.
    package init(startingAt effort: Effort = .realtime, ceiling: Effort = .full) {
        self.effort = min(effort, ceiling)
        self.ceiling = ceiling
    }

    /// Whether there is time for another lane.
    package var hasRoom: Bool { load < Self.full || effort > .fast }

    /// Takes note of a frame.
    ///
    /// - Parameters:
    ///   - duration: what decoding, scaling and coding took.
    ///   - isBacklogged: whether more frames wait than there should be: the machine is busy with something else.
    package mutating func spent(_ duration: Duration, isBacklogged: Bool, at now: Instant) {
        spent += duration
        if isBacklogged, effort > .fast {
            step(to: Effort(rawValue: effort.rawValue - 1) ?? .fast, at: now)
            return
        }
        guard let start = windowStart else {
            windowStart = now
            return
        }
        let elapsed = now - start
        guard elapsed >= Self.window else { return }
        load = spent.inSeconds / elapsed.inSeconds
        windowStart = now
        spent = .zero
        if load > Self.busy, let lower = Effort(rawValue: effort.rawValue - 1) {
            step(to: lower, at: now)
        } else if load < Self.idle, load * Self.stepCost < Self.busy, effort < ceiling,
            let higher = Effort(rawValue: effort.rawValue + 1)
        {
            calmWindows += 1
            if calmWindows >= Self.patience { step(to: higher, at: now) }
        } else {
            calmWindows = 0
        }
    }

    private mutating func step(to new: Effort, at now: Instant) {
        effort = new
        calmWindows = 0
        windowStart = now
        spent = .zero
    }
}
