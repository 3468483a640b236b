import Testing
import Wire

@testable import Congestion

@Suite struct ProbeTests {
    private static let start = Instant(nanoseconds: 9_000_000_000)

    /// Sends all padding that is asked for, in steps of a millisecond; returns what went out and how long it took.
    private func send(_ prober: inout ProbeController, from begin: Instant) -> (
        bytes: Int, packets: Int, milliseconds: Int
    ) {
        var bytes = 0
        var packets = 0
        for millisecond in 0..<400 {
            let now = begin + .milliseconds(millisecond)
            prober.advance(to: now)
            while let size = prober.padding(at: now) {
                prober.sent(bytes: size + BandwidthEstimator.headerBytes, at: now)
                bytes += size + BandwidthEstimator.headerBytes
                packets += 1
            }
            if packets > 0, prober.cluster == 0 { return (bytes, packets, millisecond) }
        }
        return (bytes, packets, 400)
    }

    @Test func `nothing is probed that nobody wants`() {
        var prober = ProbeController(estimate: 300_000)
        prober.update(estimate: 300_000, wish: nil, isCongested: false, at: Self.start)
        prober.advance(to: Self.start)
        #expect(prober.padding(at: Self.start) == nil)
        #expect(prober.deadline(isQueueEmpty: true) == nil)
        prober.update(
            estimate: 300_000, wish: .init(next: 200_000, all: 250_000), isCongested: false, at: Self.start)
        prober.advance(to: Self.start)
        #expect(prober.padding(at: Self.start) == nil)
    }

    @Test func `the first burst has three times the estimate, and one that was carried is doubled`() {
        var prober = ProbeController(estimate: 300_000)
        let wish = ProbeController.Wish(next: 700_000, all: 3_000_000)
        prober.update(estimate: 300_000, wish: wish, isCongested: false, at: Self.start)
        let first = send(&prober, from: Self.start)
        #expect(first.packets >= 8)
        #expect(abs(first.bytes - 4500) < 700)
        #expect(abs(first.milliseconds - 38) <= 5)
        let later = Self.start + .milliseconds(100)
        prober.finish(
            ProbeResult(cluster: 1, bitsPerSecond: 890_000, isLimit: false), estimate: 890_000, at: later)
        let second = send(&prober, from: later)
        #expect(abs(second.bytes - 9000) < 1400)
        prober.finish(
            ProbeResult(cluster: 2, bitsPerSecond: 1_000_000, isLimit: true), estimate: 1_000_000,
            at: later + .milliseconds(100))
        #expect(prober.deadline(isQueueEmpty: true) == later + .milliseconds(100) + .seconds(3))
    }

    @Test func `without an answer or without padding it rests and tries again`() {
        var prober = ProbeController(estimate: 300_000)
        let wish = ProbeController.Wish(next: 700_000, all: 3_000_000)
        prober.update(estimate: 300_000, wish: wish, isCongested: false, at: Self.start)
        prober.advance(to: Self.start)
        #expect(prober.cluster == 1)
        prober.advance(to: Self.start + .milliseconds(500))
        #expect(prober.cluster == 0)
        prober.advance(to: Self.start + .milliseconds(3600))
        #expect(prober.cluster == 2)
        _ = send(&prober, from: Self.start + .milliseconds(3600))
        prober.advance(to: Self.start + .milliseconds(3700))
        #expect(prober.cluster == 0)
        prober.advance(to: Self.start + .seconds(10))
        prober.advance(to: Self.start + .seconds(20))
        #expect(prober.cluster == 3)
    }

    @Test func `while something waits no burst begins but the first`() {
        var prober = ProbeController(estimate: 300_000)
        let wish = ProbeController.Wish(next: 700_000, all: 3_000_000)
        prober.update(estimate: 300_000, wish: wish, isCongested: false, at: Self.start)
        prober.advance(to: Self.start, isQueueEmpty: false)
        #expect(prober.cluster == 1)
        _ = send(&prober, from: Self.start)
        prober.finish(
            ProbeResult(cluster: 1, bitsPerSecond: 400_000, isLimit: true), estimate: 400_000,
            at: Self.start + .milliseconds(100))
        let later = Self.start + .seconds(5)
        prober.advance(to: later, isQueueEmpty: false)
        #expect(prober.cluster == 0 && prober.deadline(isQueueEmpty: false) == nil)
        prober.advance(to: later)
        #expect(prober.cluster == 2)
    }

    @Test func `after overuse the link is left alone for three seconds`() {
        var prober = ProbeController(estimate: 300_000)
        let wish = ProbeController.Wish(next: 700_000, all: 3_000_000)
        prober.update(estimate: 300_000, wish: wish, isCongested: true, at: Self.start)
        prober.advance(to: Self.start + .milliseconds(2900))
        #expect(prober.cluster == 0)
        prober.advance(to: Self.start + .milliseconds(3000))
        #expect(prober.cluster == 1)
    }

    @Test(arguments: [(1000, 1_000_000, false), (2000, 475_000, true)])
    func `a burst is measured by how it arrives`(spacing: Int, expected: Int, isLimit: Bool) {
        var tally = ProbeTally(cluster: 7)
        for number in 0..<10 {
            tally.add(bytes: 125, send: Int64(number) * 1000, arrival: Int64(number * spacing) + 70_000)
        }
        let result = tally.result(sentBytes: 1250, sentPackets: 10)
        #expect(result == ProbeResult(cluster: 7, bitsPerSecond: expected, isLimit: isLimit))
    }

    @Test func `a burst that was lost in good part shows nothing`() {
        var tally = ProbeTally(cluster: 7)
        for number in 0..<7 {
            tally.add(bytes: 125, send: Int64(number) * 1000, arrival: Int64(number) * 1000)
        }
        #expect(tally.result(sentBytes: 1250, sentPackets: 10) == nil)
    }
}
