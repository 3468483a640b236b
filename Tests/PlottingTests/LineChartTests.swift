import Testing

@testable import Plotting

@Suite struct LineChartTests {
    @Test func `ticks are round and within the axis`() {
        let axis = LineChart.Axis("kbit/s").placed([13, 96], from: 0, to: 100)
        #expect(axis.ticks == [20, 40, 60, 80])
        #expect(axis.place(13) == 0 && axis.place(96) == 100)
    }

    @Test func `equal ratios take equal room on a logarithmic axis`() {
        let axis = LineChart.Axis("kbit/s", scale: .logarithmic).placed([10, 1000, 0], from: 0, to: 200)
        #expect(axis.ticks == [10, 20, 50, 100, 200, 500, 1000])
        #expect((axis.place(100) - 100).magnitude < 1e-9)
    }

    @Test(arguments: [[], [5], [0, 0], [-3.5, -3.5]]) func `an axis of one value or none has room`(
        _ values: [Double]
    ) {
        for scale in [LineChart.Scale.linear, .logarithmic] {
            let axis = LineChart.Axis("", scale: scale).placed(values, from: 0, to: 100)
            #expect(axis.low < axis.high)
            #expect(axis.ticks.count < 20)
        }
    }

    @Test func `a name has one colour in all panels and references have none`() {
        let panel = LineChart.Panel(
            title: "p",
            lines: [
                .init("link", [(0, 1), (1, 1)], role: .reference),
                .init("sent", [(0, 0), (1, 2)], isDotted: true),
            ], x: .init("s"), y: .init("kbit/s"))
        let svg = LineChart(title: "t", subtitle: "", panels: [panel, panel, panel]).svg
        #expect(svg.split(separator: "<path class=\"l0\"").count == 4)
        #expect(svg.split(separator: "<path class=\"lr\"").count == 4)
        #expect(svg.split(separator: "<circle").count == 7)
        // Two rows of panels.
        #expect(svg.contains("height=\"530.0\""))
    }

    @Test func `values that are no numbers are left out`() {
        let panel = LineChart.Panel(
            title: "p", lines: [.init("a", [(0, .nan), (1, 2), (.infinity, 3)])], x: .init(""), y: .init(""))
        #expect(!LineChart(title: "t", subtitle: "", panels: [panel]).svg.contains("nan"))
    }
}
