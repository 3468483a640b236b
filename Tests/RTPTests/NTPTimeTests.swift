import Testing
import Wire

@testable import RTP

@Suite struct NTPTimeTests {
    @Test(
        arguments: [
            (0, 0x83AA_7E80_0000_0000), (500_000_000, 0x83AA_7E80_8000_0000),
            (-250_000_000, 0x83AA_7E7F_C000_0000),
            (1_700_000_000_750_000_000, 0xE8FE_6F80_C000_0000),
        ] as [(Int64, UInt64)])
    func `wall clock time is counted from 1900`(nanoseconds: Int64, raw: UInt64) {
        #expect(NTPTime(nanosecondsSince1970: nanoseconds).rawValue == raw)
    }

    @Test func `the middle bits are those of both halves`() {
        #expect(NTPTime(rawValue: 0x1122_3344_5566_7788).middle32 == 0x3344_5566)
    }

    @Test(arguments: [
        Duration.zero, .seconds(1), .milliseconds(-1500), .nanoseconds(999_999_999), .microseconds(1),
        .seconds(-86400),
    ])
    func `adding and subtracting a duration agree`(duration: Duration) {
        let time = NTPTime(rawValue: 0xFFFF_FFFF_8000_0000)
        let difference = (time + duration) - time
        #expect(abs(difference.nanoseconds - duration.nanoseconds) <= 1)
    }

    @Test(
        arguments: [
            (Duration.zero, 0), (.seconds(1), 65536), (.milliseconds(1500), 98304), (.seconds(-1), 0),
            (.seconds(65535), 0xFFFF_0000), (.seconds(65536), .max), (.seconds(Int64.max), .max),
        ] as [(Duration, UInt32)])
    func `short durations saturate`(duration: Duration, short: UInt32) {
        #expect(NTPTime.short(duration) == short)
    }

    @Test func `the round trip is what neither side held the report for`() {
        // RFC 3550 section 6.4.1, figure 2.
        let example = NTPTime(rawValue: 0xB44D_B710_8000_0000)
        let trip = NTPTime.roundTrip(now: example, lastReference: 0xB705_2000, delay: 0x0005_4000)
        #expect(trip == .nanoseconds(6_125_000_000))
        #expect(NTPTime.roundTrip(now: example, lastReference: 0, delay: 0) == nil)
        #expect(NTPTime.roundTrip(now: example, lastReference: 0xB710_8000, delay: 1) == .zero)
    }
}
