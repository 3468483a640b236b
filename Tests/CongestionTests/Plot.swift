import FoundationEssentials
import Plotting
import Testing

/// A run as an SVG picture: rates above, queueing delay below, the chosen layer between.
struct Plot {
    let record: Record

    /// Writes the picture to the folder in the environment variable SMARTC_PLOTS, if there is one.
    static func write(_ record: Record) throws {
        guard let folder = ProcessInfo.processInfo.environment["SMARTC_PLOTS"] else { return }
        let path = "\(folder)/congestion-\(record.scenario.name).svg"
        try Plot(record: record).chart.svg.write(toFile: path, atomically: true, encoding: .utf8)
    }

    var chart: LineChart {
        let time = LineChart.Axis("seconds", range: 0...Double(record.scenario.duration))
        return LineChart(
            title: record.scenario.title, subtitle: "", columns: 1, panelWidth: 860,
            panels: [
                .init(title: "", lines: rates, x: time, y: .init("kbit/s", range: 0...1), height: 220),
                .init(title: "", lines: heights, x: time, y: .init("height", range: 0...1), height: 60),
                .init(
                    title: "", lines: [.init("delay", delaySeries)], x: time,
                    y: .init("ms", range: 0...100), height: 90),
            ])
    }

    private var rates: [LineChart.Line] {
        let highest = record.scenario.rates.map(\.bitsPerSecond).max() ?? 1
        // An estimate far above the link would leave the rest of the picture flat.
        let limit = Double(highest) / 1000 * 1.6
        var lines = [LineChart.Line("link", linkSteps, role: .reference)]
        for (flow, samples) in record.samples.enumerated() {
            let estimates = samples.map { ($0.second, min(Double($0.estimate) / 1000, limit)) }
            lines.append(.init(name("estimate", flow), estimates))
            lines.append(.init(name("sent", flow), samples.map { ($0.second, min($0.sent / 1000, limit)) }))
        }
        return lines
    }

    private var heights: [LineChart.Line] {
        record.samples.enumerated().map { flow, samples in
            .init(name("estimate", flow), samples.map { ($0.second, Double($0.height)) })
        }
    }

    private func name(_ what: String, _ flow: Int) -> String {
        record.samples.count == 1 ? what : "\(what) \(flow + 1)"
    }

    private var linkSteps: [(x: Double, y: Double)] {
        var points: [(x: Double, y: Double)] = []
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
    private var delaySeries: [(x: Double, y: Double)] {
        var longest: [Int: Double] = [:]
        for delay in record.delays {
            let slot = Int(delay.second * 10)
            longest[slot] = max(longest[slot] ?? 0, delay.milliseconds)
        }
        return longest.sorted { $0.key < $1.key }.map { (Double($0.key) / 10, $0.value) }
    }
}
