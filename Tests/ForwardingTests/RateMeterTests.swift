import Testing
import Wire

@testable import Forwarding

@Suite struct RateMeterTests {
    @Test func `nothing is no rate`() {
        var meter = RateMeter()
        let rate = meter.bitsPerSecond(at: .milliseconds(100))
        #expect(rate == 0)
    }

    @Test func `a steady stream has its rate`() {
        var meter = RateMeter()
        // 1250 bytes every 10 ms are 1 Mbit/s.
        for step in 0..<500 { meter.add(bytes: 1250, at: .milliseconds(Int64(step) * 10)) }
        let rate = meter.bitsPerSecond(at: .milliseconds(5000))
        #expect(rate == 1_000_000)
    }

    @Test func `the rate follows within a second`() {
        var meter = RateMeter()
        for step in 0..<300 {
            meter.add(bytes: step < 200 ? 1250 : 2500, at: .milliseconds(Int64(step) * 10))
        }
        let rate = meter.bitsPerSecond(at: .milliseconds(3000))
        #expect(rate == 2_000_000)
    }

    @Test func `a stream that stops has no rate after a second`() {
        var meter = RateMeter()
        for step in 0..<100 { meter.add(bytes: 1250, at: .milliseconds(Int64(step) * 10)) }
        let rate = meter.bitsPerSecond(at: .milliseconds(2500))
        #expect(rate == 0)
    }
}
