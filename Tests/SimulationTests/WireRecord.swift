import Wire

/// One datagram on the wire between a client and the relay, before the link does anything to it.
struct WireRecord {
    let at: Instant
    let direction: Client.Direction
    /// IP and UDP headers included.
    let bytes: Int
}

extension [WireRecord] {
    /// The bytes of a direction from one moment to another.
    func bytes(_ direction: Client.Direction, from start: Instant, to end: Instant) -> Int {
        reduce(0) { sum, record in
            record.direction == direction && record.at >= start && record.at < end ? sum + record.bytes : sum
        }
    }

    /// Bits per second from one moment to another.
    func bitsPerSecond(_ direction: Client.Direction, from start: Instant, to end: Instant) -> Int {
        Int(Double(bytes(direction, from: start, to: end)) * 8 / (end - start).inSeconds)
    }

    /// The highest mean of five seconds, in steps of half a second.
    func peakBitsPerSecond(_ direction: Client.Direction, from start: Instant, to end: Instant) -> Int {
        var peak = 0
        var begin = start
        while begin + .seconds(5) <= end {
            peak = Swift.max(peak, bitsPerSecond(direction, from: begin, to: begin + .seconds(5)))
            begin = begin + .milliseconds(500)
        }
        return peak
    }
}
