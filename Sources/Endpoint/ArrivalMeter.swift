import Wire

/// How much of a stream arrives: bits per second over the last second.
struct ArrivalMeter: Sendable {
    private static let bucketCount = 8
    private static let bucketNanoseconds: Int64 = 125_000_000

    private var bytes = InlineArray<8, Int>(repeating: 0)
    /// The number of the newest bucket since the clock's zero.
    private var newest: Int64 = 0

    /// Counts a packet.
    mutating func add(_ count: Int, at now: Instant) {
        let bucket = now.nanoseconds / Self.bucketNanoseconds
        if bucket > newest {
            for old in 0..<min(Int64(Self.bucketCount), bucket - newest) {
                bytes[Self.place(bucket - old)] = 0
            }
            newest = bucket
        }
        bytes[Self.place(bucket)] &+= count
    }

    /// What has come in the second before `now`, of which the last eighth may be half full.
    func bitsPerSecond(at now: Instant) -> Int {
        let bucket = now.nanoseconds / Self.bucketNanoseconds
        var sum = 0
        for old in 0..<Int64(Self.bucketCount) where bucket - old <= newest {
            sum += bytes[Self.place(bucket - old)]
        }
        return sum * 8
    }

    private static func place(_ bucket: Int64) -> Int { Int(bucket & Int64(bucketCount - 1)) }
}
