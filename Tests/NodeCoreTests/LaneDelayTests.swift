import Testing
import Wire

@testable import NodeCore

@Suite struct LaneDelayTests {
    @Test func `a share of the delays was not longer`() {
        var delay = LaneDelay()
        #expect(delay.quantile(0.5) == nil)
        for milliseconds in (1...100).reversed() { delay.note(.milliseconds(milliseconds)) }
        #expect(delay.quantile(0.5) == .milliseconds(50))
        #expect(delay.quantile(0.95) == .milliseconds(95))
        #expect(delay.quantile(1) == .milliseconds(100))
    }

    @Test func `old delays are forgotten`() {
        var delay = LaneDelay()
        delay.note(.seconds(9))
        for _ in 0..<256 { delay.note(.milliseconds(3)) }
        #expect(delay.quantile(1) == .milliseconds(3))
    }

    @Test func `pictures are known by their timestamps for a while`() {
        var arrivals = PictureArrivals()
        for number in 0..<65 {
            arrivals.note(UInt32(number) * 3000, at: Instant(nanoseconds: Int64(number)))
        }
        #expect(arrivals.time(of: 0) == nil)
        #expect(arrivals.time(of: 3000) == Instant(nanoseconds: 1))
        #expect(arrivals.time(of: 64 * 3000) == Instant(nanoseconds: 64))
        #expect(arrivals.time(of: 65 * 3000) == nil)
    }
}
