import FoundationEssentials

/// Panels of grouped bars as an SVG picture that can be read on light and on dark pages.
struct Chart {
    /// One diagram: for each group a bar of each series, on a linear scale from 0.
    struct Panel {
        let title: String
        /// A group's label, and a value of each series; nil leaves its place empty.
        var groups: [(label: String, values: [Double?])]
    }

    private static let columns = 2
    private static let panelWidth = 410.0
    private static let panelHeight = 220.0
    private static let top = 62.0
    private static let plotHeight = 140.0
    private static let plotMargin = 24.0

    let title: String
    let subtitle: String
    let series: [String]
    let groupAxis: String
    let panels: [Panel]

    var svg: String {
        let width = Self.panelWidth * Double(Self.columns)
        let rows = (panels.count + Self.columns - 1) / Self.columns
        let height = Self.top + Self.panelHeight * Double(rows)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\" "
                + "width=\"\(Self.number(width))\" height=\"\(Self.number(height))\" role=\"img\">",
            "<title>\(Self.escaped(title))</title>", Self.style,
            Self.text(title, x: Self.plotMargin, y: 22, "head"),
            Self.text(subtitle, x: Self.plotMargin, y: 40, "label"),
        ]
        lines += legend(right: width - Self.plotMargin)
        for (index, panel) in panels.enumerated() {
            let x = Double(index % Self.columns) * Self.panelWidth
            let y = Self.top + Double(index / Self.columns) * Self.panelHeight
            lines += draw(panel, x: x, y: y)
        }
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    /// Greys that can be read on white and on black, made better where the page's scheme is known.
    private static let style = """
        <style>
        text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #768390; }
        .head { font-size: 15px; font-weight: 600; }
        .panel { font-size: 13px; font-weight: 600; }
        .label { font-size: 11px; }
        .value { font-size: 10px; text-anchor: middle; }
        .middle { text-anchor: middle; }
        .axis { stroke: #768390; stroke-width: 1; }
        .s0 { fill: #2f81f7; }
        .s1 { fill: #db8e3c; }
        .s2 { fill: #57ab5a; }
        @media (prefers-color-scheme: light) { text { fill: #424a53; } .axis { stroke: #8c959f; } }
        @media (prefers-color-scheme: dark) { text { fill: #adbac7; } .axis { stroke: #768390; } }
        </style>
        """

    private func legend(right: Double) -> [String] {
        var lines: [String] = []
        var x = right
        for (index, name) in series.enumerated().reversed() {
            x -= Double(name.count) * 7 + 12
            lines.append(
                "<rect class=\"s\(index)\" x=\"\(Self.number(x))\" y=\"13\" width=\"10\" height=\"10\" rx=\"2\"/>"
            )
            lines.append(Self.text(name, x: x + 15, y: 22, "label"))
            x -= 16
        }
        return lines
    }

    private func draw(_ panel: Panel, x: Double, y: Double) -> [String] {
        let left = x + Self.plotMargin
        let width = Self.panelWidth - 2 * Self.plotMargin
        let base = y + 34 + Self.plotHeight
        var lines = [Self.text(panel.title, x: left, y: y + 14, "panel")]
        let largest = panel.groups.flatMap(\.values).compactMap { $0 }.max() ?? 0
        let groupWidth = width / Double(max(panel.groups.count, 1))
        let barWidth = groupWidth * 0.76 / Double(max(series.count, 1))
        for (number, group) in panel.groups.enumerated() {
            let start = left + groupWidth * (Double(number) + 0.12)
            for (index, value) in group.values.enumerated() {
                guard let value, value.isFinite else { continue }
                let height = largest > 0 ? max(value / largest * Self.plotHeight, 1) : 1
                let barX = start + barWidth * Double(index)
                lines.append(
                    "<rect class=\"s\(index)\" x=\"\(Self.number(barX + 1))\" y=\"\(Self.number(base - height))\" "
                        + "width=\"\(Self.number(barWidth - 2))\" height=\"\(Self.number(height))\" rx=\"2\"/>"
                )
                lines.append(
                    Self.text(Self.short(value), x: barX + barWidth / 2, y: base - height - 4, "value"))
            }
            let middle = left + groupWidth * (Double(number) + 0.5)
            lines.append(Self.text("\(groupAxis) \(group.label)", x: middle, y: base + 15, "label middle"))
        }
        lines.append(
            "<line class=\"axis\" x1=\"\(Self.number(left))\" y1=\"\(Self.number(base))\" "
                + "x2=\"\(Self.number(left + width))\" y2=\"\(Self.number(base))\"/>")
        return lines
    }

    /// About three digits.
    private static func short(_ value: Double) -> String {
        decimal(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)
    }

    private static func number(_ value: Double) -> String {
        decimal(value, 1)
    }

    private static func text(_ text: String, x: Double, y: Double, _ classes: String) -> String {
        "<text class=\"\(classes)\" x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(text))</text>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
