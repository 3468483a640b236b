import Endpoint
import FoundationEssentials
import Impairment
import NodeCore
import Plotting
import Wire

/// What a client's link was given, five times a second: for pictures of a run, and to understand one that fails.
struct LinkRecord: CustomStringConvertible {
    struct Sample {
        let second: Double
        let link: Double
        /// In kbit/s: what the client was told last, and what was sent in the last second.
        let estimate: Double
        let sent: Double
        let isWeak: Bool
        let height: Int
        let tier: String?
        let state: String
        let frames: Int
    }

    private static let interval = Duration.milliseconds(200)

    private(set) var samples: [Sample] = []
    private var bytes: [Int] = []

    /// Lets a simulation run and looks at a client meanwhile.
    mutating func run(_ simulation: Simulation, _ client: Client, for duration: Duration) throws {
        let end = simulation.now + duration
        while simulation.now < end {
            simulation.run(for: Self.interval)
            bytes.append(client.wireBytes)
            let snapshot = try simulation.snapshot(of: client)
            let slot = snapshot.slots.first { $0.kind == "video" && $0.reason != .profile }
            let former = bytes.count > 5 ? bytes[bytes.count - 6] : 0
            samples.append(
                Sample(
                    second: Double(samples.count + 1) * Self.interval.inSeconds,
                    link: Double(client.downlink.settings.bitsPerSecond ?? 0) / 1000,
                    estimate: Double(snapshot.bitsPerSecond ?? 0) / 1000,
                    sent: Double((client.wireBytes - former) * 8) / 1000,
                    isWeak: snapshot.profile?.isWeak == true,
                    height: slot?.state == .active ? slot?.height ?? 0 : 0, tier: slot?.tier,
                    state: slot?.state.rawValue ?? "none", frames: client.video.frames))
        }
    }

    var description: String {
        samples.enumerated().filter { $0.offset % 5 == 4 }.map(\.element).map { sample in
            "\(Int(sample.second.rounded())) s: link \(Int(sample.link)), estimate \(Int(sample.estimate)),"
                + " sent \(Int(sample.sent)), \(sample.isWeak ? "weak" : "full"), \(sample.state)"
                + " \(sample.height) \(sample.tier ?? "layer"), \(sample.frames) frames"
        }.joined(separator: "\n")
    }

    /// Writes a picture to the folder in the environment variable SMARTC_PLOTS, if there is one.
    func write(_ name: String, title: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["SMARTC_PLOTS"] else { return }
        let limit = (samples.map(\.link).max() ?? 1) * 1.3
        let time = LineChart.Axis("seconds", range: 0...(samples.last?.second ?? 1))
        func line(
            _ name: String, role: LineChart.Line.Role = .measured, _ value: (Sample) -> Double
        ) -> LineChart.Line {
            .init(name, samples.map { ($0.second, min(value($0), limit)) }, role: role)
        }
        let rates = [
            line("link", role: .reference) { $0.link }, line("estimate") { $0.estimate },
            line("sent") { $0.sent },
        ]
        let chart = LineChart(
            title: title, subtitle: "", columns: 1, panelWidth: 860,
            panels: [
                .init(title: "", lines: rates, x: time, y: .init("kbit/s", range: 0...1), height: 200),
                .init(
                    title: "the same, up to 300 kbit/s",
                    lines: rates.map { $0.clipped(to: 300) }, x: time, y: .init("kbit/s", range: 0...300),
                    height: 120),
                .init(
                    title: "height of what is shown, 0 while nothing new comes",
                    lines: [line("height") { Double($0.height) }], x: time,
                    y: .init("pixels", range: 0...360), height: 80),
                .init(
                    title: "1 while the profile is that of a weak link",
                    lines: [line("profile") { $0.isWeak ? 1 : 0 }], x: time, y: .init("", range: 0...1),
                    height: 40),
            ])
        try chart.svg.write(toFile: "\(folder)/\(name).svg", atomically: true, encoding: .utf8)
    }
}
