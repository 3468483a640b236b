/// A curve through points that never overshoots them: piecewise cubic Hermite interpolation with the slopes of Fritsch
/// and Butland (1984), as in SciPy's PchipInterpolator.
package struct MonotoneCubic: Sendable {
    private let x: [Double]
    private let y: [Double]
    private let slopes: [Double]

    /// nil: fewer than two points, or their `x` do not rise.
    package init?(_ points: [(x: Double, y: Double)]) {
        guard points.count >= 2, points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }),
            zip(points, points.dropFirst()).allSatisfy({ $0.x < $1.x })
        else { return nil }
        x = points.map(\.x)
        y = points.map(\.y)
        let widths = zip(x, x.dropFirst()).map { $1 - $0 }
        let secants = zip(zip(y, y.dropFirst()).map { $1 - $0 }, widths).map { $0 / $1 }
        slopes = points.indices.map { index in
            guard points.count > 2 else { return secants[0] }
            guard index > 0 else {
                return Self.endSlope(secants[0], secants[1], widths[0], widths[1])
            }
            let last = secants.count - 1
            guard index <= last else {
                return Self.endSlope(secants[last], secants[last - 1], widths[last], widths[last - 1])
            }
            return Self.innerSlope(
                secants[index - 1], secants[index], widths[index - 1], widths[index])
        }
    }

    package var range: ClosedRange<Double> { x[0]...x[x.count - 1] }

    /// The value at a place within `range`; outside, that of the nearer end.
    package func value(at place: Double) -> Double {
        let place = min(max(place, range.lowerBound), range.upperBound)
        let index = interval(of: place)
        let (a, b, c, d) = coefficients(index)
        let t = place - x[index]
        return ((d * t + c) * t + b) * t + a
    }

    /// The integral over a part of `range`.
    package func integral(over part: ClosedRange<Double>) -> Double {
        let low = max(part.lowerBound, range.lowerBound)
        let high = min(part.upperBound, range.upperBound)
        guard low < high else { return 0 }
        return (0..<x.count - 1).reduce(0) { sum, index in
            let from = max(low, x[index]) - x[index]
            let to = min(high, x[index + 1]) - x[index]
            guard from < to else { return sum }
            let (a, b, c, d) = coefficients(index)
            func antiderivative(_ t: Double) -> Double {
                (((d / 4 * t + c / 3) * t + b / 2) * t + a) * t
            }
            return sum + antiderivative(to) - antiderivative(from)
        }
    }

    private func interval(of place: Double) -> Int {
        max(0, min(x.count - 2, (x.lastIndex { $0 <= place }) ?? 0))
    }

    /// Of the polynomial in the distance from the interval's beginning.
    private func coefficients(_ index: Int) -> (Double, Double, Double, Double) {
        let width = x[index + 1] - x[index]
        let secant = (y[index + 1] - y[index]) / width
        let c = (3 * secant - 2 * slopes[index] - slopes[index + 1]) / width
        let d = (slopes[index] + slopes[index + 1] - 2 * secant) / (width * width)
        return (y[index], slopes[index], c, d)
    }

    /// A weighted harmonic mean; flat where the curve turns.
    private static func innerSlope(
        _ before: Double, _ after: Double, _ widthBefore: Double, _ widthAfter: Double
    ) -> Double {
        guard before * after > 0 else { return 0 }
        let first = 2 * widthAfter + widthBefore
        let second = widthAfter + 2 * widthBefore
        return (first + second) / (first / before + second / after)
    }

    /// A parabola's slope at the end, kept from overshooting.
    private static func endSlope(
        _ near: Double, _ far: Double, _ nearWidth: Double, _ farWidth: Double
    ) -> Double {
        let slope = ((2 * nearWidth + farWidth) * near - nearWidth * far) / (nearWidth + farWidth)
        guard slope * near > 0 else { return 0 }
        return near * far <= 0 && slope.magnitude > 3 * near.magnitude ? 3 * near : slope
    }
}
