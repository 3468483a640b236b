import RTP
import Testing
import Wire

@testable import Congestion

@Suite struct BandwidthEstimatorTests {
    private static let start = Instant(nanoseconds: 50_000_000_000)

    /// Feedback as it comes from the wire.
    private func parse(_ compound: [UInt8]) -> TransportFeedbackHeader? {
        var found: TransportFeedbackHeader?
        _ = RTCPReader.forEachPacket(in: compound.span) { packet in
            if case .transportFeedback(let header) = packet { found = header }
        }
        return found
    }

    private func claim(base: UInt16, count: Int, chunks: [UInt16]) -> [UInt8] {
        var bytes: [UInt8] = [0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
        bytes += [UInt8(base >> 8), UInt8(base & 0xFF), UInt8(count >> 8), UInt8(count & 0xFF), 0, 0, 0, 0]
        for chunk in chunks { bytes += [UInt8(chunk >> 8), UInt8(chunk & 0xFF)] }
        while bytes.count % 4 != 0 { bytes.append(0) }
        bytes[3] = UInt8(bytes.count / 4 - 1)
        return bytes
    }

    /// Sends at a rate over a path without limit, and reports every 100 ms.
    private func exchange(
        _ estimator: inout BandwidthEstimator, seconds: Int, packetsPerSecond: Int, bytes: Int = 1172,
        from begin: Instant = start, skippingReport: (Int) -> Bool = { _ in false }
    ) {
        var recorder = TransportFeedbackRecorder(senderSSRC: 1, mediaSSRC: 2)
        for tick in 0..<seconds * packetsPerSecond {
            let now = begin + .microseconds(1_000_000 / packetsPerSecond * tick)
            let number = estimator.sent(bytes: bytes, kind: .video, at: now)
            recorder.record(sequenceNumber: number, at: now + .milliseconds(30))
            guard tick % (packetsPerSecond / 10) == 0 else { continue }
            let compound = [UInt8](capacity: 1200) { output in
                _ = recorder.writeFeedback(into: &output)
            }
            guard !skippingReport(tick), let header = parse(compound) else { continue }
            estimator.receive(header, in: compound.span, at: now + .milliseconds(60))
        }
    }

    @Test func `it begins with the start value within its limits`() {
        let usual = BandwidthEstimator()
        let bounded = BandwidthEstimator(limits: .init(start: 10, floor: 50_000, ceiling: 100_000))
        let values = [usual.bitsPerSecond, bounded.bitsPerSecond]
        #expect(values == [300_000, 50_000])
    }

    @Test func `what arrives is measured, headers included`() {
        var estimator = BandwidthEstimator()
        exchange(&estimator, seconds: 3, packetsPerSecond: 100)
        let acknowledged = estimator.acknowledgedBitsPerSecond ?? 0
        #expect(abs(acknowledged - 960_000) < 50_000)
    }

    @Test func `lost reports are not lost packets`() {
        var estimator = BandwidthEstimator()
        exchange(&estimator, seconds: 5, packetsPerSecond: 100) { $0 / 10 % 3 == 1 }
        let acknowledged = estimator.acknowledgedBitsPerSecond ?? 0
        let loss = estimator.lossShare
        #expect(loss == 0)
        // The bytes of a lost report are counted with the next: a tenth of a second is a fifth of the window.
        #expect(abs(acknowledged - 960_000) < 240_000)
    }

    @Test func `it rises by itself to half more than what arrives, and never falls because little is sent`() {
        var estimator = BandwidthEstimator()
        exchange(&estimator, seconds: 60, packetsPerSecond: 100)
        let high = estimator.bitsPerSecond
        exchange(
            &estimator, seconds: 60, packetsPerSecond: 10, bytes: 100, from: Self.start + .seconds(60))
        let later = estimator.bitsPerSecond
        #expect(high > 960_000 && high < 1_600_000)
        #expect(later == high)
    }

    @Test func `silence lowers it by a fifth every half second`() {
        var estimator = BandwidthEstimator()
        exchange(&estimator, seconds: 5, packetsPerSecond: 100)
        let before = estimator.bitsPerSecond
        var now = Self.start + .seconds(6)
        _ = estimator.sent(bytes: 1000, kind: .audio, at: now)
        let deadline = estimator.deadline
        #expect(deadline != nil)
        for _ in 0..<400 {
            now = now + .milliseconds(10)
            estimator.advance(to: now)
        }
        let after = estimator.bitsPerSecond
        #expect(after < before / 3 && after >= 30_000)
    }

    @Test(arguments: [(3, true), (6, false)])
    func `what a short silence of reports has lowered is back with the next one`(
        seconds: Int, isRestored: Bool
    ) {
        var estimator = BandwidthEstimator()
        exchange(&estimator, seconds: 5, packetsPerSecond: 100)
        let before = estimator.bitsPerSecond
        var lowest = before
        var now = Self.start + .seconds(5)
        for tick in 0..<seconds * 100 {
            now = Self.start + .seconds(5) + .milliseconds(tick * 10)
            _ = estimator.sent(bytes: 1172, kind: .video, at: now)
            estimator.advance(to: now)
            lowest = min(lowest, estimator.bitsPerSecond)
        }
        #expect(lowest < before * 2 / 3)
        exchange(&estimator, seconds: 1, packetsPerSecond: 100, from: now + .milliseconds(10))
        let after = estimator.bitsPerSecond
        #expect((after >= before) == isRestored, "\(before) \(lowest) \(after)")
    }

    @Test func `without feedback no silence is noticed, and reports of losses count`() {
        var estimator = BandwidthEstimator()
        for tick in 0..<500 {
            _ = estimator.sent(bytes: 972, kind: .video, at: Self.start + .milliseconds(tick * 20))
        }
        let now = Self.start + .seconds(10)
        let deadline = estimator.deadline
        #expect(deadline == nil)
        estimator.receive(lossFraction: 0.5, roundTrip: .milliseconds(50), at: now)
        let lowered = estimator.bitsPerSecond
        #expect(lowered == 225_000)
        for step in 1...60 {
            let later = now + .seconds(step)
            for tick in 0..<50 {
                _ = estimator.sent(bytes: 972, kind: .video, at: later + .milliseconds(tick * 20))
            }
            estimator.receive(lossFraction: 0, roundTrip: nil, at: later + .seconds(1))
        }
        let raised = estimator.bitsPerSecond
        #expect(raised > 1_000_000 && raised < 1_700_000)
        estimator.receive(remb: 150_000, at: now + .seconds(70))
        let advised = estimator.bitsPerSecond
        #expect(advised == 157_500)
    }

    @Test func `losses are counted from what was sent, and an advice does not undo them`() {
        var estimator = BandwidthEstimator(limits: .init(start: 2_500_000), expectsFeedback: false)
        for tick in 0..<100 {
            _ = estimator.sent(bytes: 972, kind: .video, at: Self.start + .milliseconds(tick * 20))
        }
        let now = Self.start + .seconds(2)
        let before = estimator.isOverfull(at: now)
        estimator.receive(lossFraction: 0.2, roundTrip: nil, at: now)
        let lowered = estimator.bitsPerSecond
        let after = estimator.isOverfull(at: now)
        estimator.receive(remb: 3_000_000, at: now)
        let advised = estimator.bitsPerSecond
        let later = estimator.isOverfull(at: now + .seconds(4))
        #expect(lowered > 330_000 && lowered < 400_000)
        #expect(advised == lowered)
        #expect(!before && after && !later)
    }

    @Test func `to advise less than is sent shows that the link is overfull, a low advice alone does not`() {
        var estimator = BandwidthEstimator(limits: .init(start: 2_500_000), expectsFeedback: false)
        for tick in 0..<100 {
            _ = estimator.sent(bytes: 972, kind: .video, at: Self.start + .milliseconds(tick * 20))
        }
        let now = Self.start + .seconds(2)
        estimator.receive(remb: 600_000, at: now)
        let isOverfull = estimator.isOverfull(at: now)
        estimator.receive(remb: 340_000, at: now)
        let isOverfullThen = estimator.isOverfull(at: now)
        #expect(!isOverfull && isOverfullThen)
    }

    @Test func `feedback about packets that were never sent is refused`() throws {
        var estimator = BandwidthEstimator()
        for tick in 0..<100 {
            _ = estimator.sent(bytes: 1000, kind: .video, at: Self.start + .milliseconds(tick))
        }
        let now = Self.start + .milliseconds(200)
        let claims = [
            // All 65535 lost, in nine chunks.
            claim(base: 1, count: 65_535, chunks: Array(repeating: 0x1FFF, count: 9)),
            claim(base: 50, count: 60, chunks: [0x1FFF]), claim(base: 5000, count: 1, chunks: [0x0001]),
            claim(base: 1, count: 0, chunks: []),
            // Deltas are missing.
            claim(base: 1, count: 100, chunks: [0x2000 | 100]),
        ]
        for compound in claims {
            let header = try #require(parse(compound))
            let isTaken = estimator.receive(header, in: compound.span, at: now)
            #expect(!isTaken)
        }
        let refused = estimator.refusedFeedback
        let hasFeedback = estimator.hasFeedback
        #expect(refused == 5)
        #expect(!hasFeedback)
    }

    @Test func `a flood of feedback is read in part`() throws {
        var estimator = BandwidthEstimator()
        for tick in 0..<4000 {
            _ = estimator.sent(bytes: 1000, kind: .video, at: Self.start + .microseconds(tick))
        }
        let compound = claim(base: 1, count: 4000, chunks: [4000])
        let header = try #require(parse(compound))
        var taken = 0
        for _ in 0..<1000 where estimator.receive(header, in: compound.span, at: Self.start + .seconds(1)) {
            taken += 1
        }
        #expect(taken == 5)
    }
}
