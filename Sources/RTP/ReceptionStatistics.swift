package import Wire

/// What a receiver report says of one source: losses (RFC 3550 appendix A.3) and jitter (appendix A.8).
package struct ReceptionStatistics: Sendable {
    /// Appendix A.1: a larger step forward or back is either a single stray packet or a source that began
    /// anew.
    private static let maximumDropout: Int64 = 3000
    private static let maximumMisorder: Int64 = 100

    private var unwrapper = SequenceUnwrapper()
    private var first: Int64 = 0
    private var received: Int64 = 0
    private var expectedBefore: Int64 = 0
    private var receivedBefore: Int64 = 0
    /// What follows the last stray packet: two in a row begin anew.
    private var restart: UInt16?
    /// Arrival minus timestamp of the previous packet, in units of the timestamp.
    private var transit: UInt32?
    /// Sixteen times the jitter.
    private var scaledJitter: Int64 = 0
    private var lastSenderReport: (middle: UInt32, at: Instant)?

    package init() {}

    /// Notes a packet. `clockRate` is that of `timestamp`, in Hz.
    package mutating func receive(
        sequenceNumber: UInt16, timestamp: UInt32, clockRate: UInt32, at now: Instant
    ) {
        if let highest = unwrapper.highest {
            let distance = SequenceUnwrapper.distance(
                from: UInt16(truncatingIfNeeded: highest), to: sequenceNumber)
            if distance > Self.maximumDropout || distance < -Self.maximumMisorder {
                guard restart == sequenceNumber else {
                    restart = sequenceNumber &+ 1
                    return
                }
                begin(at: sequenceNumber)
            } else {
                if distance > 0 { restart = nil }
                _ = unwrapper.unwrap(sequenceNumber)
            }
        } else {
            begin(at: sequenceNumber)
        }
        received += 1
        updateJitter(timestamp: timestamp, clockRate: clockRate, at: now)
    }

    /// Notes that a sender report of this source came, with its NTP timestamp.
    package mutating func senderReport(ntp: UInt64, at now: Instant) {
        lastSenderReport = (NTPTime(rawValue: ntp).middle32, now)
    }

    /// The report about `ssrc`. The fraction lost counts from the previous call.
    package mutating func reportBlock(ssrc: UInt32, at now: Instant) -> ReportBlock {
        let highest = unwrapper.highest ?? 0
        let expected = unwrapper.highest == nil ? 0 : highest - first + 1
        let expectedSince = expected - expectedBefore
        let lostSince = expectedSince - (received - receivedBefore)
        expectedBefore = expected
        receivedBefore = received
        let fraction = expectedSince > 0 && lostSince > 0 ? min(255, lostSince * 256 / expectedSince) : 0
        let lost = min(max(expected - received, -0x80_0000), 0x7F_FFFF)
        let delay = lastSenderReport.map { NTPTime.short(now - $0.at) }
        return ReportBlock(
            ssrc: ssrc,
            fractionLost: UInt8(fraction),
            cumulativeLost: Int32(lost),
            // The unwrapper counts from 65536, the report from no wrap at all.
            extendedHighestSequenceNumber: UInt32(truncatingIfNeeded: max(0, highest - 65536)),
            jitter: UInt32(truncatingIfNeeded: scaledJitter >> 4),
            lastSenderReport: lastSenderReport?.middle ?? 0,
            delaySinceLastSenderReport: delay ?? 0)
    }

    private mutating func begin(at sequenceNumber: UInt16) {
        unwrapper = SequenceUnwrapper()
        first = unwrapper.unwrap(sequenceNumber)
        received = 0
        expectedBefore = 0
        receivedBefore = 0
        restart = nil
        transit = nil
    }

    private mutating func updateJitter(timestamp: UInt32, clockRate: UInt32, at now: Instant) {
        let (seconds, rest) = now.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let arrival = seconds &* Int64(clockRate) &+ rest * Int64(clockRate) / 1_000_000_000
        let current = UInt32(truncatingIfNeeded: arrival) &- timestamp
        defer { transit = current }
        guard let transit else { return }
        let difference = Int64(Int32(bitPattern: current &- transit).magnitude)
        // A step of several seconds is another timeline, not jitter; averaging it in would spoil minutes of
        // reports.
        guard difference < Int64(clockRate) * 5 else { return }
        scaledJitter += difference - (scaledJitter + 8) >> 4
    }
}
