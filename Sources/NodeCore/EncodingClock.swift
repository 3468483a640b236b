package import Wire

/// One RTP clock for a source whose encodings are decoded one after the other: the timestamps of each begin at a number of their
/// own (RFC 8853 section 5.5 leaves simulcast streams independent of each other), and a lane's viewers see one stream.
package struct EncodingClock: Sendable {
    /// What is added to the timestamps of the present encoding.
    package private(set) var offset: UInt32 = 0
    private var last: (timestamp: UInt32, at: Instant)?

    package init() {}

    /// Goes on with another encoding, whose first picture has this timestamp: as much later as time has passed.
    package mutating func change(to timestamp: UInt32, at now: Instant) {
        guard let last else { return }
        // At least one tick for a millisecond, so that pictures stay apart.
        let elapsed = max((now - last.at).nanoseconds, 1_000_000)
        offset = last.timestamp &+ UInt32(truncatingIfNeeded: elapsed * 9 / 100_000) &- timestamp
    }

    /// The time of a picture of the present encoding, in ticks of 90 kHz.
    package mutating func place(_ timestamp: UInt32, at now: Instant) -> UInt32 {
        let placed = timestamp &+ offset
        last = (placed, now)
        return placed
    }
}
