import Codecs
import Testing
import Transcoding

@testable import OfflineLane

@Suite struct OfflineLaneTests {
    /// What a lane makes of a scene at 15 pictures a second.
    private func run(
        _ codec: VPXCodec = .vp8, pictures: Int = 120, stillFrom: Int = .max,
        _ change: (inout OfflinePlan) -> Void = { _ in }
    ) throws -> OfflineReport {
        var plan = OfflinePlan(lane: LaneSettings(codec: codec, tier: .p144), effort: .realtime)
        change(&plan)
        var lane = try OfflineLane(plan, seconds: Double(pictures) / 15)
        var scene = Scene()
        var picture = Picture(width: scene.width, height: scene.height)
        for number in 0..<pictures {
            scene.draw(number, stillFrom: stillFrom, into: &picture)
            let time = Int64(number * 6000)
            let outcome = lane.encode(picture, at: time)
            try lane.deliver(outcome, at: time, cpuTime: .milliseconds(2))
        }
        lane.finish()
        return lane.report
    }

    @Test(arguments: VPXCodec.allCases) func `every joiner shows what everybody shows`(_ codec: VPXCodec)
        throws
    {
        let report = try run(codec) { $0.joins = 40 }
        let joins = try #require(report.joins)
        #expect(joins.started == 40 && joins.starts > 1 && joins.comparedPictures > 100)
        #expect(joins.differentPictures == 0 && joins.decoderErrors == 0)
        #expect(joins.longestWaitSeconds <= JoinCheck.patience)
        #expect(report.isProven)
    }

    @Test(arguments: VPXCodec.allCases)
    func `who loses frames goes on from a resync frame`(_ codec: VPXCodec) throws {
        let report = try run(codec) { $0.loss = 0.05 }
        let loss = try #require(report.loss)
        #expect(loss.lostFrames > 0 && loss.recoveries > 0)
        #expect(loss.differentPictures == 0 && loss.decoderErrors == 0)
        #expect(loss.comparedPictures < loss.frames)
    }

    @Test func `the same seed draws the same`() throws {
        let first = try run { ($0.joins, $0.loss) = (5, 0.1) }
        let second = try run { ($0.joins, $0.loss) = (5, 0.1) }
        #expect(first.joins == second.joins && first.loss == second.loss && first.frames == second.frames)
        let other = try run { ($0.joins, $0.loss, $0.seed) = (5, 0.1, 2) }
        #expect(other.loss != first.loss || other.joins != first.joins)
    }

    @Test func `the baseline serves joins with key frames`() throws {
        let report = try run { ($0.lane.mode, $0.joins) = (.baseline, 5) }
        #expect(report.keyFrames > 1 && report.resyncFrames == 0 && report.isProven)
    }

    @Test func `a picture that does not change costs nothing but a heartbeat`() throws {
        let report = try run(pictures: 150, stillFrom: 30)
        let late = report.frames.filter { $0.seconds >= 6 && $0.kind.isCoded }
        #expect((3...5).contains(late.count) && report.unchangedPictures > 30)
        #expect(report.longestPauseSeconds > 0.8 && report.longestPauseSeconds <= 1.1)
        #expect(report.pictures == 150 && report.seconds == 10)
    }

    @Test func `rates and times are those of the records`() throws {
        let report = try run()
        let bytes = report.frames.reduce(0) { $0 + $1.bytes }
        #expect((report.bitsPerSecond - Double(bytes * 8) / 8).magnitude < 1)
        #expect(report.bitsPerSecondOnWire > report.bitsPerSecond)
        #expect(report.peakBitsPerSecond >= report.bitsPerSecond)
        #expect(report.millisecondsPerFrame == 2 && report.millisecondsPerPicture == 2)
        #expect(report.keyFrames + report.resyncFrames + report.deltaFrames <= report.pictures)
        #expect(report.text.contains("vp8 differential at 144p"))
        #expect(try report.document.contains("\"frames\""))
    }
}
