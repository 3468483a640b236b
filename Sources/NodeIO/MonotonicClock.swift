import Glibc
package import Wire

/// The machine's monotonic clock: the only place where the time is read.
package enum MonotonicClock {
    package static func now() -> Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
