/// The delay that does not go away between packets: the least one-way delay of the last tenth of a second above
/// the least of the last half minute. Jitter and a frame's own burst are not in it, a standing queue is.
///
/// The clocks of sender and receiver need not agree, only go equally fast: 100 parts per million are 3 ms.
struct QueueingDelay: Sendable {
    private static let recentWindow: Int64 = 60_000
    private static let longWindow: Int64 = 250_000
    /// A packet that waited less found the link idle.
    private static let idle: Int64 = 8_000
    /// How long the link must have been busy before its rate is told, and from when on it may have changed meanwhile.
    private static let busyRange: ClosedRange<Int64> = 60_000...1_500_000
    private static let baseWindow: Int64 = 15_000_000
    private static let clockJump: Int64 = 10_000_000

    private var recent = MinimumWindow()
    private var long = MinimumWindow()
    private var base = MinimumWindow()

    private var busySince: Int64 = 0
    private var busySentSince: Int64 = 0
    private var busyBytes = 0
    private var lastSend: Int64 = 0
    private var lastArrival: Int64 = 0

    init() {}

    /// In microseconds. 0 before the first packet.
    var standing: Int64 {
        guard let recent = recent.minimum, let base = base.minimum else { return 0 }
        return max(0, recent &- base)
    }

    /// The same for a quarter to half of a second: what a single large frame leaves behind has gone by then.
    var lasting: Int64 {
        guard let long = long.minimum, let base = base.minimum else { return 0 }
        return max(0, long &- base)
    }

    /// The bits per second at which the queue that stands now is drained; `nil` if it is too young or too old to
    /// tell.
    ///
    /// While packets wait the link is never idle: what arrives is all that it carries for us.
    var drainRate: Double? {
        let time = busyTime
        guard Self.busyRange.contains(time) else { return nil }
        return Double(busyBytes * 8) * 1e6 / Double(time)
    }

    /// How long the link has been busy, in microseconds.
    var busyTime: Int64 { lastArrival &- busySince }

    /// How many times faster packets were sent than they arrived since the link became busy.
    var overload: Double {
        Double(busyTime) / Double(max(lastSend &- busySentSince, 10_000))
    }

    mutating func add(send: Int64, arrival: Int64, bytes: Int) {
        let delay = arrival &- send
        if let base = base.minimum, abs(delay &- base) > Self.clockJump { self = QueueingDelay() }
        recent.add(delay, at: send, window: Self.recentWindow)
        long.add(delay, at: send, window: Self.longWindow)
        base.add(delay, at: send, window: Self.baseWindow)
        lastArrival = arrival
        lastSend = send
        if delay &- (base.minimum ?? delay) < Self.idle {
            busySince = arrival
            busySentSince = send
            busyBytes = 0
        } else {
            busyBytes += bytes
        }
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
