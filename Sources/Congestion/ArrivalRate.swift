/// Bits per second over a short and a long window, in buckets of 25 ms. Times are microseconds on any clock,
/// the receiver's for what it acknowledges, and may come slightly out of order.
struct ArrivalRate: Sendable {
    /// In microseconds.
    static let bucket: Int64 = 25_000
    private static let count = 32
    /// Half a second; frames and audio even out.
    static let longWindow: Int64 = 500_000
    /// A queue that builds up is drained at the link's rate: this is long enough to see that rate.
    static let shortWindow: Int64 = 250_000

    private var buckets = InlineArray<32, Int32>(repeating: 0)
    private var head: Int64 = 0
    private var first: Int64?
    private var last: Int64 = 0

    init() {}

    mutating func add(bytes: Int, at time: Int64) {
        let number = time / Self.bucket
        guard let first else {
            self.first = time
            last = time
            head = number
            // What the first packet took to arrive is unknown: its bytes would count for no time.
            return
        }
        if number > head {
            let steps = min(number &- head, Int64(Self.count))
            for step in 0..<steps { buckets[Self.slot(number &- step)] = 0 }
            head = number
        }
        guard head &- number < Int64(Self.count), time >= first else { return }
        buckets[Self.slot(number)] &+= Int32(truncatingIfNeeded: bytes)
        last = max(last, time)
    }

    /// Over `window` microseconds before the last packet; `nil` until there is half of it.
    func bitsPerSecond(over window: Int64) -> Double? {
        guard let first, last - first >= window / 2 else { return nil }
        let whole = min(window, last - first) / Self.bucket
        var bytes: Int64 = 0
        for step in 0...whole { bytes += Int64(buckets[Self.slot(head &- step)]) }
        let time = min(whole * Self.bucket + (last - head * Self.bucket), last - first)
        return Double(bytes * 8) * 1e6 / Double(max(time, Self.bucket))
    }

    /// The long window as it is at `time`: falls to 0 when nothing comes any more.
    func bitsPerSecond(at time: Int64) -> Double {
        guard first != nil else { return 0 }
        let number = time / Self.bucket
        var bytes: Int64 = 0
        let whole = Self.longWindow / Self.bucket
        for step in 0...whole {
            let wanted = number &- step
            if wanted <= head, head &- wanted < Int64(Self.count) {
                bytes += Int64(buckets[Self.slot(wanted)])
            }
        }
        return Double(bytes * 8) * 1e6 / Double(Self.longWindow + time - number * Self.bucket)
    }

    private static func slot(_ number: Int64) -> Int {
        Int(truncatingIfNeeded: number) & (count - 1)
    }
}
