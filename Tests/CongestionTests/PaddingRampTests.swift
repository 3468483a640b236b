import Testing
import Wire

@testable import Congestion

@Suite struct PaddingRampTests {
    private static let start = Instant(nanoseconds: 5_000_000_000)
    private let wish = ProbeController.Wish(next: 600_000, all: 2_000_000)

    /// Bytes of padding in a second beside media.
    private func padded(_ ramp: inout PaddingRamp, beside mediaBytes: Int, from start: Instant) -> Int {
        var sum = 0
        for tick in 0..<1000 {
            let now = start + .milliseconds(tick)
            if tick % 40 == 0 { ramp.sent(bytes: mediaBytes / 25, at: now) }
            while let bytes = ramp.padding(at: now) {
                ramp.sent(bytes: bytes + 28, at: now)
                sum += bytes + 28
            }
        }
        return sum
    }

    @Test func `it makes up for what media leaves of the estimate`() {
        var ramp = PaddingRamp()
        ramp.update(estimate: 200_000, wish: wish, isOverfull: false, at: Self.start)
        let sum = padded(&ramp, beside: 20_000, from: Self.start)
        #expect(abs(sum - 5000) < 1000)
    }

    @Test func `nothing is padded that nobody wants, or while the link is overfull`() {
        var ramp = PaddingRamp()
        ramp.update(estimate: 200_000, wish: nil, isOverfull: false, at: Self.start)
        let unwanted = ramp.isFilling
        ramp.update(estimate: 200_000, wish: wish, isOverfull: true, at: Self.start)
        let overfull = ramp.isFilling
        ramp.update(estimate: 700_000, wish: wish, isOverfull: false, at: Self.start)
        #expect(!unwanted && !overfull && !ramp.isFilling)
        #expect(ramp.padding(at: Self.start + .seconds(1)) == nil && ramp.deadline == nil)
    }

    @Test func `it ends when the estimate stalls, and comes again later and later`() {
        var ramp = PaddingRamp()
        var began: [Int] = []
        for second in 0..<120 {
            let wasFilling = ramp.isFilling
            ramp.update(
                estimate: 200_000, wish: wish, isOverfull: false, at: Self.start + .seconds(second))
            if ramp.isFilling, !wasFilling { began.append(second) }
        }
        #expect(began == [0, 15, 40, 85])
    }

    @Test func `it goes on while the estimate grows, and ends when the next layer fits`() {
        var ramp = PaddingRamp()
        var estimate = 200_000
        var end: Int?
        for second in 0..<30 where end == nil {
            ramp.update(
                estimate: estimate, wish: wish, isOverfull: false, at: Self.start + .seconds(second))
            if !ramp.isFilling { end = second }
            estimate = estimate * 108 / 100
        }
        #expect(end == 16)
    }
}
