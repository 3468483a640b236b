import Plotting

extension LineChart {
    /// Quality over rate, a panel for each clip. nil: there is nothing to show.
    init?(_ results: EncodeResults, _ part: EncodePart, _ length: EncodeLength) {
        let groups = results.groups(part).filter { $0[0].length == length }
        guard !groups.isEmpty else { return nil }
        let isTier = part == .tier
        let panels = groups.map { group in
            let lines = EncodeSeries.allCases.compactMap { series -> Line? in
                let points = group.filter { $0.series == series }.map { point in
                    (
                        x: (isTier ? point.bitsPerSecond : point.bitsPerSecondOnWire) / 1000,
                        y: isTier ? point.quality.vmaf : point.shownQuality.vmaf
                    )
                }
                guard !points.isEmpty else { return nil }
                return Line(
                    series.title, points.sorted { $0.x < $1.x },
                    role: series == .baseline ? .reference : .measured, isDotted: true)
            }
            return Panel(
                title: isTier ? "\(group[0].clip), \(group[0].tier)" : group[0].clip, lines: lines,
                x: Axis(isTier ? "kbit/s" : "kbit/s on the wire", scale: .logarithmic), y: Axis("VMAF"))
        }
        self.init(
            title: isTier
                ? "Quality at the tier's size and \(EncodeStep.tierFramesPerSecond) fps"
                : "Quality of shown pictures on 640x360, headers included",
            subtitle: length == .short ? "clips of up to 10 s" : "30 s and longer", panels: panels)
    }
}
