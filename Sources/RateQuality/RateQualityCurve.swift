import Glibc

/// What quality an encoder reaches at which rate.
package struct RateQualityCurve: Sendable {
    /// One encode.
    package struct Point: Codable, Hashable, Sendable {
        /// In bits per second, or any other unit that both curves share.
        package let rate: Double
        package let quality: Double

        package init(rate: Double, quality: Double) {
            self.rate = rate
            self.quality = quality
        }
    }

    /// How two curves differ.
    package struct Difference: Codable, Hashable, Sendable {
        /// Of the rate at equal quality, on average: -30 is 30 % less.
        package let percent: Double
        /// The qualities that both curves reach.
        package let lowestQuality: Double
        package let highestQuality: Double
    }

    /// By rising rate and quality: what costs more and shows less is left out.
    package let points: [Point]
    /// The logarithm of the rate by quality.
    private let curve: MonotoneCubic?

    package init(_ points: [Point]) {
        var kept: [Point] = []
        let usable = points.filter { $0.rate > 0 && $0.rate.isFinite && $0.quality.isFinite }
        for point in usable.sorted(by: { ($0.rate, -$0.quality) < ($1.rate, -$1.quality) })
        where point.quality > kept.last?.quality ?? -.infinity {
            kept.append(point)
        }
        self.points = kept
        curve = MonotoneCubic(kept.map { ($0.quality, log($0.rate)) })
    }

    /// The rate at which a quality is reached; nil: the curve does not reach it, or begins above it.
    package func rate(at quality: Double) -> Double? {
        guard let curve, curve.range.contains(quality) else { return nil }
        return exp(curve.value(at: quality))
    }

    /// Bjøntegaard's delta rate against another curve: the mean difference of the logarithms of the rates over the
    /// qualities that both reach (ITU-T VCEG-M33, with the piecewise cubic of JCT-VC's spreadsheets).
    ///
    /// nil: there are none.
    package func difference(from anchor: RateQualityCurve) -> Difference? {
        guard let curve, let other = anchor.curve else { return nil }
        let low = max(curve.range.lowerBound, other.range.lowerBound)
        let high = min(curve.range.upperBound, other.range.upperBound)
        guard low < high else { return nil }
        let mean = (curve.integral(over: low...high) - other.integral(over: low...high)) / (high - low)
        return Difference(percent: (exp(mean) - 1) * 100, lowestQuality: low, highestQuality: high)
    }
}
