import FoundationEssentials
import Testing

/// A run as an SVG picture: rates above, queueing delay below, the chosen layer between. It can be read on light and
/// on dark pages.
struct Plot {
    private struct Panel {
        let top: Double
        let height: Double
        let maximum: Double
        let label: String
    }

    private static let left = 64.0
    private static let width = 760.0
    private static let total = 860.0
    private static let style = """
        <style>
        text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 11px; fill: #768390; }
        .head { font-size: 15px; font-weight: 600; }
        .grid { stroke: #768390; stroke-width: 0.4; opacity: 0.5; }
        path { fill: none; stroke-width: 1.4; stroke-linejoin: round; }
        .link { stroke: #768390; stroke-width: 2; stroke-dasharray: 6 3; }
        .s0 { stroke: #2f81f7; } .s1 { stroke: #db8e3c; } .s2 { stroke: #57ab5a; } .s3 { stroke: #b083f0; }
        .f0 { fill: #2f81f7; } .f1 { fill: #db8e3c; } .f2 { fill: #57ab5a; } .f3 { fill: #b083f0; }
        .fl { fill: #768390; }
        @media (prefers-color-scheme: light) { text { fill: #424a53; } }
        @media (prefers-color-scheme: dark) { text { fill: #adbac7; } }
        </style>
        """

    let record: Record

    /// Writes the picture to the folder in the environment variable SMARTC_PLOTS, if there is one.
    static func write(_ record: Record) throws {
        guard let folder = ProcessInfo.processInfo.environment["SMARTC_PLOTS"] else { return }
        let path = "\(folder)/congestion-\(record.scenario.name).svg"
        try Plot(record: record).svg.write(toFile: path, atomically: true, encoding: .utf8)
    }

    var svg: String {
        let highest = record.samples.joined().map { max(Double($0.estimate), $0.sent) }.max() ?? 1
        let link = Double(record.scenario.rates.map(\.bitsPerSecond).max() ?? 1)
        let rates = Panel(
            top: 62, height: 220, maximum: min(max(highest, link), link * 1.6) / 1000, label: "kbit/s")
        let heights = record.samples.joined().map { Double($0.height) }.max() ?? 1
        let layers = Panel(top: 308, height: 60, maximum: max(heights, 1), label: "height")
        let delays = Panel(
            top: 394, height: 90, maximum: max(100, record.delay(percentile: 0.999, 0..<1e6)), label: "ms")
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.total)) 520\" "
                + "width=\"\(Int(Self.total))\" height=\"520\" role=\"img\">",
            "<title>\(record.scenario.title)</title>", Self.style,
            "<text class=\"head\" x=\"\(Self.left)\" y=\"22\">\(record.scenario.title)</text>",
        ]
        lines += legend
        for panel in [rates, layers, delays] { lines += frame(panel) }
        lines.append(path("link", linkSteps, in: rates))
        for (flow, samples) in record.samples.enumerated() {
            let isAlone = record.samples.count == 1
            lines.append(
                path("s\(isAlone ? 1 : flow * 2 + 1)", samples.map { ($0.second, $0.sent / 1000) }, in: rates)
            )
            lines.append(
                path("s\(flow * 2)", samples.map { ($0.second, Double($0.estimate) / 1000) }, in: rates))
            lines.append(path("s\(flow * 2)", samples.map { ($0.second, Double($0.height)) }, in: layers))
        }
        lines.append(path("s2", delaySeries, in: delays))
        lines.append(text("seconds", x: Self.left + Self.width - 40, y: 512))
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    private var legend: [String] {
        var names = ["link": "fl"]
        var order = ["link"]
        for flow in record.samples.indices {
            let suffix = record.samples.count == 1 ? "" : " \(flow + 1)"
            names["estimate\(suffix)"] = "f\(flow * 2)"
            names["sent\(suffix)"] = "f\(flow * 2 + 1)"
            order += ["estimate\(suffix)", "sent\(suffix)"]
        }
        return order.enumerated().flatMap { index, name in
            let x = Self.left + Double(index) * 110
            return [
                "<rect class=\"\(names[name] ?? "fl")\" x=\"\(x)\" y=\"36\" width=\"14\" height=\"4\"/>",
                text(name, x: x + 20, y: 42),
            ]
        }
    }

    private var linkSteps: [(Double, Double)] {
        var points: [(Double, Double)] = []
        for (index, step) in record.scenario.rates.enumerated() {
            let end =
                index + 1 < record.scenario.rates.count
                ? record.scenario.rates[index + 1].second : record.scenario.duration
            points.append((Double(step.second), Double(step.bitsPerSecond) / 1000))
            points.append((Double(end), Double(step.bitsPerSecond) / 1000))
        }
        return points
    }

    /// The longest delay of every tenth of a second.
    private var delaySeries: [(Double, Double)] {
        var longest: [Int: Double] = [:]
        for delay in record.delays {
            let slot = Int(delay.second * 10)
            longest[slot] = max(longest[slot] ?? 0, delay.milliseconds)
        }
        return longest.sorted { $0.key < $1.key }.map { (Double($0.key) / 10, $0.value) }
    }

    private func frame(_ panel: Panel) -> [String] {
        var lines: [String] = []
        for step in 0...2 {
            let value = panel.maximum * Double(step) / 2
            let y = panel.top + panel.height * (1 - Double(step) / 2)
            lines.append(
                "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.left + Self.width)\" y1=\"\(y)\" y2=\"\(y)\"/>"
            )
            lines.append(text("\(Int(value))", x: Self.left - 40, y: y + 4))
        }
        lines.append(text(panel.label, x: 4, y: panel.top - 8))
        for second in stride(from: 0, through: record.scenario.duration, by: 10) {
            let x = Self.left + Self.width * Double(second) / Double(record.scenario.duration)
            lines.append(
                "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(panel.top)\" y2=\"\(panel.top + panel.height)\"/>"
            )
            if panel.label == "ms" {
                lines.append(text("\(second)", x: x - 6, y: panel.top + panel.height + 14))
            }
        }
        return lines
    }

    private func path(_ name: String, _ points: [(Double, Double)], in panel: Panel) -> String {
        let steps = points.map { point in
            let x = Self.left + Self.width * point.0 / Double(record.scenario.duration)
            let y = panel.top + panel.height * (1 - min(point.1 / panel.maximum, 1))
            return "\((x * 10).rounded() / 10) \((y * 10).rounded() / 10)"
        }
        return "<path class=\"\(name)\" d=\"M\(steps.joined(separator: "L"))\"/>"
    }

    private func text(_ text: String, x: Double, y: Double) -> String {
        "<text x=\"\(x)\" y=\"\(y)\">\(text)</text>"
    }
}
