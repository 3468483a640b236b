/// A bit rate as people write it: `400kbit`, `1.5mbit`, `2Mbit/s`, or a plain number of bits per second.
package struct BitrateArgument: Hashable, Sendable {
    private static let factors = ["": 1.0, "bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9]
    private static let wanted = "a bit rate such as 400kbit or 1.5mbit, from 1kbit to 100gbit"

    /// 1000 to 100,000,000,000.
    package let bitsPerSecond: Int

    package init(bitsPerSecond: Int) {
        self.bitsPerSecond = bitsPerSecond
    }

    package init(_ text: some StringProtocol) throws(ArgumentFailure) {
        guard let measured = MeasuredText(text) else { throw ArgumentFailure(text, wanted: Self.wanted) }
        let unit = measured.unit.hasSuffix("/s") ? String(measured.unit.dropLast(2)) : measured.unit
        guard let factor = Self.factors[unit], (1e3...1e11).contains(measured.number * factor) else {
            throw ArgumentFailure(text, wanted: Self.wanted)
        }
        bitsPerSecond = Int((measured.number * factor).rounded())
    }
}
