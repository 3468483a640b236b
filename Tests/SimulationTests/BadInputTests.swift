import Endpoint
import NodeCore
import SDP
import Testing
import Wire

/// What participants may not ask for: told clearly, and nothing has changed.
@Suite struct BadInputTests {
    private func meeting() throws -> (simulation: Simulation, ann: Client, ben: Client) {
        let simulation = try Simulation(seed: Seed.current())
        let settings = EndpointSettings.participant(video: 2, audio: 1)
        let ann = try simulation.participate(settings, as: "ann")
        let ben = try simulation.participate(settings, as: "ben")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        return (simulation, ann, ben)
    }

    @Test(arguments: [49, 60])
    func `an offer with absurdly many slots is refused with the numbers, and nothing stays`(slots: Int) throws
    {
        let (simulation, _, ben) = try meeting()
        let before = simulation.gauges()
        let snapshot = try simulation.snapshot(of: ben)
        let error = #expect(throws: SessionError.self) {
            try simulation.participate(.participant(video: slots - 1, audio: 1), as: "max")
        }
        guard case .tooManyTracks(let what) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(what.contains("\(slots)") && what.contains("48"))
        simulation.run(for: .seconds(1))
        let after = simulation.gauges()
        #expect(after.participants == before.participants && after.connecting == 0)
        #expect(after.upTracks == before.upTracks && after.downTracks == before.downTracks)
        #expect(try simulation.snapshot(of: ben).participants == snapshot.participants)
        // The name is free.
        try simulation.participate(.participant(video: 1, audio: 1), as: "max")
    }

    @Test func `as many slots as are allowed are taken, filled or not`() throws {
        let (simulation, ann, _) = try meeting()
        let wide = try simulation.participate(.participant(video: 40, audio: 8), as: "max")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        let slots = try simulation.snapshot(of: wide).slots
        #expect(slots.count == 48)
        #expect(slots.filter { $0.state == .active && $0.kind == "video" }.count == 2)
        #expect(try simulation.snapshot(of: ann).participants.count == 3)
    }

    @Test func `nobody controls a session that is another's, no conference, or over`() throws {
        let (simulation, ann, ben) = try meeting()
        let watcher = try simulation.watch()
        let publisher = try simulation.publish(as: "cam")
        #expect(simulation.connectAll())
        let before = (try simulation.snapshot(of: ann), try simulation.snapshot(of: ben))
        let change = SessionControl(tracks: ["1": .init(isMuted: true)], lastN: 0)
        let nobody = try #require(SessionID("0-abcdefghijkmnpqrstuvwxyz"))
        #expect(throws: SessionError.unknownSession) {
            try simulation.node.control(nobody, change, at: simulation.now)
        }
        for client in [watcher, publisher] {
            #expect(throws: SessionError.notAConference) { try simulation.control(client, change) }
            #expect(throws: SessionError.notAConference) { try simulation.node.snapshot(of: client.session) }
        }
        #expect(try simulation.snapshot(of: ann).slots == before.0.slots)
        #expect(try simulation.snapshot(of: ben).slots == before.1.slots)
        try simulation.delete(ann)
        #expect(throws: SessionError.unknownSession) { try simulation.control(ann, change) }
        #expect(try simulation.snapshot(of: ben).participants.first { $0.id == ben.participant } != nil)
        #expect(
            try simulation.snapshot(of: ben).participants.allSatisfy { $0.tracks.allSatisfy { !$0.isMuted } })
    }

    @Test func `a section that is somebody else's or sends cannot be asked for as a slot`() throws {
        let (simulation, ann, ben) = try meeting()
        let before = try simulation.snapshot(of: ann)
        // Its own sending section, and one beyond the offer.
        for mid in ["1", "99", "", "a/b~c"] {
            let error = #expect(throws: SessionError.self) {
                try simulation.control(ann, SessionControl(slots: [mid: .init(height: 180)]))
            }
            guard case .unacceptableControl(let place, let reason) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(place.hasPrefix("/slots/") && reason.contains("2"))
        }
        // A receiving section is no track.
        #expect(throws: SessionError.self) {
            try simulation.control(ann, SessionControl(tracks: ["2": .init(isMuted: true)]))
        }
        for lastN in [-1, 65, .max] {
            #expect(throws: SessionError.self) { try simulation.control(ann, SessionControl(lastN: lastN)) }
        }
        simulation.run(for: .seconds(1))
        #expect(try simulation.snapshot(of: ann).slots == before.slots)
        #expect(try simulation.snapshot(of: ben).participants.count == 2)
    }
}
