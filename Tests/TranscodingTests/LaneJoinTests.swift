import Codecs
import Testing
import Transcoding

/// Who joins a lane with its anchor and a resync frame sees the same as who was there from the beginning, bit for bit.
@Suite struct LaneJoinTests {
    struct Scenario: Sendable, CustomTestStringConvertible {
        let codec: VPXCodec
        let effort: Effort
        let seed: UInt64
        var noise = 0
        var bitsPerSecond = 50_000

        var testDescription: String { "\(codec.rawValue) \(effort) seed \(seed) noise \(noise)" }
    }

    static let scenarios: [Scenario] = [VPXCodec.vp8, .vp9].flatMap { codec in
        Effort.allCases.flatMap { effort in
            [
                Scenario(codec: codec, effort: effort, seed: 11),
                Scenario(codec: codec, effort: effort, seed: 12, noise: 9),
                Scenario(codec: codec, effort: effort, seed: 13, bitsPerSecond: 200_000),
            ]
        }
    }

    @Test(arguments: scenarios)
    func `a joiner's pictures equal those of the decoder with the whole history`(
        scenario: Scenario
    ) throws {
        var scene = TestScene(seed: scenario.seed)
        scene.noise = scenario.noise
        var settings = LaneSettings(codec: scenario.codec, tier: .p144)
        settings.bitsPerSecond = scenario.bitsPerSecond
        var lane = Lane(settings)
        var source = Picture(width: 320, height: 180)
        var veteran = try Viewer(scenario.codec)
        // Joiners, each with the frames until it has seen enough.
        var joiner: Viewer?
        var joins = 0
        var compared = 0
        for number in 0..<900 {
            scene.draw(number, into: &source)
            // Wanted at random times.
            if scene.random() % 8 == 0 { lane.requestResync() }
            let outcome = lane.encode(
                PixelSize(width: 320, height: 180), timestamp: UInt32(number) * 3000, effort: scenario.effort
            ) { $0.scale(from: source) }
            guard case .coded(let frame) = outcome else { continue }
            let expected = try #require(try veteran.watch(frame.bytes))
            if frame.kind == .resync, let anchor = frame.anchor {
                joins += 1
                var newcomer = try Viewer(scenario.codec)
                _ = try newcomer.watch(anchor)
                #expect(try newcomer.watch(frame.bytes) == expected, "join at picture \(number)")
                joiner = consume newcomer
            } else if frame.kind == .delta {
                // The latest joiner goes on beside the veteran.
                if var watching = joiner.take() {
                    #expect(try watching.watch(frame.bytes) == expected, "picture \(number)")
                    compared += 1
                    joiner = consume watching
                }
            } else {
                joiner = nil
            }
        }
        #expect(joins >= 12)
        #expect(compared > 100)
        #expect(lane.statistics.keyFrames < 12)
    }

    @Test func `resync frames that come one after the other all begin with the same anchor`() throws {
        var scene = TestScene(seed: 3)
        var lane = Lane(LaneSettings(codec: .vp8, tier: .p144))
        var source = Picture(width: 320, height: 180)
        var anchors: Set<[UInt8]> = []
        var resyncs = 0
        for number in 0..<600 {
            scene.draw(number, into: &source)
            lane.requestResync()
            let outcome = lane.encode(
                PixelSize(width: 320, height: 180), timestamp: UInt32(number) * 3000, effort: .realtime
            ) { $0.scale(from: source) }
            guard case .coded(let frame) = outcome, frame.kind == .resync, let anchor = frame.anchor else {
                continue
            }
            resyncs += 1
            anchors.insert(anchor)
        }
        // One in two seconds, however many ask, after a few at the beginning.
        #expect((9...13).contains(resyncs))
        #expect(anchors.count == 1)
    }
}
