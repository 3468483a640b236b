/// Why a text is no value of the kind that was asked for.
package struct ArgumentFailure: Error, Equatable, CustomStringConvertible {
    package let description: String

    /// - Parameter wanted: what would do, with an example.
    init(_ text: some StringProtocol, wanted: String) {
        description = "\"\(text)\" is not \(wanted)."
    }

    init(_ description: String) {
        self.description = description
    }
}

/// A number with a unit behind it.
struct MeasuredText {
    let number: Double
    /// In lower case, as written without blanks; empty without one.
    let unit: String

    /// Reads digits with at most one point between them, and what follows; nil without a number.
    init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        // `Double` takes signs, exponents and names beyond these.
        guard digits.first != ".", digits.last != ".", let number = Double(digits), number.isFinite else {
            return nil
        }
        self.number = number
        unit = text[digits.endIndex...].lowercased()
    }
}
