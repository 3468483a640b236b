import RateQuality

/// Results of `relay-bench encode` as tables: for a terminal and for a Markdown page.
struct EncodeTable {
    private struct Section {
        let title: String
        let header: [String]
        let rows: [[String]]
    }

    private let results: EncodeResults

    init(_ results: EncodeResults) {
        self.results = results
    }

    /// For a terminal.
    var text: String {
        var parts = [conditions.joined(separator: "\n")]
        for section in sections {
            var table = Table(section.header)
            for row in section.rows { table.add(row) }
            parts.append(section.title + "\n" + table.text)
        }
        parts += results.failures.map { "failed: \($0)" }
        return parts.joined(separator: "\n\n")
    }

    /// For a page, without its heading.
    var markdown: String {
        var lines = conditions.map { "- \($0)" } + ["- `\(results.command)`"]
        for section in sections {
            lines += ["", "### \(section.title)", "", "| " + section.header.joined(separator: " | ") + " |"]
            lines.append("|---|" + section.header.dropFirst().map { _ in "---:|" }.joined())
            lines += section.rows.map { "| " + $0.joined(separator: " | ") + " |" }
        }
        for failure in results.failures { lines += ["", "Failed: \(failure)"] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The averages alone, for a README.
    var summary: String {
        let tier = tierSections.flatMap { section in
            section.rows.last.map {
                ["| \(section.title) | " + $0.dropFirst().joined(separator: " | ") + " |"]
            } ?? []
        }
        let viewer = viewerSections.flatMap { section in
            section.rows.last.map {
                ["| \(section.title) | " + $0.dropFirst().joined(separator: " | ") + " |"]
            } ?? []
        }
        let names = results.series.map(\.title)
        let header = [
            "| mean over the clips | " + names.joined(separator: " | ") + " |",
            "|---|" + names.map { _ in "---:|" }.joined(),
        ]
        return (header + tier + viewer).joined(separator: "\n") + "\n"
    }

    private var sections: [Section] { tierSections + viewerSections + [costSection] }

    private var conditions: [String] {
        [
            "\(results.date), \(results.machine.description)"
                + (results.build.map { "; smartc-relay \($0)" } ?? ""),
            "VMAF v0.6.1 by libvmaf, mean over pictures; rates of \(results.points.count) encodes; what costs "
                + "more and shows less than another point is left out of a curve",
        ]
    }

    // MARK: - Equal size and rate of pictures

    private var tierSections: [Section] {
        var sections: [Section] = []
        for tier in unique(results.tierRows.map(\.tier)) {
            for length in EncodeLength.allCases {
                let rows = results.tierRows.filter { $0.tier == tier && $0.length == length }
                guard !rows.isEmpty else { continue }
                let clips = unique(rows.map(\.clip))
                var cells = clips.map { clip in
                    [clip]
                        + results.series.map { series in
                            percent(
                                rows.first { $0.clip == clip && $0.series == series }?.vmaf?.percent)
                        }
                }
                cells.append(
                    ["mean"]
                        + results.series.map { series in
                            percent(
                                mean(rows.filter { $0.series == series }.compactMap { $0.vmaf?.percent }))
                        })
                sections.append(
                    Section(
                        title: "Bits at equal VMAF, \(tier) at \(EncodeStep.tierFramesPerSecond) fps, "
                            + (length == .short ? "clips of up to 10 s" : "30 s and longer"),
                        header: ["against libwebrtc VP8"] + results.series.map(\.title), rows: cells))
            }
        }
        return sections
    }

    // MARK: - What a viewer sees

    private var viewerSections: [Section] {
        var sections: [Section] = []
        for length in EncodeLength.allCases {
            let rows = results.viewerRows.filter { $0.length == length }
            guard !rows.isEmpty else { continue }
            let clips = unique(rows.map(\.clip))
            var cells = clips.map { clip in
                [clip]
                    + results.series.map { series in
                        let row = rows.first { $0.clip == clip && $0.series == series }
                        if let share = row?.share { return share100(share) }
                        return row?.shareAtMost.map { "< " + share100($0) } ?? "not reached"
                    }
            }
            cells.append(
                ["mean"]
                    + results.series.map { series in
                        let shares = rows.filter { $0.series == series }.map { $0.share ?? $0.shareAtMost }
                        let known = shares.compactMap { $0 }
                        return known.count == shares.count ? mean(known).map(share100) ?? "-" : "-"
                    })
            sections.append(
                Section(
                    title:
                        "Bits on the wire for the VMAF that 320x180 at 30 fps and 150 kbit/s has on 640x360, "
                        + (length == .short ? "clips of up to 10 s" : "30 s and longer"),
                    header: ["share of libwebrtc's"] + results.series.map(\.title), rows: cells))
        }
        return sections
    }

    // MARK: - CPU time

    private var costSection: Section {
        let series = EncodeSeries.allCases.filter { one in results.points.contains { $0.series == one } }
        let rows = EncodePart.allCases.compactMap { part -> [String]? in
            guard results.points.contains(where: { $0.part == part }) else { return nil }
            return [part == .tier ? "tier's size" : "viewer, free size"]
                + series.map { one in
                    let points = results.points.filter { $0.part == part && $0.series == one }
                    return points.isEmpty
                        ? "-" : decimal(EncodeResults.mean(points, \.millisecondsPerFrame), 2)
                }
        }
        return Section(
            title: "CPU time for a coded picture in ms: scaling, change map and coding",
            header: ["mean over clips and rates"] + series.map(\.title), rows: rows)
    }

    private func unique(_ names: [String]) -> [String] {
        names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    private func percent(_ value: Double?) -> String {
        value.map { "\(decimal($0, 1)) %" } ?? "-"
    }

    private func share100(_ share: Double) -> String { "\(decimal(share * 100, 0)) %" }
}

extension EncodeResults {
    /// What is compared with the baseline.
    var series: [EncodeSeries] {
        EncodeSeries.allCases.filter { series in
            series != .baseline && points.contains { $0.series == series }
        }
    }
}
