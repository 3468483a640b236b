import Testing

@testable import Wire

@Suite struct InstantTests {
    @Test(
        arguments: [
            (Duration.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), -1),
            (.milliseconds(-1500), -1_500_000_000),
            (.seconds(3), 3_000_000_000),
            (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_807_000_000_000), .max),
            (
                Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_806_000_000_000),
                .max - 1
            ),
            (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 999_999_999_000_000_000), .max),
            (
                Duration(secondsComponent: -9_223_372_036, attosecondsComponent: -999_999_999_000_000_000),
                .min
            ),
            (.seconds(9_223_372_037), .max), (.seconds(-9_223_372_037), .min), (.seconds(Int64.max), .max),
            (.seconds(Int64.min), .min),
        ] as [(Duration, Int64)])
    func `a duration has whole nanoseconds or saturates`(duration: Duration, nanoseconds: Int64) {
        #expect(duration.nanoseconds == nanoseconds)
    }

    @Test func `instants and durations add up`() {
        let start = Instant(nanoseconds: 1_000)
        let later = start + .microseconds(5)
        #expect(later == Instant(nanoseconds: 6_000))
        #expect(later - start == .microseconds(5))
        #expect(start - later == .microseconds(-5))
        #expect(later - .microseconds(5) == start)
        #expect(start < later)
    }

    @Test func `seconds are a fraction`() {
        #expect(Duration.milliseconds(1250).inSeconds == 1.25)
        #expect(Duration.milliseconds(-250).inSeconds == -0.25)
    }
}
