/// The delay that does not go away between packets: the least one-way delay of the last tenth of a second above
/// the least of the last half minute. Jitter and a frame's own burst are not in it, a standing queue is.
///
/// The clocks of sender and receiver need not agree, only go equally fast: 100 parts per million are 3 ms.
struct QueueingDelay: Sendable {
    private static let recentWindow: Int64 = 60_000
    private static let baseWindow: Int64 = 15_000_000
    private static let clockJump: Int64 = 10_000_000

    private var recent = MinimumWindow()
    private var base = MinimumWindow()

    init() {}

    /// In microseconds. 0 before the first packet.
    var standing: Int64 {
        guard let recent = recent.minimum, let base = base.minimum else { return 0 }
        return max(0, recent &- base)
    }

    mutating func add(send: Int64, arrival: Int64) {
        let delay = arrival &- send
        if let base = base.minimum, abs(delay &- base) > Self.clockJump { self = QueueingDelay() }
        recent.add(delay, at: send, window: Self.recentWindow)
        base.add(delay, at: send, window: Self.baseWindow)
    }
}

/// The least value of the last one to two windows.
private struct MinimumWindow: Sendable {
    private var begun: Int64 = 0
    private var current: Int64?
    private var previous: Int64?

    var minimum: Int64? {
        guard let current else { return nil }
        return min(current, previous ?? current)
    }

    mutating func add(_ value: Int64, at time: Int64, window: Int64) {
        guard let current else {
            current = value
            begun = time
            return
        }
        if time &- begun < window {
            self.current = min(current, value)
        } else {
            previous = time &- begun < 2 * window ? current : nil
            self.current = value
            begun = time
        }
    }
}
