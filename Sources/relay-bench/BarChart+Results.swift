import Plotting

extension BarChart {
    /// CPU time and latency for each size of burst, memory once: with the first.
    init(_ results: Results) {
        var contestants = [ForwardContestant.relay]
        if let rival = results.rival { contestants.append(rival) }
        var bursts: [Int] = []
        for row in results.rows where !bursts.contains(row.burst) { bursts.append(row.burst) }

        func panel(_ title: String, _ burst: Int, _ value: (Results.Medians) -> Double?) -> Panel {
            Panel(
                title: title,
                groups: results.rows.filter { $0.burst == burst }.map { row in
                    let medians = [row.relay] + (row.rival.map { [$0] } ?? [])
                    return ("\(row.subscribers)", medians.map(value))
                })
        }
        var panels = bursts.map { burst in
            panel("CPU seconds per million packets, bursts of \(burst)", burst, \.cpuSecondsPerMillionPackets)
        }
        if let first = bursts.first {
            panels.append(
                panel("Memory per subscriber, kB", first) { $0.residentBytesPerSubscriber.map { $0 / 1000 } })
            panels.append(panel("Latency p50, ms, bursts of \(first)", first, \.latencyP50Milliseconds))
        }
        self.init(
            title: contestants.map(\.title).joined(separator: " and ") + ": what forwarding costs",
            subtitle:
                "\(results.date.prefix(10)), \(results.machine.processor), \(results.machine.cores) cores; "
                + "less is better",
            series: contestants.map(\.title), groupAxis: "N =", panels: panels)
    }
}
