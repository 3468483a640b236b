import NodeCore
import Testing

@testable import Signaling

@Suite struct MetricsTextTests {
    @Test func `help texts and label values are escaped, each by its own rule`() {
        let family = MetricFamily(
            name: "smartc_x_total", help: "A \"quoted\" \\ and\nbroken text", kind: .counter,
            samples: [.init(labels: [("a", "say \"hi\"\\\n"), ("b", "")], value: 1)])
        #expect(
            MetricsText.render([family]) == #"""
                # HELP smartc_x_total A "quoted" \\ and\nbroken text
                # TYPE smartc_x_total counter
                smartc_x_total{a="say \"hi\"\\\n",b=""} 1

                """#)
    }

    @Test(
        arguments: [
            (0, "0"), (-3, "-3"), (9_007_199_254_740_992, "9007199254740992"), (0.25, "0.25"),
            (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
        ] as [(Double, String)])
    func `values are written as Prometheus reads them`(value: Double, text: String) {
        let family = MetricFamily(name: "smartc_y", help: "", kind: .gauge, samples: [.init(value: value)])
        #expect(MetricsText.render([family]).hasSuffix("smartc_y \(text)\n"))
    }
}
