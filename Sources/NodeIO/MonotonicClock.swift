import Glibc
package import Wire

/// The machine's monotonic clock: the only place where the time is read.
package enum MonotonicClock {
    package static func now() -> Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The CPU time that the calling thread has taken.
    package static func threadTime() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// How long ago something happened by the real-time clock; zero for 0, and for the future.
    static func age(ofRealTime nanoseconds: Int64) -> Duration {
        guard nanoseconds > 0 else { return .zero }
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return .nanoseconds(
            max(0, Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) - nanoseconds))
    }
}
