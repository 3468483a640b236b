import Endpoint
import Impairment
import NodeCore
import SDP
import Testing
import Wire

/// Participants on links of their own: each gets the layer that its link carries, and nobody costs another one anything.
@Suite struct NarrowLinkTests {
    private static let rates = [150_000, 500_000, 1_500_000]

    private func publisher() -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 1, audio: 1)
        settings.audio.level = 127
        settings.video.layers = zip(["q", "h", "f"], Self.rates).enumerated().map { index, layer in
            .init(rid: layer.0, bitsPerSecond: layer.1, width: 320 << index, height: 180 << index)
        }
        return settings
    }

    private func viewer() -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 1, audio: 1)
        settings.sections.removeAll { $0.direction == .sendonly }
        return settings
    }

    private func link(_ bitsPerSecond: Int) -> LinkSettings {
        var link = LinkSettings(delay: .milliseconds(25))
        link.bitsPerSecond = bitsPerSecond
        link.queueLimit = .time(.milliseconds(300))
        return link
    }

    /// The height that a viewer's only slot shows.
    private func height(of client: Client, in simulation: Simulation) throws -> Int? {
        try simulation.snapshot(of: client).slots.first { $0.kind == "video" }?.height
    }

    @Test(arguments: [(5_000_000, 720), (1_000_000, 360), (300_000, 180)])
    func `a link gets the layer that it carries, and keeps it`(rate: Int, expected: Int) throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic", down: link(rate))
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(15))
        #expect(try height(of: viewer, in: simulation) == expected)
        let before = viewer.video
        simulation.run(for: .seconds(20))
        #expect(try height(of: viewer, in: simulation) == expected)
        #expect(viewer.video.frames - before.frames >= 450)
        #expect(viewer.video.freezes - before.freezes <= 2)
    }

    @Test func `a link that becomes narrow gets less within five seconds, and more again within fifteen`()
        throws
    {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        let other = try simulation.participate(viewer(), as: "oto")
        let viewer = try simulation.participate(viewer(), as: "vic", down: link(2_500_000))
        try simulation.node.serve(.full, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(15))
        #expect(try height(of: viewer, in: simulation) == 720)
        let undisturbed = other.video

        viewer.downlink.change(link(300_000), at: simulation.now)
        simulation.run(for: .seconds(5))
        #expect(try height(of: viewer, in: simulation) ?? 0 <= 180)
        simulation.run(for: .seconds(15))
        #expect(try height(of: viewer, in: simulation) == 180)

        viewer.downlink.change(link(2_500_000), at: simulation.now)
        simulation.run(for: .seconds(15)) {
            (try? height(of: viewer, in: simulation)) == 720
        }
        #expect(try height(of: viewer, in: simulation) == 720)

        // The other one has seen every picture meanwhile.
        #expect(other.video.freezes == undisturbed.freezes)
        #expect(other.video.lost == undisturbed.lost && other.video.brokenFrames == undisturbed.brokenFrames)
        #expect(try height(of: other, in: simulation) == 720)
    }

    @Test func `a slot that does not fit is told as starved, and comes back`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic", down: link(1_000_000))
        try simulation.node.serve(.full, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        viewer.downlink.change(link(90_000), at: simulation.now)
        simulation.run(for: .seconds(20))
        func wasTold(_ state: ConferenceSnapshot.Slot.State) -> Bool {
            simulation.told(viewer).contains { kind in
                if case .slot(let slot) = kind { slot.kind == "video" && slot.state == state } else { false }
            }
        }
        #expect(wasTold(.starved))
        viewer.downlink.change(link(1_000_000), at: simulation.now)
        let before = viewer.video.frames
        simulation.run(for: .seconds(30))
        #expect(viewer.video.frames > before + 100)
        #expect(try height(of: viewer, in: simulation) ?? 0 >= 180)
    }

    @Test func `encodings that nobody wants are named to their sender, and wanted ones again`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let ann = try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic")
        #expect(simulation.connectAll())
        let slot = try #require(viewer.endpoint.settings.slots(.video).first)
        try simulation.control(viewer, SessionControl(slots: [slot: .init(height: 150)]))
        func wanted() -> [String]? {
            simulation.told(ann).compactMap { kind -> [String]? in
                if case .layers(_, let wanted) = kind { wanted } else { nil }
            }.last
        }
        simulation.run(for: .seconds(15))
        #expect(wanted() == ["q"])
        for rid in ["h", "f"] { ann.endpoint.setLayer(rid, isActive: false) }
        simulation.run(for: .seconds(5))
        try simulation.control(viewer, SessionControl(slots: [slot: .init(height: 720)]))
        simulation.run(for: .seconds(10)) { wanted()?.contains("f") == true }
        #expect(wanted()?.contains("f") == true)
        for rid in ["h", "f"] { ann.endpoint.setLayer(rid, isActive: true) }
        simulation.run(for: .seconds(10))
        #expect(try height(of: viewer, in: simulation) == 720)
    }

    /// Who saves data from the start sends the smallest alone, whatever is wanted, and the rest when that ends.
    @Test(arguments: [Duration.zero, .milliseconds(700)])
    func `an encoding that its sender holds back is not named unwanted for it`(after start: Duration) throws {
        let simulation = try Simulation(seed: Seed.current())
        let ann = try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic")
        let slot = try #require(viewer.endpoint.settings.slots(.video).first)
        if start == .zero {
            for rid in ["h", "f"] { ann.endpoint.setLayer(rid, isActive: false) }
        }
        #expect(simulation.connectAll())
        try simulation.control(viewer, SessionControl(slots: [slot: .init(height: 720)]))
        simulation.run(for: start)
        for rid in ["h", "f"] { ann.endpoint.setLayer(rid, isActive: false) }
        simulation.run(for: .seconds(15))
        let wanted = simulation.told(ann).compactMap { kind in
            if case .layers(_, let wanted) = kind { wanted } else { nil }
        }
        #expect(wanted.allSatisfy { $0.contains("f") })
        #expect(try height(of: viewer, in: simulation) == 180)
        for rid in wanted.last ?? ["h", "f"] { ann.endpoint.setLayer(rid, isActive: true) }
        simulation.run(for: .seconds(10))
        #expect(try height(of: viewer, in: simulation) == 720)
    }

    @Test func `participants and their tracks are limited, and what is refused leaves nothing behind`() throws
    {
        let simulation = try Simulation(
            seed: Seed.current(), limits: .init(participantsPerRoom: 1, tracksPerParticipant: 2))
        try simulation.participate(publisher(), as: "ann")
        let before = simulation.gauges()
        #expect(throws: SessionError.self) { try simulation.participate(viewer(), as: "vic") }
        var many = EndpointSettings.participant(video: 1, audio: 1)
        many.sections.append(.init(.video, .sendonly))
        do {
            try simulation.participate(many, as: "max", room: "other")
            Issue.record("three tracks were taken")
        } catch SessionError.tooManyTracks(let what) {
            #expect(what.contains("3") && what.contains("2"))
        }
        let after = simulation.gauges()
        #expect(after.participants == before.participants && after.rooms == before.rooms)
        #expect(after.upTracks == before.upTracks && after.downTracks == before.downTracks)
    }
}
