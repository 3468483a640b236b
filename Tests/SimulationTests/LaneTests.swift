import Codecs
import Endpoint
import Impairment
import MediaFiles
import RTP
import SDP
import Testing
import Transcoding
import Wire

@testable import NodeCore

/// Lanes in whole nodes: real pictures, decoded and encoded in virtual time.
@Suite struct LaneTests {
    private static let link = LinkSettings(delay: .milliseconds(10))

    /// Pictures of a square that moves over a wall of tiles, 320 by 180 at 30 a second, a key frame every four seconds. Of a bare
    /// wall a key frame would cost as little as a resync frame.
    private static let clip: Result<VideoClip, any Error> = Result {
        var encoder = try VPXEncoder(
            .baseline(.vp8, width: 320, height: 180, bitsPerSecond: 300_000, framesPerSecond: 30))
        var writer = IVFWriter(
            IVFHeader(codec: .vp8, width: 320, height: 180, timeBase: try #require(Ratio(1, 30))))
        var file: [UInt8] = []
        writer.appendHeader(to: &file)
        var picture = Picture(width: 320, height: 180)
        for number in 0..<240 {
            draw(number, into: &picture)
            var frame: [UInt8] = []
            _ = try encoder.encode(
                picture, at: Int64(number) * 3000, duration: 3000,
                flags: number % 120 == 0 ? .forceKeyFrame : [],
                effort: .baseline(.vp8, width: 320, height: 180), into: &frame)
            guard !frame.isEmpty else { continue }
            writer.append(frame.span, time: UInt64(number), to: &file)
        }
        return try VideoClip(ivf: file)
    }

    private static func draw(_ number: Int, into picture: inout Picture) {
        let stride = picture.stride(of: .luma)
        let left = number * 2 % 240
        picture.withMutablePlane(.luma) { luma in
            for y in 0..<180 {
                for x in 0..<320 {
                    let isInside = (60..<124).contains(y) && (left..<left + 64).contains(x)
                    let tile = (x / 6 * 37 + y / 6 * 101) % 64
                    luma[y * stride + x] = UInt8(isInside ? 220 - (x - left) : 40 + x / 4 + y / 4 + tile)
                }
            }
        }
    }

    private func settings() throws -> EndpointSettings {
        var settings = EndpointSettings.publisher
        settings.clips = [try Self.clip.get()]
        return settings
    }

    private func watcher() -> EndpointSettings {
        var settings = EndpointSettings.watcher
        settings.requiresSyntheticContent = false
        return settings
    }

    private func start(seed: UInt64) throws -> Simulation {
        let simulation = try Simulation(seed: seed)
        simulation.lanes = LaneRunner()
        return simulation
    }

    @discardableResult
    private func watchLane(
        _ simulation: Simulation, down: LinkSettings = LaneTests.link
    ) throws -> Client {
        let client = try simulation.watch(watcher(), of: "alice", up: Self.link, down: down)
        try simulation.node.prefer(.p144, in: client.session)
        return client
    }

    private func expectWhole(_ client: Client, sourceLocation: SourceLocation = #_sourceLocation) {
        let stream = client.video
        #expect(stream.lost == 0, sourceLocation: sourceLocation)
        #expect(stream.nacksSent == 0, sourceLocation: sourceLocation)
        #expect(stream.resets == 0, sourceLocation: sourceLocation)
        #expect(stream.pictureNumberErrors == 0, sourceLocation: sourceLocation)
        #expect(stream.timestampRegressions == 0, sourceLocation: sourceLocation)
    }

    @Test func `a lane begins with its first watcher, and ends some time after its last`() throws {
        let simulation = try start(seed: Seed.current())
        try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        let client = try watchLane(simulation)
        #expect(simulation.connectAll())
        let start = simulation.now
        simulation.run(for: .seconds(5))
        let first = try #require(client.video.firstFrameAt)
        // The publisher's first key frame has passed, and the next may come 400 ms after it.
        #expect(first - start < .milliseconds(800))
        #expect(client.video.size.map { [Int($0.width), Int($0.height)] } == [256, 144])
        let lanes = simulation.node.laneDescriptions()
        #expect(lanes.count == 1)
        #expect(lanes.first?.viewers == 1)
        expectWhole(client)
        try simulation.delete(client)
        simulation.run(for: .seconds(9))
        #expect(simulation.node.laneDescriptions().count == 1)
        simulation.run(for: .seconds(3))
        #expect(simulation.node.laneDescriptions().isEmpty)
    }

    @Test func `who joins costs the others no key frame, and no number is missing to anybody`() throws {
        let simulation = try start(seed: Seed.current())
        try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        let veteran = try watchLane(simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        var newcomers: [Client] = []
        for _ in 0..<6 {
            let newcomer = try watchLane(simulation)
            #expect(simulation.connectAll())
            let start = simulation.now
            simulation.run(for: .seconds(7))
            let first = try #require(newcomer.video.firstFrameAt)
            #expect(first - start < .milliseconds(500))
            newcomers.append(newcomer)
        }
        #expect(veteran.video.keyFrames == 1)
        expectWhole(veteran)
        for newcomer in newcomers {
            #expect(newcomer.video.keyFrames == 1)
            expectWhole(newcomer)
        }
        let statistics = try #require(simulation.node.laneDescriptions().first?.statistics)
        #expect(statistics.keyFrames == 1)
        #expect(statistics.resyncFrames >= 6)
    }

    @Test func `many who join in one moment share one resync frame`() throws {
        let simulation = try start(seed: Seed.current())
        try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        try watchLane(simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        let before = simulation.node.laneDescriptions().first?.statistics.resyncFrames ?? 0
        let crowd = try (0..<10).map { _ in try watchLane(simulation) }
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(4))
        let after = simulation.node.laneDescriptions().first?.statistics.resyncFrames ?? 0
        #expect(after - before <= 3)
        for client in crowd { expectWhole(client) }
    }

    @Test func `losses on the way to one watcher are repaired, and the others do not notice`() throws {
        let simulation = try start(seed: Seed.current())
        try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        var lossy = Self.link
        lossy.loss = .random(0.05)
        let unlucky = try watchLane(simulation, down: lossy)
        let other = try watchLane(simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(30))
        #expect(unlucky.video.recovered > 0)
        #expect(unlucky.video.lost * 50 < unlucky.video.packets)
        #expect(unlucky.video.pictureNumberErrors == 0)
        expectWhole(other)
        #expect(other.video.keyFrames <= 2)
    }

    @Test func `without CPU for a lane the smallest layer is sent`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        let client = try watchLane(simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .milliseconds(500))
        for order in simulation.node.takeLaneOrders() {
            guard case .addLane(let lane, _, _) = order else { continue }
            simulation.node.receive(.refused(lane: lane), at: simulation.now, into: &simulation.outbox)
        }
        simulation.run(for: .seconds(5))
        #expect(client.video.frames > 60)
        #expect(client.video.size.map { Int($0.height) } == 180)
        #expect(simulation.counters.lanesRefused == 1)
        #expect(simulation.node.laneDescriptions().isEmpty)
    }

    @Test func `a source whose pictures all wait for too long loses its lanes, and says why`() throws {
        let simulation = try start(seed: Seed.current())
        try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        let client = try watchLane(simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        let source = try #require(simulation.node.lanes.sources.keys.first)
        func drop(_ count: Int) {
            for _ in 0..<count {
                simulation.node.receive(
                    .dropped(source: source), at: simulation.now, into: &simulation.outbox)
            }
        }
        drop(19)
        var intake = try #require(simulation.node.laneDescriptions().first?.intake)
        #expect(intake.dropped == 19)
        // With the key frame that is asked for the lane goes on.
        simulation.run(for: .seconds(2))
        let before = intake
        intake = try #require(simulation.node.laneDescriptions().first?.intake)
        #expect((50...62).contains(intake.pictures - before.pictures))
        #expect((1000...150_000).contains(intake.bytes - before.bytes))
        drop(20)
        #expect(simulation.node.laneDescriptions().isEmpty)
        #expect(simulation.node.lanes.refused.values.map(\.reason) == [.noCPU])
        let frames = client.video.frames
        simulation.run(for: .seconds(2))
        #expect(client.video.frames > frames + 30)
        #expect(client.video.size.map { Int($0.height) } == 180)
    }

    @Test func `a publisher that leaves takes its lanes along`() throws {
        let simulation = try start(seed: Seed.current())
        let publisher = try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        let client = try watchLane(simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        simulation.hangUp(publisher)
        simulation.run(for: .seconds(2))
        #expect(simulation.node.laneDescriptions().isEmpty)
        #expect(simulation.gauges().upTracks == 0)
        let frames = client.video.frames
        try simulation.publish(settings(), as: "alice", up: Self.link, down: Self.link)
        simulation.run(for: .seconds(4))
        #expect(client.video.frames > frames)
        #expect(client.video.size.map { Int($0.height) } == 144)
        expectWhole(client)
    }
}
