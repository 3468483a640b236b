/// A positive ratio of whole numbers, as media files write time bases and frame rates.
package struct Ratio: Hashable, Sendable, CustomStringConvertible {
    package let numerator: UInt32
    package let denominator: UInt32

    /// nil: one of them is 0.
    package init?(_ numerator: UInt32, _ denominator: UInt32) {
        guard numerator > 0, denominator > 0 else { return nil }
        self.numerator = numerator
        self.denominator = denominator
    }

    /// The ratio in its smallest numbers, rounded where they are too large. nil: one of them is 0.
    package init?(reducing numerator: UInt64, _ denominator: UInt64) {
        guard numerator > 0, denominator > 0 else { return nil }
        var (divisor, rest) = (numerator, denominator)
        while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
        var (first, second) = (numerator / divisor, denominator / divisor)
        while max(first, second) > UInt64(UInt32.max) { (first, second) = (first / 2, second / 2) }
        self.init(UInt32(max(first, 1)), UInt32(max(second, 1)))
    }

    /// A whole number; 1 for 0.
    package init(_ whole: UInt32) {
        numerator = max(whole, 1)
        denominator = 1
    }

    package var value: Double { Double(numerator) / Double(denominator) }

    package var inverse: Ratio { Ratio(checked: denominator, numerator) }

    package var description: String { "\(numerator):\(denominator)" }

    /// How long `count` ticks of this time base, in seconds, last: to the nearest nanosecond. nil: longer than a week,
    /// which is a damaged time.
    package func duration(of count: Int64) -> Duration? {
        let divisor = Int128(denominator)
        let scaled = Int128(count) * Int128(numerator) * 1_000_000_000
        let rounding = scaled < 0 ? -divisor / 2 : divisor / 2
        let nanoseconds = (scaled + rounding) / divisor
        guard nanoseconds.magnitude < Self.longest else { return nil }
        return .nanoseconds(Int64(nanoseconds))
    }

    private static let longest: UInt128 = 604_800_000_000_000

    private init(checked numerator: UInt32, _ denominator: UInt32) {
        self.numerator = numerator
        self.denominator = denominator
    }
}
