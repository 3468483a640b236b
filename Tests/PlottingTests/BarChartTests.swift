import Testing

@testable import Plotting

@Suite struct BarChartTests {
    private func chart(_ values: [Double?]) -> String {
        BarChart(
            title: "A & B", subtitle: "<less> is better", series: values.indices.map { "series \($0)" },
            groupAxis: "N =", panels: [.init(title: "one", groups: [("10", values)])]
        ).svg
    }

    @Test func `texts cannot break the picture`() {
        let svg = chart([1])
        #expect(svg.contains("A &amp; B") && svg.contains("&lt;less&gt; is better"))
    }

    @Test func `the largest value has the whole height and a missing one no bar`() {
        let svg = chart([10, 5, nil])
        #expect(svg.contains("height=\"140.0\"") && svg.contains("height=\"70.0\""))
        // Two bars, and three in the legend.
        #expect(svg.split(separator: "<rect").count - 1 == 5)
    }
}
