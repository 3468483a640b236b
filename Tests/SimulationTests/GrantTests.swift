import Endpoint
import Mixing
import SDP
import Testing

@testable import NodeCore

/// What the controller of a room lets its participants be served.
@Suite struct GrantTests {
    private func settings() -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 1, audio: 1)
        settings.requiresSyntheticContent = false
        return settings
    }

    private func name(_ text: String) throws -> ParticipantID { try #require(ParticipantID(text)) }

    @Test func `who joins with a grant is served and asked accordingly, whatever it wishes`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let ann = try simulation.participate(
            settings(), as: "ann", on: SessionTerms(wish: .full, grant: .weak))
        #expect(simulation.connectAll())
        #expect(ann.answer.contains("b=TIAS:50000"))
        let profile = try #require(try simulation.snapshot(of: ann).profile)
        #expect(profile == .init(isWeak: true, reason: .granted, wish: .full, grant: .weak))
        #expect(simulation.gauges().profiles == [.init(isWeak: true, reason: .granted): 1])
    }

    @Test func `a client that limits itself is not asked to by the answer`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let terms = SessionTerms(wish: .weak, limitsItself: true)
        var settings = settings()
        settings.video.layers = ["q", "h"].map { .init(rid: $0, bitsPerSecond: 100_000) }
        let ann = try simulation.participate(settings, as: "ann", on: terms)
        let ben = try simulation.participate(settings, as: "ben", on: SessionTerms(wish: .weak))
        #expect(simulation.connectAll())
        #expect(!ann.answer.contains("b=") && ann.answer.contains("a=simulcast:recv q;h"))
        #expect(ben.answer.contains("b=TIAS:50000") && ben.answer.contains("a=simulcast:recv q\r\n"))
        #expect(simulation.gauges().profiles == [.init(isWeak: true, reason: .asked): 2])
    }

    @Test func `the controller chooses for who is there already, and leaves it to them again`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let ann = try simulation.participate(settings(), as: "ann")
        let ben = try simulation.participate(settings(), as: "ben")
        #expect(simulation.connectAll())
        let room = try simulation.room()
        let granted = try simulation.node.grant(.weak, to: name("ann"), in: room, at: simulation.now)
        #expect(granted.isWeak && granted.reason == .granted)
        simulation.run(for: .seconds(3))
        #expect(try simulation.snapshot(of: ann).profile?.isWeak == true)
        #expect(try simulation.snapshot(of: ben).profile?.isWeak == false)
        // Of all, and one for who speaks herself.
        #expect(simulation.node.mixDescriptions().mixes.map(\.without) == ["", "ann"])
        let told = simulation.told(ann).compactMap { kind in
            if case .profile(let profile) = kind { profile } else { nil }
        }
        #expect(told == [.init(isWeak: true, reason: .granted, wish: .automatic, grant: .weak)])

        // What the client wishes meanwhile waits.
        try simulation.control(ann, SessionControl(profile: .full))
        #expect(try simulation.snapshot(of: ann).profile?.isWeak == true)
        let left = try simulation.node.grant(nil, to: name("ann"), in: room, at: simulation.now)
        #expect(!left.isWeak && left.reason == .asked && left.grant == nil)
        #expect(
            simulation.gauges().profiles == [
                .init(isWeak: false, reason: .link): 1, .init(isWeak: false, reason: .asked): 1,
            ])
    }

    @Test func `nothing is granted to who is not there`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(settings(), as: "ann")
        let nobody = try name("nobody")
        #expect(throws: SessionError.unknownParticipant(nobody)) {
            try simulation.node.grant(.weak, to: nobody, in: simulation.room(), at: simulation.now)
        }
        #expect(throws: SessionError.unknownRoom) {
            try simulation.node.grant(.weak, to: nobody, in: simulation.room("empty"), at: simulation.now)
        }
    }
}
