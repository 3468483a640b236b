package import RTP
package import Wire

/// What a publisher's sender report says of its clocks: at this NTP time the media's clock showed this timestamp
/// (RFC 3550 section 6.4.1).
package struct SenderClock: Sendable {
    private let ntp: NTPTime
    private let timestamp: UInt32
    private let arrival: Instant

    package init(_ report: SenderReport, at now: Instant) {
        ntp = NTPTime(rawValue: report.ntpTimestamp)
        timestamp = report.rtpTimestamp
        arrival = now
    }

    /// What the NTP clock showed, or will show, when the media's clock shows a timestamp.
    package func time(of other: UInt32, clockRate: UInt32) -> NTPTime {
        let ticks = Int64(Int32(bitPattern: other &- timestamp))
        return ntp + .nanoseconds(ticks * 1_000_000_000 / Int64(clockRate))
    }

    /// Both clocks carried on to `now`.
    func reading(at now: Instant, clockRate: UInt32) -> (ntp: NTPTime, timestamp: UInt32) {
        let elapsed = now - arrival
        let ticks = elapsed.nanoseconds / 1000 * Int64(clockRate) / 1_000_000
        return (ntp + elapsed, timestamp &+ UInt32(truncatingIfNeeded: ticks))
    }
}
