import Wire

/// How long packets were on the way: counts in buckets of which eight double the time, from 16 microseconds on.
package struct LatencyHistogram: Sendable {
    private static let first = 16_000.0
    private static let perDoubling = 8
    private var counts = [UInt32](repeating: 0, count: 20 * perDoubling)
    package private(set) var count = 0
    package private(set) var maximum = Duration.zero

    package init() {}

    package mutating func add(_ latency: Duration) {
        let nanoseconds = Double(max(latency.nanoseconds, 1))
        var bucket = 0
        var bound = Self.first
        while bound * 2 <= nanoseconds, bucket + Self.perDoubling < counts.count {
            bound *= 2
            bucket += Self.perDoubling
        }
        if nanoseconds > bound {
            let step = Int((nanoseconds / bound - 1) * Double(Self.perDoubling))
            bucket += min(max(step, 0), Self.perDoubling - 1)
        }
        counts[bucket] += 1
        count += 1
        maximum = max(maximum, latency)
    }

    package mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The latency that `share` (0...1) of the packets do not exceed, by the upper bound of its bucket.
    package func percentile(_ share: Double) -> Duration {
        let wanted = Int((Double(count) * share).rounded(.up))
        var seen = 0
        for (index, value) in counts.enumerated() {
            seen += Int(value)
            guard seen >= wanted, seen > 0 else { continue }
            let (doublings, step) = index.quotientAndRemainder(dividingBy: Self.perDoubling)
            let bound =
                Self.first * Double(1 << doublings) * (1 + Double(step + 1) / Double(Self.perDoubling))
            return min(.nanoseconds(Int64(bound)), maximum)
        }
        return maximum
    }
}
