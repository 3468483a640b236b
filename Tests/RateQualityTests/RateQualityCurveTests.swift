import Testing

@testable import RateQuality

@Suite struct RateQualityCurveTests {
    private func curve(_ points: [(Double, Double)]) -> RateQualityCurve {
        RateQualityCurve(points.map { .init(rate: $0.0, quality: $0.1) })
    }

    private var first: RateQualityCurve {
        curve([(686.76, 40.28), (309.58, 37.18), (157.11, 34.24), (85.95, 31.42)])
    }

    private var second: RateQualityCurve {
        curve([(893.34, 40.39), (407.8, 37.21), (204.93, 34.17), (112.75, 31.24)])
    }

    /// Computed with SciPy's PchipInterpolator.
    @Test func `differences are those of other implementations`() throws {
        let more = try #require(second.difference(from: first))
        #expect((more.percent - 31.379_878_202_397_54).magnitude < 1e-6)
        #expect(more.lowestQuality == 31.42 && more.highestQuality == 40.28)
        let less = try #require(first.difference(from: second))
        #expect((less.percent + 23.884_843_426_369_45).magnitude < 1e-6)
        let third = curve([(20, 38.2), (31, 52.9), (44, 63.1), (70, 74.8), (101, 81.2)])
        let fourth = curve([(14, 41), (22, 52), (35, 66.3), (52, 75.1), (80, 84.7)])
        let difference = try #require(fourth.difference(from: third))
        #expect((difference.percent + 28.713_286_763_685_318).magnitude < 1e-6)
    }

    @Test func `half the rate at every quality is 50 percent less`() throws {
        let half = RateQualityCurve(first.points.map { .init(rate: $0.rate / 2, quality: $0.quality) })
        let difference = try #require(half.difference(from: first))
        #expect((difference.percent + 50).magnitude < 1e-9)
        #expect(first.difference(from: first)?.percent == 0)
    }

    @Test func `what costs more and shows less is left out`() {
        let curve = curve([(10, 50), (20, 49), (30, 60), (30, 58), (40, 60), (0, 1), (50, .nan)])
        #expect(curve.points == [.init(rate: 10, quality: 50), .init(rate: 30, quality: 60)])
    }

    @Test func `curves without a common quality do not compare`() {
        let high = curve([(10, 90), (20, 95)])
        let low = curve([(10, 50), (20, 60)])
        #expect(high.difference(from: low) == nil && curve([(1, 1)]).difference(from: low) == nil)
    }

    @Test func `a rate is read off the curve, not beyond it`() throws {
        let rate = try #require(first.rate(at: 34.24))
        #expect((rate - 157.11).magnitude < 1e-9)
        #expect(first.rate(at: 31) == nil && first.rate(at: 41) == nil)
    }
}
