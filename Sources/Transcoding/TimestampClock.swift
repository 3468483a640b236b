/// RTP timestamps of 32 bits as a time that rises and does not wrap, also when the source begins anew with others.
struct TimestampClock {
    /// Ticks of 90 kHz: a longer pause, or a step back, is another beginning.
    private static let longestStep: Int32 = 10 * 90_000
    /// What stands for the unknown time between two beginnings.
    private static let usualStep: Int64 = 3000

    private var last: (timestamp: UInt32, time: Int64)?

    /// The time of a picture.
    mutating func extend(_ timestamp: UInt32) -> Int64 {
        guard let last else {
            self.last = (timestamp, Int64(timestamp))
            return Int64(timestamp)
        }
        let step = Int32(bitPattern: timestamp &- last.timestamp)
        let time = last.time + ((1...Self.longestStep).contains(step) ? Int64(step) : Self.usualStep)
        self.last = (timestamp, time)
        return time
    }
}
