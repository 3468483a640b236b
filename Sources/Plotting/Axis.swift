import Glibc

extension LineChart {
    /// A direction of a panel: what is shown in it, and how.
    package struct Axis {
        let label: String
        let scale: Scale
        /// What it reaches at least; the points may widen it.
        let range: ClosedRange<Double>?

        /// - Parameter range: what it reaches at least.
        package init(_ label: String, scale: Scale = .linear, range: ClosedRange<Double>? = nil) {
            self.label = label
            self.scale = scale
            self.range = range
        }

        /// The axis with its points on the page.
        func placed(_ values: [Double], from start: Double, to end: Double) -> PlacedAxis {
            var values = values + (range.map { [$0.lowerBound, $0.upperBound] } ?? [])
            if scale == .logarithmic { values = values.filter { $0 > 0 } }
            let low = values.min() ?? 1
            let high = values.max() ?? 1
            // A single value gets room about it.
            let margin = low < high ? 0 : max(high.magnitude * 0.5, 0.5)
            return PlacedAxis(
                low: scale == .logarithmic ? low / (low < high ? 1 : 2) : low - margin,
                high: scale == .logarithmic ? high * (low < high ? 1 : 2) : high + margin,
                scale: scale, start: start, end: end)
        }
    }

    /// An axis on the page.
    struct PlacedAxis {
        let low: Double
        let high: Double
        let scale: Scale
        let start: Double
        let end: Double

        func place(_ value: Double) -> Double {
            let share =
                switch scale {
                case .linear: (value - low) / (high - low)
                case .logarithmic: log(value / low) / log(high / low)
                }
            return start + (end - start) * min(max(share, 0), 1)
        }

        /// Round values, three to eight of them where there is room.
        var ticks: [Double] {
            switch scale {
            case .linear:
                let rough = (high - low) / 5
                let magnitude = pow(10, floor(log10(rough)))
                let step = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough } ?? rough
                let first = (low / step).rounded(.up)
                let last = (high / step).rounded(.down)
                guard first <= last else { return [] }
                return stride(from: first, through: last, by: 1).map { $0 * step }
            case .logarithmic:
                let steps = high / low > 30 ? [1.0, 2, 5] : [1, 1.5, 2, 3, 5, 7]
                let decades = Int(floor(log10(low)))...max(Int(floor(log10(low))), Int(ceil(log10(high))))
                return decades.flatMap { decade in steps.map { $0 * pow(10, Double(decade)) } }
                    .filter { $0 >= low && $0 <= high }
            }
        }
    }
}
