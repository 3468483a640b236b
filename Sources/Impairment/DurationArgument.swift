/// A time as people write it: `150ms`, `1.5s`, `250us`; 0 needs no unit.
package struct DurationArgument: Hashable, Sendable {
    private static let factors = ["us": 1e3, "ms": 1e6, "s": 1e9]
    private static let wanted = "a time such as 150ms or 1.5s, up to 3600s"

    /// Zero to an hour.
    package let duration: Duration

    package init(_ duration: Duration) {
        self.duration = duration
    }

    package init(_ text: some StringProtocol) throws(ArgumentFailure) {
        guard let measured = MeasuredText(text) else { throw ArgumentFailure(text, wanted: Self.wanted) }
        if measured.unit.isEmpty, measured.number == 0 {
            duration = .zero
            return
        }
        guard let factor = Self.factors[measured.unit], measured.number * factor <= 3.6e12 else {
            throw ArgumentFailure(text, wanted: Self.wanted)
        }
        duration = .nanoseconds(Int64((measured.number * factor).rounded()))
    }
}
