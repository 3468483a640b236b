import FoundationEssentials
import Plotting

/// What is in sounds, as an SVG picture.
enum Spectrum {
    /// Writes the picture to the folder in the environment variable SMARTC_PLOTS, if there is one.
    static func write(_ sounds: [(title: String, sound: [Float])], title: String, name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["SMARTC_PLOTS"] else { return }
        let chart = LineChart(
            title: title, subtitle: "What listeners decode, in decibels of full scale.",
            panels: sounds.map { title, sound in
                .init(
                    title: title, lines: [.init("power", points(of: Array(sound.suffix(19_200))))],
                    x: .init("Hz", range: 0...3000), y: .init("dB", range: -90...0))
            })
        try chart.svg.write(toFile: "\(folder)/\(name).svg", atomically: true, encoding: .utf8)
    }

    private static func points(of sound: [Float]) -> [(x: Double, y: Double)] {
        stride(from: 20.0, through: 3000, by: 20).map { hertz in
            (hertz, Double(max(Signals.decibels(Signals.power(of: hertz, in: sound)), -90)))
        }
    }
}
