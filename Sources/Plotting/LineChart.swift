/// Panels of lines over a common kind of axis: rates over time, quality over rates.
package struct LineChart {
    /// One line. Lines of one name have one colour in all panels.
    package struct Line {
        /// What it stands for.
        package enum Role {
            case measured
            /// Something to compare with: grey and dashed.
            case reference
        }

        let name: String
        let role: Role
        let points: [(x: Double, y: Double)]
        /// Whether each point has a dot.
        let isDotted: Bool

        package init(
            _ name: String, _ points: [(x: Double, y: Double)], role: Role = .measured, isDotted: Bool = false
        ) {
            self.name = name
            self.points = points
            self.role = role
            self.isDotted = isDotted
        }

        /// The same with no value above this.
        package func clipped(to limit: Double) -> Line {
            Line(name, points.map { ($0.x, min($0.y, limit)) }, role: role, isDotted: isDotted)
        }
    }

    /// How values become places.
    package enum Scale {
        case linear
        /// Equal ratios take equal room; values have to be above 0.
        case logarithmic
    }

    package struct Panel {
        let title: String
        let lines: [Line]
        let x: Axis
        let y: Axis
        /// Of the plot, without title and labels.
        let height: Double

        package init(title: String, lines: [Line], x: Axis, y: Axis, height: Double = 170) {
            self.title = title
            self.lines = lines
            self.x = x
            self.y = y
            self.height = height
        }
    }

    private static let top = 62.0
    private static let left = 46.0
    private static let right = 14.0
    /// Above a plot its title, below it the labels of its axis.
    private static let above = 24.0
    private static let below = 40.0

    private let title: String
    private let subtitle: String
    private let columns: Int
    private let panelWidth: Double
    private let panels: [Panel]

    /// - Parameters:
    ///   - columns: panels beside each other; those of a row are as high as the first.
    ///   - panelWidth: with its labels.
    package init(
        title: String, subtitle: String, columns: Int = 2, panelWidth: Double = 410, panels: [Panel]
    ) {
        self.title = title
        self.subtitle = subtitle
        self.columns = max(columns, 1)
        self.panelWidth = panelWidth
        self.panels = panels
    }

    package var svg: String {
        let width = panelWidth * Double(columns)
        var lines = [
            Drawing.text(title, x: 24, y: 22, "head"), Drawing.text(subtitle, x: 24, y: 40, "label"),
        ]
        lines += Drawing.legend(
            names.map { ($0.name, "s\($0.colour)") }, right: width - Self.right, y: 56)
        var y = Self.top
        for row in stride(from: 0, to: panels.count, by: columns) {
            for (column, panel) in panels[row..<min(row + columns, panels.count)].enumerated() {
                lines += draw(panel, x: Double(column) * panelWidth, y: y, height: panels[row].height)
            }
            y += panels[row].height + Self.above + Self.below
        }
        return Drawing.document(title, width: width, height: y, lines)
    }

    /// Each name once, in order, with the end of its classes.
    private var names: [(name: String, colour: String)] {
        var names: [(name: String, colour: String)] = []
        var colours = 0
        for line in panels.flatMap(\.lines) where !names.contains(where: { $0.name == line.name }) {
            switch line.role {
            case .reference: names.append((line.name, "r"))
            case .measured:
                names.append((line.name, "\(colours % Drawing.colours)"))
                colours += 1
            }
        }
        return names
    }

    private func draw(_ panel: Panel, x: Double, y: Double, height: Double) -> [String] {
        let points = panel.lines.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        let across = panel.x.placed(points.map(\.x), from: x + Self.left, to: x + panelWidth - Self.right)
        let base = y + Self.above + height
        let up = panel.y.placed(points.map(\.y), from: base, to: y + Self.above)
        var lines = [Drawing.text(panel.title, x: x + Self.left, y: y + 14, "panel")]
        for tick in up.ticks {
            let place = up.place(tick)
            lines.append(Drawing.line("grid", (across.start, place), (across.end, place)))
            lines.append(Drawing.text(Drawing.short(tick), x: across.start - 5, y: place + 4, "label end"))
        }
        for tick in across.ticks {
            let place = across.place(tick)
            lines.append(Drawing.line("grid", (place, base), (place, up.end)))
            lines.append(Drawing.text(Drawing.short(tick), x: place, y: base + 14, "label middle"))
        }
        lines.append(Drawing.text(panel.x.label, x: across.end, y: base + 28, "label end"))
        lines.append(Drawing.text(panel.y.label, x: x + 8, y: y + 14, "label"))
        for line in panel.lines {
            let colour = names.first { $0.name == line.name }?.colour ?? "r"
            let places = line.points.filter { $0.x.isFinite && $0.y.isFinite }
                .map { (x: across.place($0.x), y: up.place($0.y)) }
            guard !places.isEmpty else { continue }
            let steps = places.map { "\(Drawing.number($0.x)) \(Drawing.number($0.y))" }
            lines.append("<path class=\"l\(colour)\" d=\"M\(steps.joined(separator: "L"))\"/>")
            guard line.isDotted else { continue }
            lines += places.map {
                "<circle class=\"s\(colour)\" cx=\"\(Drawing.number($0.x))\" cy=\"\(Drawing.number($0.y))\" r=\"2.5\"/>"
            }
        }
        return lines
    }
}
