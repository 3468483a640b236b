/// Results as tables: for a terminal and for a Markdown page.
struct ResultsTable {
    private let results: Results

    init(_ results: Results) {
        self.results = results
    }

    /// For a terminal.
    var text: String {
        var table = Table(header.map { $0.short })
        for row in results.rows { table.add(cells(row)) }
        return ([conditions.joined(separator: "\n"), table.text] + failures).joined(separator: "\n\n")
    }

    /// For a README, without a heading.
    var markdown: String {
        var lines = conditions.map { "- \($0)" }
        lines.append("- `\(results.command)`")
        lines += ["", "| " + header.map { $0.long }.joined(separator: " | ") + " |"]
        lines.append("|" + header.map { _ in "---:|" }.joined())
        for row in results.rows { lines.append("| " + cells(row).joined(separator: " | ") + " |") }
        for failure in results.failures { lines += ["", "Failed: \(failure)"] }
        return lines.joined(separator: "\n") + "\n"
    }

    private var failures: [String] {
        results.failures.isEmpty ? [] : [results.failures.map { "failed: \($0)" }.joined(separator: "\n")]
    }

    private var conditions: [String] {
        let versions = ForwardContestant.allCases.compactMap { contestant in
            results.versions[contestant.rawValue].map { "\(contestant.title) \($0)" }
        }
        var conditions = [
            "\(results.date), \(results.machine.description); load average before: \(decimal(results.machine.loadAverage, 2))",
            versions.joined(separator: "; against "),
            "One publisher of \(results.framesPerSecond) pictures a second in packets of \(results.packetBytes) bytes, "
                + "N subscribers on the same machine; medians of \(results.rounds) "
                + "\(results.rounds == 1 ? "round" : "rounds") of \(results.seconds) s, "
                + "a server started anew for each measurement",
        ]
        let drops = results.samples.reduce(0) { $0 + $1.receiveBufferDrops }
        if drops > 0 {
            conditions.append(
                "\(drops) datagrams found a full receive buffer: at the highest loads this machine was too slow for "
                    + "server and subscribers together, and latency and loss are those of both")
        }
        return conditions
    }

    private var header: [(short: String, long: String)] {
        var header = [("burst", "packets per picture"), ("N", "N")]
        guard let rival = results.rival?.title else {
            return header + [
                ("CPU s/Mpacket", "CPU s per million packets"), ("kB/sub", "kB per subscriber"),
                ("p50/p99 ms", "latency p50 / p99 in ms"), ("loss %", "loss in %"),
                ("CPU %", "CPU in % of a core"),
            ]
        }
        header += [
            ("CPU s/Mpkt", "CPU s per million packets"), ("\(rival)", "\(rival)"), ("ratio", "ratio"),
            ("kB/sub", "kB per subscriber"), ("\(rival)", "\(rival)"), ("ratio", "ratio"),
            ("p50/p99 ms", "latency p50 / p99 in ms"), ("\(rival)", "\(rival)"), ("ratio", "ratio of p50"),
            ("loss %", "loss in %"), ("\(rival)", "\(rival)"),
        ]
        return header
    }

    private func cells(_ row: Results.Row) -> [String] {
        let ours = Self.cells(row.relay)
        let first = ["\(row.burst)", "\(row.subscribers)"]
        guard let rival = row.rival else {
            return first + ours + [Self.text(row.relay.cpuShare.map { $0 * 100 }, 1)]
        }
        let theirs = Self.cells(rival)
        let ratios = [row.ratios?.cpu, row.ratios?.memory, row.ratios?.latencyP50].map { Self.text($0, 1) }
        return first + [
            ours[0], theirs[0], ratios[0], ours[1], theirs[1], ratios[1], ours[2], theirs[2], ratios[2],
            ours[3],
            theirs[3],
        ]
    }

    /// CPU time, memory, latency, loss.
    private static func cells(_ medians: Results.Medians) -> [String] {
        [
            text(medians.cpuSecondsPerMillionPackets, 2),
            text(medians.residentBytesPerSubscriber.map { $0 / 1000 }, 0),
            text(medians.latencyP50Milliseconds, 2) + " / " + text(medians.latencyP99Milliseconds, 2),
            text(medians.lossPercent, 3),
        ]
    }

    private static func text(_ value: Double?, _ digits: Int) -> String {
        value.map { decimal($0, digits) } ?? "-"
    }
}
