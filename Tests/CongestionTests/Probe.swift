import Testing
@testable import Congestion

@Suite struct Exploration {
    @Test func `explore`() {
        let all: [Scenario] = [
            Scenario(name: "5m", title: "5", rates: [(0, 5_000_000)]),
            Scenario(name: "1m", title: "1", rates: [(0, 1_000_000)]),
            Scenario(name: "300k", title: "300", rates: [(0, 300_000)]),
            Scenario(name: "drop", title: "drop", duration: 90, rates: [(0, 2_000_000), (20, 250_000), (50, 2_000_000)]),
        ]
        for scenario in all {
            let record = scenario.run()
            print("== \(scenario.name) lost \(record.lost) drops \(record.queueDrops) padding \(record.paddingBytes)")
            print(" p95", record.delay(percentile: 0.95, 5..<Double(scenario.duration)), "p95 low", record.delay(percentile: 0.95, 20..<50))
            print(" switches", record.switches[0].map { "\($0.second): \($0.choice)" })
            for t in stride(from: 0, to: scenario.duration, by: 1) {
                let span = Double(t)..<Double(t + 1)
                let s = record.samples[0].filter { span.contains($0.second) }
                print(t, "est", (s.map { $0.estimate / 1000 }), "sent", Int(s.reduce(0) { $0 + $1.sent } / 10000), "h", s.last?.height ?? 0, "p50", Int(record.delay(percentile: 0.5, span).rounded()), "max", Int(record.delay(percentile: 1, span)))
            }
        }
    }
}
