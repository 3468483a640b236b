import FoundationEssentials
import Plotting

/// What is in a sound, as an SVG picture.
enum Spectrum {
    /// Writes the picture to the folder in the environment variable SMARTC_PLOTS, if there is one.
    static func write(_ sound: [Float], name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["SMARTC_PLOTS"] else { return }
        let part = Array(sound.suffix(19_200))
        var points: [(x: Double, y: Double)] = []
        for hertz in stride(from: 20.0, through: 4000, by: 10) {
            points.append(
                (hertz / 1000, Double(max(Signals.decibels(Signals.power(of: hertz, in: part)), -90))))
        }
        let chart = LineChart(
            title: name, subtitle: "decibels of full scale by kHz", columns: 1, panelWidth: 860,
            panels: [
                .init(
                    title: "", lines: [.init("power", points)], x: .init("kHz", range: 0...4),
                    y: .init("dB", range: -90...0), height: 220)
            ])
        try chart.svg.write(toFile: "\(folder)/\(name).svg", atomically: true, encoding: .utf8)
    }
}
