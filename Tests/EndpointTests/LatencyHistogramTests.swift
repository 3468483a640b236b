import Testing
import Wire

@testable import Endpoint

@Suite struct LatencyHistogramTests {
    @Test func `a percentile is at most an eighth above the exact one`() {
        var histogram = LatencyHistogram()
        for microseconds in 1...10_000 { histogram.add(.microseconds(microseconds)) }
        #expect(histogram.count == 10_000)
        #expect(histogram.maximum == .milliseconds(10))
        for (share, exact) in [(0.5, 5000.0), (0.9, 9000.0), (0.99, 9900.0)] {
            let found = histogram.percentile(share).inSeconds * 1e6
            #expect(found >= exact && found <= exact * 1.13, "\(share): \(found)")
        }
        #expect(histogram.percentile(1) == .milliseconds(10))
    }

    @Test func `no time at all and ages are counted too`() {
        var histogram = LatencyHistogram()
        histogram.add(.zero)
        histogram.add(.seconds(100_000))
        #expect(histogram.count == 2)
        #expect(histogram.maximum == .seconds(100_000))
    }
}
