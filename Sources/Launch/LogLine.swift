internal import FoundationEssentials
internal import Logging

/// The text of one log line, with its line break.
enum LogLine {
    typealias Fields = [(key: String, value: Logger.Metadata.Value)]

    /// The members that every line has; metadata of the same name gets a `_` in front.
    private static let reserved: Set<String> = ["time", "level", "message", "logger"]

    static func json(
        _ time: Date, _ level: Logger.Level, _ message: String, logger: String, _ fields: Fields
    ) -> String {
        var line = "{\"time\":\"\(time.formatted(style))\",\"level\":\"\(level.rawValue)\""
        line += ",\"message\":\(quoted(message)),\"logger\":\(quoted(logger))"
        for (key, value) in fields {
            line += ",\(quoted(reserved.contains(key) ? "_\(key)" : key)):\(json(value))"
        }
        return line + "}\n"
    }

    static func text(
        _ time: Date, _ level: Logger.Level, _ message: String, logger: String, _ fields: Fields
    ) -> String {
        let name = level.rawValue.uppercased()
        var line = "\(time.formatted(style)) \(name)\(String(repeating: " ", count: max(0, 8 - name.count)))"
        line += " \(printable(message))"
        for (key, value) in fields {
            let text = "\(value)"
            let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x7F }
            line += " \(printable(key))=\(isPlain ? text : quoted(text))"
        }
        return line + "\n"
    }

    /// RFC 3339 in UTC with milliseconds.
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    private static func json(_ value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .stringConvertible(let value): quoted(value.description)
        case .array(let values): "[\(values.map { json($0) }.joined(separator: ","))]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }
                .joined(separator: ",") + "}"
        }
    }

    /// A JSON string (RFC 8259 section 7); control characters never reach a terminal.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": result += escape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func printable(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        return isPlain ? text : quoted(text)
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
