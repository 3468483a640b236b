/// A share as people write it: `2%`, `0.5%`; 0 needs no sign.
package struct PercentArgument: Hashable, Sendable {
    private static let wanted = "a share such as 2% or 0.5%, from 0% to 100%"

    /// 0 to 1.
    package let share: Double

    package init(_ text: some StringProtocol) throws(ArgumentFailure) {
        guard let measured = MeasuredText(text), measured.number <= 100,
            measured.unit == "%" || measured.unit.isEmpty && measured.number == 0
        else { throw ArgumentFailure(text, wanted: Self.wanted) }
        share = measured.number / 100
    }
}
