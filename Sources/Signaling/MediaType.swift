/// Comparison of media types in `Content-Type` and `Accept` (RFC 9110 sections 8.3 and 12.5.1).
enum MediaType {
    static let sdp = "application/sdp"
    static let fragment = "application/trickle-ice-sdpfrag"
    static let json = "application/json"
    static let events = "text/event-stream"
    static let problem = "application/problem+json"

    /// Whether `field`, a `Content-Type` with or without parameters, is of `type` (lower case).
    static func matches(_ field: String?, _ type: String) -> Bool {
        guard let field else { return false }
        return essence(field[...]) == type
    }

    /// Whether an answer of `type` (lower case) satisfies the values of `Accept`. None at all accepts
    /// everything; the most specific range decides.
    static func isAcceptable(_ type: String, to accept: [String]) -> Bool {
        let ranges = accept.flatMap { $0.split(separator: ",") }
        guard !ranges.isEmpty else { return true }
        var decision: (specificity: Int, isAccepted: Bool) = (-1, false)
        for range in ranges {
            let name = essence(range)
            let specificity: Int
            if name == type {
                specificity = 2
            } else if name.hasSuffix("/*"), type.hasPrefix(name.dropLast()) {
                specificity = 1
            } else if name == "*/*" || name == "*" {
                specificity = 0
            } else {
                continue
            }
            if specificity > decision.specificity { decision = (specificity, hasWeight(range)) }
        }
        return decision.isAccepted
    }

    /// Type and subtype without parameters and white space, in lower case.
    private static func essence(_ field: Substring) -> String {
        trimmed(field.prefix { $0 != ";" }).lowercased()
    }

    /// False when the range has `q=0`, `q=0.0` …
    private static func hasWeight(_ range: Substring) -> Bool {
        for parameter in range.split(separator: ";").dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1).map { trimmed($0).lowercased() }
            if parts.count == 2, parts[0] == "q" { return (Double(parts[1]) ?? 1) > 0 }
        }
        return true
    }
}

/// `text` without the white space that RFC 9110 section 5.6.3 allows around the parts of a field.
func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
}
