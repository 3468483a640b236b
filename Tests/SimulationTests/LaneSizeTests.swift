import Endpoint
import Impairment
import RTP
import SDP
import Testing
import Transcoding
import Wire

@testable import NodeCore

/// Lanes whose pictures grow where the bits are enough: viewers keep their stream, and joins stay cheap.
@Suite struct LaneSizeTests {
    private static let link = LinkSettings(delay: .milliseconds(10))

    private func publisher() throws -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 0, audio: 0)
        settings.clips = [try MovingPicture.small.get(), try MovingPicture.large.get()]
        settings.video.layers = [
            .init(rid: "q", bitsPerSecond: 150_000, width: 320, height: 180),
            .init(rid: "h", bitsPerSecond: 500_000, width: 640, height: 360),
        ]
        settings.audio.level = 127
        return settings
    }

    private func start() throws -> Simulation {
        let simulation = try Simulation(seed: Seed.current())
        simulation.lanes = LaneRunner(ceiling: .realtime)
        return simulation
    }

    /// Somebody who asks for little, but has room for a picture of this height.
    private func join(
        _ simulation: Simulation, as name: String, height: Int? = nil, down: LinkSettings = LaneSizeTests.link
    ) throws -> Client {
        var settings = EndpointSettings.participant(video: 1, audio: 0)
        settings.sections.removeAll { $0.direction == .sendonly }
        settings.requiresSyntheticContent = false
        let viewer = try simulation.participate(settings, as: name, up: Self.link, down: down)
        try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        if let height { try want(height, viewer, in: simulation) }
        return viewer
    }

    private func want(_ height: Int, _ viewer: Client, in simulation: Simulation) throws {
        let slot = try #require(viewer.endpoint.settings.slots(.video).first)
        try simulation.control(viewer, SessionControl(slots: [slot: .init(height: height)]))
    }

    private func height(of viewer: Client) -> Int { viewer.video.size.map { Int($0.height) } ?? 0 }

    private func expectWhole(_ client: Client, sourceLocation: SourceLocation = #_sourceLocation) {
        let stream = client.video
        #expect(stream.lost == 0, sourceLocation: sourceLocation)
        #expect(stream.nacksSent == 0, sourceLocation: sourceLocation)
        #expect(stream.resets == 0, sourceLocation: sourceLocation)
        #expect(stream.pictureNumberErrors == 0, sourceLocation: sourceLocation)
        #expect(stream.timestampRegressions == 0, sourceLocation: sourceLocation)
    }

    @Test func `a lane grows with one key frame, and joins cost nobody any before and after`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        let veteran = try join(simulation, as: "vic")
        simulation.run(for: .seconds(4))
        #expect(height(of: veteran) == 144)
        // One joins just before the size changes.
        let early = try join(simulation, as: "eve")
        simulation.run(for: .seconds(20)) { height(of: veteran) > 144 }
        #expect(height(of: veteran) > 144)
        simulation.run(for: .seconds(2))
        #expect(veteran.video.keyFrames == 2)
        #expect(early.video.keyFrames == 2)
        #expect(height(of: early) == height(of: veteran))
        // It is made of an encoding that is as large.
        let source = try #require(simulation.node.lanes.sources.values.first)
        #expect(source.encoding == 1)

        for name in ["bob", "cat", "dan"] {
            let before = simulation.node.laneDescriptions().first?.statistics.keyFrames
            let newcomer = try join(simulation, as: name)
            let start = simulation.now
            simulation.run(for: .seconds(3))
            let after = simulation.node.laneDescriptions().first?.statistics.keyFrames
            let first = try #require(newcomer.video.firstFrameAt)
            #expect(first - start < .milliseconds(500))
            #expect(newcomer.video.keyFrames == 1 || before != after)
            #expect(height(of: newcomer) == height(of: veteran))
            expectWhole(newcomer)
        }
        expectWhole(veteran)
        expectWhole(early)
        let lane = try #require(simulation.node.laneDescriptions().first)
        #expect(lane.tier == .p144 && lane.viewers == 5)
        #expect(lane.bitsPerSecond <= 75_000)
    }

    @Test func `a thumbnail gets no larger picture until there is room for one`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        let viewer = try join(simulation, as: "vic", height: 120)
        simulation.run(for: .seconds(20))
        #expect(height(of: viewer) == 144)
        #expect(viewer.video.keyFrames == 1)
        try want(360, viewer, in: simulation)
        simulation.run(for: .seconds(15)) { height(of: viewer) > 144 }
        #expect(height(of: viewer) > 144)
        simulation.run(for: .seconds(5))
        try want(120, viewer, in: simulation)
        simulation.run(for: .seconds(10)) { height(of: viewer) == 144 }
        #expect(height(of: viewer) == 144)
        expectWhole(viewer)
    }

    @Test func `the largest of a lane's viewers decides`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        let small = try join(simulation, as: "sam", height: 90)
        simulation.run(for: .seconds(10))
        let large = try join(simulation, as: "liz", height: 360)
        simulation.run(for: .seconds(15)) { height(of: large) > 144 }
        #expect(height(of: large) > 144)
        simulation.run(for: .seconds(1))
        #expect(height(of: small) == height(of: large))
        #expect(simulation.node.laneDescriptions().count == 1)
        for viewer in [small, large] { expectWhole(viewer) }
    }

    @Test func `who asks for a tier by its name never gets another size`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        var settings = EndpointSettings.watcher
        settings.requiresSyntheticContent = false
        let watcher = try simulation.watch(settings, of: "ann", up: Self.link, down: Self.link)
        try simulation.node.prefer(.p144, in: watcher.session)
        let free = try join(simulation, as: "vic")
        simulation.run(for: .seconds(30))
        #expect(height(of: watcher) == 144)
        #expect(height(of: free) > 144)
        #expect(watcher.video.keyFrames == 1)
        let grades = simulation.node.laneDescriptions().map(\.grade).sorted()
        #expect(grades == ["exact", "whole"])
        expectWhole(watcher)
    }

    @Test func `a slot goes to another source and back while lanes grow`() throws {
        let simulation = try start()
        for name in ["ann", "bob"] {
            try simulation.participate(try publisher(), as: name, up: Self.link, down: Self.link)
        }
        let viewer = try join(simulation, as: "vic")
        let slot = try #require(viewer.endpoint.settings.slots(.video).first)
        for (number, name) in ["ann", "bob", "ann", "bob", "ann"].enumerated() {
            let participant = try #require(ParticipantID(name))
            let pin = SessionControl.Pin(participant: participant, track: nil)
            try simulation.control(viewer, SessionControl(slots: [slot: .init(pin: .some(.some(pin)))]))
            simulation.run(for: .seconds(5 + number))
            #expect(try simulation.snapshot(of: viewer).slots.first?.participant == participant)
        }
        expectWhole(viewer)
        #expect(height(of: viewer) > 144)
        #expect(viewer.video.longestPause < .seconds(2))
    }

    @Test func `losses around a change of size are repaired`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        var lossy = Self.link
        lossy.loss = .random(0.04)
        let unlucky = try join(simulation, as: "una", down: lossy)
        let other = try join(simulation, as: "oto")
        simulation.run(for: .seconds(30))
        #expect(height(of: other) > 144)
        #expect(height(of: unlucky) == height(of: other))
        #expect(unlucky.video.recovered > 0)
        #expect(unlucky.video.pictureNumberErrors == 0)
        expectWhole(other)
    }
}
