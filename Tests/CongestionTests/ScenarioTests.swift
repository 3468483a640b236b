import Congestion
import Impairment
import Testing

/// Subscribers behind bad links, in virtual time. With SMARTC_PLOTS=<folder> in the environment each writes a picture.
@Suite struct ScenarioTests {
    /// What a run printed on failure is understood by.
    private func describe(_ record: Record) -> Comment {
        let flows = record.switches.indices.map { flow in
            let switches = record.switches[flow].map { "\($0.second): \($0.choice)" }.joined(separator: ", ")
            return "\(switches); padding \(record.paddingBytes[flow]), dropped \(record.queueDrops[flow])"
        }
        let estimates = stride(from: 0, to: record.scenario.duration, by: 1).map { second in
            record.samples.map { samples in
                samples.last { $0.second <= Double(second) + 1 }.map { "\($0.estimate / 1000)" } ?? ""
            }.joined(separator: "/") + "~"
                + "\(Int(record.delay(percentile: 0.95, Double(second)..<Double(second + 1)).rounded()))"
        }
        return
            "\(record.scenario.name): \(flows.joined(separator: " | ")), lost \(record.lost)\n\(estimates.joined(separator: " "))"
    }

    /// Video and audio of the best layer of that height, on the wire.
    private func need(_ height: Int) -> Double {
        let layer = ModelSource.simulcast.first { $0.height == height }
        return Double(layer?.bitsPerSecond ?? 0) + 57_600
    }

    private static let steady: [(scenario: Scenario, height: Int)] = [
        (Scenario(name: "5mbit", title: "5 Mbit/s", rates: [(0, 5_000_000)]), 1080),
        (Scenario(name: "1mbit", title: "1 Mbit/s", rates: [(0, 1_000_000)]), 360),
        (Scenario(name: "300kbit", title: "300 kbit/s", rates: [(0, 300_000)]), 180),
        (
            Scenario(
                name: "loss", title: "2 Mbit/s with 2 % random loss",
                link: LinkSettings(delay: .milliseconds(20), loss: .random(0.02)), rates: [(0, 2_000_000)]),
            540
        ),
        (
            Scenario(
                name: "delay", title: "2 Mbit/s, 150 ms each way",
                link: LinkSettings(delay: .milliseconds(150)), rates: [(0, 2_000_000)],
                back: LinkSettings(delay: .milliseconds(150))), 540
        ),
        (
            Scenario(
                name: "jitter", title: "2 Mbit/s with 20 ms of jitter",
                link: LinkSettings(delay: .milliseconds(20), jitter: .milliseconds(20)),
                rates: [(0, 2_000_000)]),
            540
        ),
        (
            Scenario(
                name: "feedback-loss", title: "2 Mbit/s, 20 % of the feedback lost",
                rates: [(0, 2_000_000)],
                back: LinkSettings(delay: .milliseconds(20), loss: .random(0.2)),
                feedbackInterval: .milliseconds(50)), 540
        ),
    ]

    @Test(arguments: steady.indices, [UInt64(1), 2, 3])
    func `a steady link is used and left without a queue`(index: Int, seed: UInt64) throws {
        let height = Self.steady[index].height
        var scenario = Self.steady[index].scenario
        scenario.seed = seed
        let record = scenario.run()
        if seed == 1 { try Plot.write(record) }
        let whole = 5.0..<Double(scenario.duration)
        #expect(record.settled(at: height, 0..<60) ?? .infinity <= 15, describe(record))
        #expect(record.switchesPerFiveSeconds(15..<60) <= 1, describe(record))
        #expect(
            record.goodput(15..<60) >= 0.8 * min(Double(scenario.rates[0].bitsPerSecond), need(height)),
            describe(record))
        #expect(record.delay(percentile: 0.95, whole) < 150, describe(record))
    }

    @Test(arguments: [300, 1000], [UInt64(1), 2, 3, 4, 5])
    func `a link that falls and recovers is followed`(queueMilliseconds: Int, seed: UInt64) throws {
        let scenario = Scenario(
            name: queueMilliseconds == 300 ? "drop" : "drop-bloat",
            title: "2 Mbit/s, 250 kbit/s, 2 Mbit/s; the queue takes \(queueMilliseconds) ms", duration: 90,
            link: LinkSettings(
                delay: .milliseconds(20), queueLimit: .time(.milliseconds(queueMilliseconds))),
            rates: [(0, 2_000_000), (20, 250_000), (50, 2_000_000)], seed: seed)
        let record = scenario.run()
        if seed == 1 { try Plot.write(record) }
        #expect(record.settled(at: 180, 20..<50) ?? .infinity <= 5, describe(record))
        #expect(record.settled(at: 540, 50..<90) ?? .infinity <= 15, describe(record))
        // A queue of a second is full before anything can be known, and takes its time to drain.
        let from = queueMilliseconds == 300 ? 20.0 : 25
        #expect(record.delay(percentile: 0.95, from..<50) < 150, describe(record))
        #expect(record.switchesPerFiveSeconds(25..<50) <= 1, describe(record))
        #expect(record.switchesPerFiveSeconds(65..<90) <= 1, describe(record))
        #expect(record.goodput(25..<50) >= 0.8 * need(180), describe(record))
        #expect(record.goodput(65..<90) >= 0.8 * need(540), describe(record))
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `two flows share a link fairly`(seed: UInt64) throws {
        let scenario = Scenario(
            name: "two-flows", title: "Two subscribers behind 3 Mbit/s, the second from second 20 on",
            duration: 120,
            rates: [(0, 3_000_000)], flows: [0, 20], slots: [ModelSource.fine], seed: seed)
        let record = scenario.run()
        if seed == 1 { try Plot.write(record) }
        let rates = [record.goodput(60..<120, flow: 0), record.goodput(60..<120, flow: 1)]
        #expect(max(rates[0], rates[1]) / min(rates[0], rates[1]) < 1.5, describe(record))
        #expect(rates[0] + rates[1] >= 0.8 * 3_000_000, describe(record))
        #expect(record.delay(percentile: 0.95, 30..<120) < 150, describe(record))
    }

    @Test func `several slots are served by priority within the estimate`() throws {
        let scenario = Scenario(
            name: "four-slots", title: "Four sources over 2 Mbit/s", rates: [(0, 2_000_000)],
            slots: Array(repeating: ModelSource.simulcast, count: 4))
        let record = scenario.run()
        try Plot.write(record)
        #expect(record.goodput(15..<60) >= 0.8 * (1_200_000 + 57_600), describe(record))
        #expect(record.delay(percentile: 0.95, 5..<60) < 150, describe(record))
        #expect(record.switchesPerFiveSeconds(15..<60) <= 1, describe(record))
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
    func `losses and jitter do not make the estimate collapse`(seed: UInt64) {
        let scenario = Scenario(
            name: "adverse", title: "",
            link: LinkSettings(
                delay: .milliseconds(60), jitter: .milliseconds(20), loss: .random(0.02)),
            rates: [(0, 1_500_000)], back: LinkSettings(delay: .milliseconds(60), loss: .random(0.1)),
            seed: seed)
        let record = scenario.run()
        let lowest = record.estimates(10..<60).min() ?? 0
        #expect(lowest > 500_000, describe(record))
        #expect(record.switches[0].count { $0.second > 15 } <= 6, describe(record))
    }
}
