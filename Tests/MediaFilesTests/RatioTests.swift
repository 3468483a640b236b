import Testing

@testable import MediaFiles

@Suite struct RatioTests {
    @Test func `ticks become the nearest nanosecond`() throws {
        let film = try #require(Ratio(1001, 30000))
        #expect(film.duration(of: 1) == .nanoseconds(33_366_667))
        #expect(film.duration(of: -1) == .nanoseconds(-33_366_667))
        #expect(film.duration(of: 30000) == .seconds(1001))
        #expect(Ratio(1, 90000)?.duration(of: 0) == .zero)
    }

    @Test(arguments: [Int64.max, .min, 604_801]) func `more than a week is a damaged time`(_ ticks: Int64) {
        #expect(Ratio(1).duration(of: ticks) == nil)
        #expect(Ratio(.max, 1)?.duration(of: ticks) == nil)
    }

    @Test func `large numbers are reduced`() {
        #expect(Ratio(reducing: 74 * 90_000, 444_000) == Ratio(15, 1))
        #expect(Ratio(reducing: 1 << 40, 1 << 38) == Ratio(4, 1) && Ratio(reducing: 0, 3) == nil)
        #expect(Ratio(reducing: .max, .max - 1).map { ($0.value - 1).magnitude < 1e-6 } == true)
    }

    @Test func `a ratio has no zero in it`() {
        #expect(Ratio(0, 1) == nil && Ratio(1, 0) == nil)
        #expect(Ratio(30000, 1001)?.inverse == Ratio(1001, 30000))
    }
}
