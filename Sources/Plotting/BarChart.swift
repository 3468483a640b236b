/// Panels of grouped bars.
package struct BarChart {
    /// One diagram: for each group a bar of each series, on a linear scale from 0.
    package struct Panel {
        let title: String
        /// A group's label, and a value of each series; nil leaves its place empty.
        let groups: [(label: String, values: [Double?])]

        package init(title: String, groups: [(label: String, values: [Double?])]) {
            self.title = title
            self.groups = groups
        }
    }

    private static let columns = 2
    private static let panelWidth = 410.0
    private static let panelHeight = 220.0
    private static let top = 62.0
    private static let plotHeight = 140.0
    private static let plotMargin = 24.0

    private let title: String
    private let subtitle: String
    private let series: [String]
    private let groupAxis: String
    private let panels: [Panel]

    package init(title: String, subtitle: String, series: [String], groupAxis: String, panels: [Panel]) {
        self.title = title
        self.subtitle = subtitle
        self.series = series
        self.groupAxis = groupAxis
        self.panels = panels
    }

    package var svg: String {
        let width = Self.panelWidth * Double(Self.columns)
        let rows = (panels.count + Self.columns - 1) / Self.columns
        var lines = [
            Drawing.text(title, x: Self.plotMargin, y: 22, "head"),
            Drawing.text(subtitle, x: Self.plotMargin, y: 40, "label"),
        ]
        lines += Drawing.legend(
            series.enumerated().map { ($1, "s\($0)") }, right: width - Self.plotMargin, y: 22)
        for (index, panel) in panels.enumerated() {
            let x = Double(index % Self.columns) * Self.panelWidth
            let y = Self.top + Double(index / Self.columns) * Self.panelHeight
            lines += draw(panel, x: x, y: y)
        }
        return Drawing.document(
            title, width: width, height: Self.top + Self.panelHeight * Double(rows), lines)
    }

    private func draw(_ panel: Panel, x: Double, y: Double) -> [String] {
        let left = x + Self.plotMargin
        let width = Self.panelWidth - 2 * Self.plotMargin
        let base = y + 34 + Self.plotHeight
        var lines = [Drawing.text(panel.title, x: left, y: y + 14, "panel")]
        let largest = panel.groups.flatMap(\.values).compactMap { $0 }.max() ?? 0
        let groupWidth = width / Double(max(panel.groups.count, 1))
        let barWidth = groupWidth * 0.76 / Double(max(series.count, 1))
        for (number, group) in panel.groups.enumerated() {
            let start = left + groupWidth * (Double(number) + 0.12)
            for (index, value) in group.values.enumerated() {
                guard let value, value.isFinite else { continue }
                let height = largest > 0 ? max(value / largest * Self.plotHeight, 1) : 1
                let barX = start + barWidth * Double(index)
                lines.append(
                    Drawing.bar(
                        "s\(index % Drawing.colours)", x: barX + 1, y: base - height, width: barWidth - 2,
                        height: height))
                lines.append(
                    Drawing.text(
                        Drawing.short(value), x: barX + barWidth / 2, y: base - height - 4, "value"))
            }
            let middle = left + groupWidth * (Double(number) + 0.5)
            lines.append(Drawing.text("\(groupAxis) \(group.label)", x: middle, y: base + 15, "label middle"))
        }
        lines.append(Drawing.line("axis", (left, base), (left + width, base)))
        return lines
    }
}
