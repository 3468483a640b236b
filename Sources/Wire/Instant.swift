/// A point in time that somebody above handed in: nanoseconds since an arbitrary origin that all callers share.
///
/// No module below `NodeIO` reads a clock. The worker reads it once per batch and passes the value down; a
/// simulation passes its own.
package struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since the origin.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: instant.nanoseconds &+ duration.nanoseconds)
    }

    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: instant.nanoseconds &- duration.nanoseconds)
    }

    package static func - (later: Instant, earlier: Instant) -> Duration {
        .nanoseconds(later.nanoseconds &- earlier.nanoseconds)
    }
}

extension Duration {
    /// The whole nanoseconds of this duration; durations beyond 292 years saturate.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        if overflow || sumOverflow { return seconds < 0 ? .min : .max }
        return sum
    }

    /// This duration as seconds, for rates and for people.
    package var inSeconds: Double {
        Double(nanoseconds) / 1e9
    }
}
