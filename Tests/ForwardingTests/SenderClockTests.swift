import RTP
import Testing
import Wire

@testable import Forwarding

@Suite struct SenderClockTests {
    private static let report = SenderReport(
        ssrc: 1, ntpTimestamp: 0x0000_0010_8000_0000, rtpTimestamp: 0xFFFF_FFF0, packetCount: 0, octetCount: 0
    )

    @Test func `at its arrival a report is read as it is`() {
        let clock = SenderClock(Self.report, at: .milliseconds(500))
        let reading = clock.reading(at: .milliseconds(500), clockRate: 90000)
        #expect(reading.ntp.rawValue == 0x0000_0010_8000_0000)
        #expect(reading.timestamp == 0xFFFF_FFF0)
    }

    @Test(arguments: [(90000, 134_984), (48000, 71_984)] as [(UInt32, UInt32)])
    func `both clocks go on, and the timestamp wraps`(clockRate: UInt32, timestamp: UInt32) {
        let clock = SenderClock(Self.report, at: .milliseconds(500))
        let reading = clock.reading(at: .milliseconds(2000), clockRate: clockRate)
        #expect(reading.ntp.rawValue == 0x0000_0012_0000_0000)
        #expect(reading.timestamp == timestamp)
    }

    @Test func `a timestamp before or after the report's has its time`() {
        let clock = SenderClock(Self.report, at: .milliseconds(500))
        #expect(clock.time(of: 0xFFFF_FFF0, clockRate: 48000).rawValue == 0x0000_0010_8000_0000)
        #expect(clock.time(of: 0xFFFF_FFF0 &+ 72_000, clockRate: 48000).rawValue == 0x0000_0012_0000_0000)
        #expect(clock.time(of: 0xFFFF_FFF0 &- 24_000, clockRate: 48000).rawValue == 0x0000_0010_0000_0000)
    }

    @Test func `after a day the reading is exact`() {
        let clock = SenderClock(Self.report, at: .milliseconds(0))
        let reading = clock.reading(at: .milliseconds(86_400_000), clockRate: 90000)
        #expect(reading.timestamp == 0xFFFF_FFF0 &+ UInt32(truncatingIfNeeded: 86_400 * 90_000 as Int64))
    }
}
