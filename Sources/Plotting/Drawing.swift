/// Pieces of SVG that all pictures share. They can be read on light and on dark pages.
enum Drawing {
    /// Greys that can be read on white and on black, made better where the page's scheme is known.
    static let style = """
        <style>
        text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #768390; }
        .head { font-size: 15px; font-weight: 600; }
        .panel { font-size: 13px; font-weight: 600; }
        .label { font-size: 11px; }
        .value { font-size: 10px; text-anchor: middle; }
        .middle { text-anchor: middle; }
        .end { text-anchor: end; }
        .axis { stroke: #768390; stroke-width: 1; }
        .grid { stroke: #768390; stroke-width: 0.4; opacity: 0.5; }
        path { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
        .s0 { fill: #2f81f7; } .s1 { fill: #db8e3c; } .s2 { fill: #57ab5a; } .s3 { fill: #b083f0; } .s4 { fill: #e5534b; }
        .l0 { stroke: #2f81f7; } .l1 { stroke: #db8e3c; } .l2 { stroke: #57ab5a; } .l3 { stroke: #b083f0; }
        .l4 { stroke: #e5534b; } .sr { fill: #768390; } .lr { stroke: #768390; stroke-dasharray: 6 3; }
        @media (prefers-color-scheme: light) { text { fill: #424a53; } .axis { stroke: #8c959f; } }
        @media (prefers-color-scheme: dark) { text { fill: #adbac7; } .axis { stroke: #768390; } }
        </style>
        """
    /// Series beyond take a colour again.
    static let colours = 5

    /// A whole picture.
    static func document(_ title: String, width: Double, height: Double, _ lines: [String]) -> String {
        let head = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(width)) \(number(height))\" "
                + "width=\"\(number(width))\" height=\"\(number(height))\" role=\"img\">",
            "<title>\(escaped(title))</title>", style,
        ]
        return (head + lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    static func text(_ text: String, x: Double, y: Double, _ classes: String) -> String {
        "<text class=\"\(classes)\" x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(text))</text>"
    }

    static func line(_ name: String, _ from: (x: Double, y: Double), _ to: (x: Double, y: Double)) -> String {
        "<line class=\"\(name)\" x1=\"\(number(from.x))\" y1=\"\(number(from.y))\" "
            + "x2=\"\(number(to.x))\" y2=\"\(number(to.y))\"/>"
    }

    static func bar(_ name: String, x: Double, y: Double, width: Double, height: Double) -> String {
        "<rect class=\"\(name)\" x=\"\(number(x))\" y=\"\(number(y))\" "
            + "width=\"\(number(width))\" height=\"\(number(height))\" rx=\"2\"/>"
    }

    /// Names with their colours, ending at `right`.
    static func legend(_ entries: [(name: String, swatch: String)], right: Double, y: Double) -> [String] {
        var lines: [String] = []
        var x = right
        for entry in entries.reversed() {
            x -= Double(entry.name.count) * 7 + 12
            lines.append(bar(entry.swatch, x: x, y: y - 9, width: 10, height: 10))
            lines.append(text(entry.name, x: x + 15, y: y, "label"))
            x -= 16
        }
        return lines
    }

    /// With one digit behind the point.
    static func number(_ value: Double) -> String {
        "\((value * 10).rounded() / 10)"
    }

    /// About three digits, for people.
    static func short(_ value: Double) -> String {
        let size = value.magnitude
        let factor = size >= 100 ? 1.0 : size >= 10 ? 10 : 100
        let text = "\((value * factor).rounded() / factor)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }
}
