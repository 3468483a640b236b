import Testing

@testable import RateQuality

/// Expected values are SciPy's (PchipInterpolator).
@Suite struct MonotoneCubicTests {
    private static let points: [(x: Double, y: Double)] = [(0, 0), (1, 1), (2, 1), (4, 3), (7, 10)]

    @Test(arguments: [
        (0.0, 0.0), (0.5, 0.6875), (1.5, 1), (3, 1.659_090_909_090_909_2), (6, 7.095_622_895_622_895_5),
        (7, 10),
        (-1, 0), (8, 10),
    ])
    func `values are those of SciPy`(_ place: Double, _ expected: Double) throws {
        let curve = try #require(MonotoneCubic(Self.points))
        #expect((curve.value(at: place) - expected).magnitude < 1e-9)
    }

    @Test func `integrals are those of SciPy`() throws {
        let curve = try #require(MonotoneCubic(Self.points))
        #expect((curve.integral(over: 0.5...6) - 14.655_413_510_101_01).magnitude < 1e-9)
        #expect(curve.integral(over: 7...9) == 0)
    }

    @Test(arguments: [
        [(0.0, 0.0), (1, 5), (2, 5.1)], [(0, 0), (1, 0.1), (2, 5)], [(0, 0), (1, 5), (3, 4)],
        [(0, 1), (2, 5)],
    ])
    func `a curve stays between its points`(_ points: [(Double, Double)]) throws {
        let curve = try #require(MonotoneCubic(points.map { (x: $0.0, y: $0.1) }))
        for (left, right) in zip(points, points.dropFirst()) {
            for step in 0...20 {
                let value = curve.value(at: left.0 + (right.0 - left.0) * Double(step) / 20)
                #expect(value >= min(left.1, right.1) - 1e-12 && value <= max(left.1, right.1) + 1e-12)
            }
        }
    }

    @Test func `places have to rise`() {
        #expect(MonotoneCubic([(1, 1), (1, 2)]) == nil && MonotoneCubic([(1, 1)]) == nil)
        #expect(MonotoneCubic([(1, 1), (2, .nan)]) == nil)
    }
}
