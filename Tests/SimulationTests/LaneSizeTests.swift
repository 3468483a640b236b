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
