import Wire

/// A point of wall-clock time as RTCP sender reports carry it: seconds since 1900 in 32.32 fixed point,
/// modulo 2^32 seconds (RFC 3550 section 4).
package struct NTPTime: Hashable, Sendable {
    /// Seconds since 1900 in the upper, the fraction in the lower 32 bits.
    package var rawValue: UInt64

    /// RFC 868: seconds between 1900-01-01 and 1970-01-01.
    private static let secondsFrom1900To1970: Int64 = 2_208_988_800
    private static let nanosecondsPerSecond: Int64 = 1_000_000_000

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The time of a wall clock that counts nanoseconds since 1970-01-01 UTC.
    package init(nanosecondsSince1970 nanoseconds: Int64) {
        let sinceEpoch = Self.raw(nanoseconds)
        rawValue = sinceEpoch &+ UInt64(bitPattern: Self.secondsFrom1900To1970) << 32
    }

    /// The middle 32 bits: 16.16 seconds, what LSR and LRR carry (RFC 3550 section 6.4.1).
    package var middle32: UInt32 {
        UInt32(truncatingIfNeeded: rawValue >> 16)
    }

    package static func + (time: NTPTime, duration: Duration) -> NTPTime {
        NTPTime(rawValue: time.rawValue &+ raw(duration.nanoseconds))
    }

    /// The time from `earlier` to `later` along the shorter way around the 136-year era.
    package static func - (later: NTPTime, earlier: NTPTime) -> Duration {
        let difference = Int64(bitPattern: later.rawValue &- earlier.rawValue)
        let fraction = (difference & 0xFFFF_FFFF) * nanosecondsPerSecond
        return .seconds(difference >> 32) + .nanoseconds((fraction + 1 << 31) >> 32)
    }

    /// `duration` in the 16.16 seconds of DLSR and DLRR; below zero is 0, above 18 hours the maximum.
    package static func short(_ duration: Duration) -> UInt32 {
        let nanoseconds = max(0, duration.nanoseconds)
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: nanosecondsPerSecond)
        guard seconds < 65536 else { return .max }
        return UInt32(truncatingIfNeeded: seconds << 16 | (rest << 16) / nanosecondsPerSecond)
    }

    /// The duration of 16.16 seconds as in DLSR and DLRR.
    package static func duration(short: UInt32) -> Duration {
        .nanoseconds((Int64(short) * nanosecondsPerSecond) >> 16)
    }

    /// The round trip at the moment `now`, when a report about our time `lastReference` arrives that was held
    /// back for `delay` (both 16.16 seconds; RFC 3550 section 6.4.1, RFC 3611 section 4.5).
    ///
    /// - Returns: `nil` while the other side has seen no reference (0). Not below zero: clocks drift.
    package static func roundTrip(now: NTPTime, lastReference: UInt32, delay: UInt32) -> Duration? {
        guard lastReference != 0 else { return nil }
        let difference = Int32(bitPattern: now.middle32 &- lastReference &- delay)
        return duration(short: UInt32(max(0, difference)))
    }

    /// Nanoseconds as 32.32 seconds.
    private static func raw(_ nanoseconds: Int64) -> UInt64 {
        var (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: nanosecondsPerSecond)
        if rest < 0 {
            seconds -= 1
            rest += nanosecondsPerSecond
        }
        return UInt64(bitPattern: seconds) << 32 &+ UInt64(rest << 32 / nanosecondsPerSecond)
    }
}
