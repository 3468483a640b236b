import Codecs
import Testing
import Transcoding

@Suite struct LaneTests {
    /// Runs a lane over pictures of a scene and returns what became of each.
    private func run(
        _ settings: LaneSettings, scene: inout TestScene, pictures: Int, effort: Effort = .realtime,
        framesPerSecond: Int = 30, change: (Int, inout TestScene) -> Void = { _, _ in }
    ) -> [LaneOutcome] {
        var lane = Lane(settings)
        var source = Picture(width: 320, height: 180)
        return (0..<pictures).map { number in
            change(number, &scene)
            scene.draw(number, into: &source)
            return lane.encode(
                PixelSize(width: 320, height: 180),
                timestamp: UInt32(number * 90_000 / framesPerSecond), effort: effort
            ) { $0.scale(from: source) }
        }
    }

    private func frames(_ outcomes: [LaneOutcome]) -> [(picture: Int, frame: LaneFrame)] {
        outcomes.enumerated().compactMap { number, outcome in
            if case .coded(let frame) = outcome { (number, frame) } else { nil }
        }
    }

    @Test(arguments: VPXCodec.allCases)
    func `a picture that stands still costs a heartbeat a second once it has converged`(codec: VPXCodec) {
        var scene = TestScene(seed: 5)
        scene.speed = 0
        let outcomes = run(LaneSettings(codec: codec, tier: .p144), scene: &scene, pictures: 300)
        let late = frames(outcomes).filter { $0.picture >= 150 }
        #expect((4...6).contains(late.count))
        #expect(late.reduce(0) { $0 + $1.frame.bytes.count } < 5 * 100)
    }

    @Test func `motion brings the full rate back within 200 ms`() {
        var scene = TestScene(seed: 5)
        scene.speed = 0
        let settings = LaneSettings(codec: .vp8, tier: .p144)
        let outcomes = run(settings, scene: &scene, pictures: 400) { number, scene in
            if number == 300 { scene.speed = 5 }
        }
        let after = frames(outcomes).map(\.picture).filter { $0 >= 300 }
        #expect((after.first ?? 400) <= 306)
        let second = after.filter { $0 < 336 && $0 >= 306 }
        #expect(second.count >= 12)
    }

    @Test(arguments: VPXCodec.allCases)
    func `a cut gets a key frame, motion does not`(codec: VPXCodec) {
        var scene = TestScene(seed: 21)
        let outcomes = run(LaneSettings(codec: codec, tier: .p144), scene: &scene, pictures: 300) {
            number, scene in
            if number == 150 { scene.cut() }
        }
        let keys = frames(outcomes).filter { $0.frame.kind == .key }.map(\.picture)
        #expect(keys.count == 2)
        #expect(keys.first == 0)
        #expect((150...156).contains(keys.last ?? 0))
    }

    @Test(arguments: VPXCodec.allCases)
    func `the rate is that asked for, and no second has half as much again`(codec: VPXCodec) {
        var scene = TestScene(seed: 31)
        scene.noise = 24
        scene.speed = 7
        let outcomes = run(LaneSettings(codec: codec, tier: .p144), scene: &scene, pictures: 1800)
        var seconds = [Int](repeating: 0, count: 60)
        for (picture, frame) in frames(outcomes) { seconds[picture / 30] += frame.bytes.count * 8 }
        let total = seconds.reduce(0, +)
        #expect(abs(Double(total) / 60 - 50_000) < 2500)
        #expect(seconds.max() ?? 0 <= 75_000)
    }

    @Test func `the size of the source may change at any time`() throws {
        var lane = Lane(LaneSettings(codec: .vp8, tier: .p144))
        var viewer = try Viewer(.vp8)
        var keys = 0
        for (number, size) in [(320, 180), (640, 480), (180, 320), (16, 16), (1, 1), (1280, 720)].enumerated()
        {
            var source = Picture(width: size.0, height: size.1)
            for picture in 0..<30 {
                source.fill(luma: UInt8(50 + picture * 3))
                let outcome = lane.encode(
                    PixelSize(width: size.0, height: size.1), timestamp: UInt32(number * 30 + picture) * 3000,
                    effort: .realtime
                ) { $0.scale(from: source) }
                if case .failed(let reason) = outcome { Issue.record("\(size): \(reason)") }
                guard case .coded(let frame) = outcome else { continue }
                keys += frame.kind == .key ? 1 : 0
                #expect(try viewer.watch(frame.bytes) != nil)
                #expect(frame.size == PixelSize(width: size.0, height: size.1).fitted(toShortSide: 144))
            }
        }
        #expect(keys >= 6)
    }

    @Test func `a lane that may choose takes a larger picture where the bits are enough`() {
        var scene = TestScene(seed: 41)
        scene.speed = 1
        var settings = LaneSettings(codec: .vp8, tier: .p144)
        settings.bitsPerSecond = 150_000
        settings.largestShortSide = 360
        let sizes = Set(
            frames(run(settings, scene: &scene, pictures: 300)).map(\.frame.size.shortSide))
        #expect(sizes.contains { $0 > 144 })
        #expect(sizes.allSatisfy { $0 <= 180 })
    }

    @Test(arguments: VPXCodec.allCases)
    func `a key frame that had to be coded twice leaves what follows its bits`(codec: VPXCodec) {
        var scene = TestScene(seed: 9)
        scene.noise = 12
        var settings = LaneSettings(codec: codec, tier: .p144)
        settings.bitsPerSecond = 25_000
        settings.adaptsFrameRate = false
        let outcomes = run(settings, scene: &scene, pictures: 150, framesPerSecond: 15)
        let bits = frames(outcomes).filter { $0.picture >= 45 }.reduce(0) { $0 + $1.frame.bytes.count * 8 }
        // Seven seconds.
        #expect(bits > 25_000 * 7 * 6 / 10, "\(bits / 7) bits a second")
    }
}
