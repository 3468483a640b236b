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

    private func publisher() throws -> EndpointSettings { try MovingPicture.participant(level: 127) }

    private func start() throws -> Simulation {
        let simulation = try Simulation(seed: Seed.current())
        simulation.lanes = LaneRunner(ceiling: .realtime)
        return simulation
    }

    /// Somebody who asks for little, but has room for a picture of this height.
    ///
    /// - Parameter pin: whose pictures they are; nil: of who speaks.
    private func join(
        _ simulation: Simulation, as name: String, pin: String? = "ann", height: Int? = nil,
        down: LinkSettings = LaneSizeTests.link
    ) throws -> Client {
        var settings = EndpointSettings.participant(video: 1, audio: 0)
        settings.sections.removeAll { $0.direction == .sendonly }
        settings.requiresSyntheticContent = false
        let viewer = try simulation.participate(settings, as: name, up: Self.link, down: down)
        try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        // Before it is sent anything: until it has told whom it wants to see it follows who speaks.
        if let pin { try self.pin(pin, viewer, in: simulation) }
        #expect(simulation.connectAll())
        if let height { try want(height, viewer, in: simulation) }
        return viewer
    }

    private func want(_ height: Int, _ viewer: Client, in simulation: Simulation) throws {
        let slot = try #require(viewer.endpoint.settings.slots(.video).first)
        try simulation.control(viewer, SessionControl(slots: [slot: .init(height: height)]))
    }

    private func pin(_ name: String, _ viewer: Client, in simulation: Simulation) throws {
        let slot = try #require(viewer.endpoint.settings.slots(.video).first)
        let pin = SessionControl.Pin(participant: try #require(ParticipantID(name)), track: nil)
        try simulation.control(viewer, SessionControl(slots: [slot: .init(pin: .some(.some(pin)))]))
    }

    private func height(of viewer: Client) -> Int { viewer.video.size.map { Int($0.height) } ?? 0 }

    /// The lane whose pictures may grow.
    private func lane(_ simulation: Simulation) -> LaneDescription? {
        simulation.node.laneDescriptions().first { $0.grade == "whole" && $0.tier == .p144 }
    }

    /// Waits until so many watch it, and until this one sees its pictures: before, it is sent the smallest layer, or less.
    private func settle(_ viewer: Client, among count: Int, in simulation: Simulation) {
        simulation.run(for: .seconds(25)) { lane(simulation)?.viewers == count }
        #expect(lane(simulation)?.viewers == count)
        // A lane tells once a second what it does.
        simulation.run(for: .seconds(1.5))
        simulation.run(for: .seconds(5)) { height(of: viewer) == lane(simulation)?.statistics.height }
        #expect(height(of: viewer) == lane(simulation)?.statistics.height)
    }

    /// - Parameter before: what had come until its lane began.
    private func expectWhole(
        _ client: Client, since before: StreamStatistics? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let stream = client.video
        #expect(stream.lost == before?.lost ?? 0, sourceLocation: sourceLocation)
        #expect(stream.nacksSent == before?.nacksSent ?? 0, sourceLocation: sourceLocation)
        #expect(stream.resets == before?.resets ?? 0, sourceLocation: sourceLocation)
        #expect(
            stream.pictureNumberErrors == before?.pictureNumberErrors ?? 0, sourceLocation: sourceLocation)
        #expect(
            stream.timestampRegressions == before?.timestampRegressions ?? 0, sourceLocation: sourceLocation)
    }

    @Test func `a lane grows with one key frame, and joins cost nobody any`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        let veteran = try join(simulation, as: "vic")
        settle(veteran, among: 1, in: simulation)
        #expect(height(of: veteran) == 144)
        let before = veteran.video
        simulation.run(for: .seconds(20)) { height(of: veteran) > 144 }
        // To the end of its key frame.
        simulation.run(for: .milliseconds(500))
        #expect(height(of: veteran) > 144)
        #expect(veteran.video.keyFrames == before.keyFrames + 1)
        // It is made of an encoding that is as large.
        #expect(simulation.node.lanes.sources.values.first?.encoding == 1)

        let newcomer = try join(simulation, as: "nat")
        settle(newcomer, among: 2, in: simulation)
        #expect(height(of: newcomer) == height(of: veteran))
        let joined = newcomer.video
        simulation.run(for: .seconds(5))
        expectWhole(veteran, since: before)
        expectWhole(newcomer, since: joined)
        // 144, 240, and what fine pictures may have become since; never one for a join.
        let keyFrames = try #require(lane(simulation)).statistics.keyFrames
        #expect(keyFrames <= (height(of: veteran) > 300 ? 4 : height(of: veteran) > 240 ? 3 : 2))
    }

    @Test func `a thumbnail gets no larger picture until there is room for one`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        let viewer = try join(simulation, as: "vic", height: 120)
        settle(viewer, among: 1, in: simulation)
        let before = viewer.video
        let keyFrames = try #require(lane(simulation)).statistics.keyFrames
        simulation.run(for: .seconds(15))
        #expect(height(of: viewer) == 144)
        // Of the lane itself: its viewer may have been sent a thinner one at first.
        #expect(lane(simulation)?.statistics.keyFrames == keyFrames)
        try want(360, viewer, in: simulation)
        simulation.run(for: .seconds(15)) { height(of: viewer) > 144 }
        #expect(height(of: viewer) > 144)
        simulation.run(for: .seconds(5))
        try want(120, viewer, in: simulation)
        simulation.run(for: .seconds(10)) { height(of: viewer) == 144 }
        #expect(height(of: viewer) == 144)
        expectWhole(viewer, since: before)
    }

    @Test func `the largest of a lane's viewers decides`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        let small = try join(simulation, as: "sam", height: 90)
        settle(small, among: 1, in: simulation)
        #expect(height(of: small) == 144)
        let before = small.video
        let large = try join(simulation, as: "liz", height: 360)
        settle(large, among: 2, in: simulation)
        simulation.run(for: .seconds(20)) { height(of: large) > 144 && height(of: large) != 180 }
        simulation.run(for: .milliseconds(500))
        #expect(height(of: large) > 144)
        #expect(height(of: small) == height(of: large))
        expectWhole(small, since: before)
    }

    @Test func `who follows the speaker gets small pictures at once, also where others have larger ones`()
        throws
    {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        let pinned = try join(simulation, as: "vic")
        settle(pinned, among: 1, in: simulation)
        simulation.run(for: .seconds(20)) { height(of: pinned) > 144 }
        simulation.run(for: .milliseconds(500))
        #expect(height(of: pinned) > 144)
        let before = pinned.video
        let follower = try join(simulation, as: "fay", pin: nil)
        settle(follower, among: 2, in: simulation)
        #expect(height(of: pinned) == 144)
        #expect(height(of: follower) == 144)
        let keyFrames = try #require(lane(simulation)).statistics.keyFrames
        simulation.run(for: .seconds(15))
        #expect(height(of: follower) == 144)
        #expect(lane(simulation)?.statistics.keyFrames == keyFrames)
        expectWhole(pinned, since: before)
        #expect(pinned.video.keyFrames == before.keyFrames + 1)
    }

    @Test func `who asks for a tier by its name never gets another size`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann", up: Self.link, down: Self.link)
        var settings = EndpointSettings.watcher
        settings.requiresSyntheticContent = false
        let watcher = try simulation.watch(settings, of: "ann", up: Self.link, down: Self.link)
        try simulation.node.prefer(.p144, in: watcher.session)
        let free = try join(simulation, as: "vic")
        simulation.run(for: .seconds(5))
        let before = watcher.video
        simulation.run(for: .seconds(25))
        #expect(height(of: watcher) == 144)
        #expect(height(of: free) > 144)
        #expect(watcher.video.keyFrames == 1)
        let grades = simulation.node.laneDescriptions().map(\.grade).sorted()
        #expect(grades == ["exact", "whole"])
        expectWhole(watcher, since: before)
    }

    @Test func `a slot goes to another source and back while lanes grow`() throws {
        let simulation = try start()
        for name in ["ann", "bob"] {
            try simulation.participate(try publisher(), as: name, up: Self.link, down: Self.link)
        }
        let viewer = try join(simulation, as: "vic")
        for (number, name) in ["ann", "bob", "ann", "bob", "ann"].enumerated() {
            try pin(name, viewer, in: simulation)
            simulation.run(for: .seconds(5 + number))
            #expect(try simulation.snapshot(of: viewer).slots.first?.participant == ParticipantID(name))
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

    /// A source's first key frame comes as soon as it is asked for, and before bits are divided.
    @Test(arguments: [true, false], [true, false])
    func `a weak link is not sent a source's own pictures at first`(comesFirst: Bool, watches: Bool) throws {
        let simulation = try start()
        var publisher = try publisher()
        // As large as can be told from any lane's.
        publisher.clips = [try MovingPicture.large.get()]
        publisher.video.layers = [.init(rid: "h", bitsPerSecond: 500_000, width: 640, height: 360)]
        let near = LinkSettings(delay: .microseconds(100))
        if !comesFirst { try simulation.participate(publisher, as: "ann", up: near, down: near) }
        if !comesFirst { simulation.run(for: .seconds(2)) }
        var settings = watches ? EndpointSettings.watcher : EndpointSettings.participant(video: 3, audio: 0)
        settings.sections.removeAll { !watches && $0.direction == .sendonly }
        settings.requiresSyntheticContent = false
        let terms = SessionTerms(wish: .weak)
        let viewer =
            watches
            ? try simulation.watch(settings, of: "ann", up: near, down: near, on: terms)
            : try simulation.participate(settings, as: "vic", up: near, down: near, on: terms)
        if comesFirst {
            #expect(simulation.connectAll())
            simulation.run(for: .seconds(1))
            try simulation.participate(publisher, as: "ann", up: near, down: near)
        }
        var heights: Set<Int> = []
        for _ in 0..<2000 {
            simulation.run(for: .milliseconds(2))
            if height(of: viewer) > 0 { heights.insert(height(of: viewer)) }
        }
        #expect(heights == [144])
    }
}
