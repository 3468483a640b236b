import Endpoint
import Impairment
import NodeCore
import SDP
import Testing
import Wire

/// Participants of a conference: who is in which slot, and that what they are told is what they get.
@Suite struct ConferenceTests {
    private static let link = LinkSettings(delay: .milliseconds(10))
    private static let video = "video"

    /// Somebody who says nothing until `audioLevel` is changed.
    @discardableResult
    private func join(
        _ name: String, to simulation: Simulation, video: Int, audio: Int = 3, level: UInt8 = 127,
        change: (inout EndpointSettings) -> Void = { _ in }
    ) throws -> Client {
        var settings = EndpointSettings.participant(video: video, audio: audio)
        settings.audio.level = level
        settings.video.hasTemporalLayers = true
        // Of what narrow links do to conferences others tell.
        settings.video.layers = [.init(bitsPerSecond: 100_000)]
        change(&settings)
        return try simulation.participate(settings, as: name, up: Self.link, down: Self.link)
    }

    private func join(
        _ names: [String], to simulation: Simulation, video: Int, audio: Int = 3
    ) throws -> [Client] {
        var clients: [Client] = []
        for name in names {
            clients.append(try join(name, to: simulation, video: video, audio: audio))
            simulation.run(for: .milliseconds(100))
        }
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        return clients
    }

    private func name(_ text: String) throws -> ParticipantID { try #require(ParticipantID(text)) }

    /// Who is shown in the slots of a kind, in the order of the offer, by what comes in them.
    private func shown(_ kind: MediaKind, to client: Client, in simulation: Simulation) -> [String?] {
        client.endpoint.settings.slots(kind).map { simulation.shown(in: $0, of: client)?.description }
    }

    /// That a participant gets in every slot what it was told, and that each slot's stream is one stream.
    private func expectTruth(
        _ client: Client, in simulation: Simulation, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let snapshot = try simulation.snapshot(of: client)
        for slot in snapshot.slots {
            #expect(
                simulation.shown(in: slot.mid, of: client)
                    == (slot.state == .active ? slot.participant : nil),
                "slot \(slot.mid)", sourceLocation: sourceLocation)
            let told = simulation.told(client).compactMap { kind -> ConferenceSnapshot.Slot? in
                if case .slot(let told) = kind, told.mid == slot.mid { return told }
                return nil
            }
            // Nothing is told of a slot that was empty from the beginning.
            #expect(
                told.last?.participant == slot.participant && told.last?.state ?? .empty == slot.state,
                "slot \(slot.mid)", sourceLocation: sourceLocation)
        }
        expectContinuous(client, sourceLocation: sourceLocation)
    }

    private func expectContinuous(_ client: Client, sourceLocation: SourceLocation = #_sourceLocation) {
        for stream in client.incoming {
            let seen = stream.statistics
            let comment: Comment = "slot \(stream.mid ?? "?")"
            #expect(stream.mid != nil, comment, sourceLocation: sourceLocation)
            #expect(seen.lost == 0 && seen.nacksSent == 0, comment, sourceLocation: sourceLocation)
            #expect(seen.resets == 0 && seen.corrupted == 0, comment, sourceLocation: sourceLocation)
            #expect(seen.brokenFrames == 0, comment, sourceLocation: sourceLocation)
            #expect(seen.timestampRegressions == 0, comment, sourceLocation: sourceLocation)
            #expect(seen.pictureNumberErrors == 0, comment, sourceLocation: sourceLocation)
            #expect(seen.sourceChangesWithoutKeyFrame == 0, comment, sourceLocation: sourceLocation)
        }
    }

    @Test func `five participants see each other and never themselves`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let names = ["ann", "ben", "cal", "dot", "eve"]
        let clients = try join(names, to: simulation, video: 5)
        for (client, own) in zip(clients, names) {
            let shown = shown(.video, to: client, in: simulation)
            #expect(shown.compactMap(\.self).sorted() == names.filter { $0 != own })
            #expect(shown.count { $0 == nil } == 1)
            #expect(Set(self.shown(.audio, to: client, in: simulation).compactMap(\.self)).count == 3)
            try expectTruth(client, in: simulation)
            let known = try simulation.snapshot(of: client).participants.map(\.id.description)
            #expect(known.sorted() == names)
            for stream in client.incoming where stream.kind == .video {
                #expect(stream.statistics.keyFrames >= 1)
            }
        }
    }

    @Test func `who comes costs a source no key frame of an encoding that nobody is given yet`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try join("ann", to: simulation, video: 1) { settings in
            settings.video.layers = zip(["q", "h", "f"], [150_000, 500_000, 1_500_000]).enumerated().map {
                .init(rid: $1.0, bitsPerSecond: $1.1, width: 320 << $0, height: 180 << $0)
            }
        }
        let ben = try join("ben", to: simulation, video: 1)
        #expect(simulation.connectAll())
        let slot = try #require(ben.endpoint.settings.slots(.video).first)
        _ = try simulation.control(ben, SessionControl(slots: [slot: .init(height: 180)]))
        simulation.run(for: .seconds(3))
        func keyFrames() -> [UInt32] {
            simulation.node.sourceKeyFrames(limit: 3).sources.map { $0.counts.reduce(0, +) }
        }
        let before = keyFrames()
        let cal = try join("cal", to: simulation, video: 2)
        #expect(simulation.connectAll())
        simulation.run(for: .milliseconds(400))
        #expect(cal.video.frames > 0)
        #expect(zip(keyFrames(), before).map(-) == [1, 0, 0])
    }

    @Test func `who speaks is shown in the first free slot, and a source changes at key frames only`() throws
    {
        let simulation = try Simulation(seed: Seed.current())
        let clients = try join(["ann", "ben", "cal", "dot", "eve"], to: simulation, video: 2)
        let viewer = clients[4]
        let first = try #require(viewer.endpoint.settings.slots(.video).first)
        for (speaker, name) in zip([clients[0], clients[2], clients[1]], ["ann", "cal", "ben"]) {
            speaker.endpoint.audioLevel = 15
            simulation.run(for: .seconds(5))
            #expect(simulation.shown(in: first, of: viewer)?.description == name)
            #expect(simulation.told(viewer).contains(.speaker(try self.name(name))))
            #expect(try simulation.snapshot(of: viewer).speaker == self.name(name))
            try expectTruth(viewer, in: simulation)
            speaker.endpoint.audioLevel = 127
        }
        // Who speaks sees the others, not itself.
        #expect(!shown(.video, to: clients[1], in: simulation).contains("ben"))
        let seen = try #require(viewer.slot(first))
        #expect(seen.sourceChanges >= 3)
        #expect(seen.freezes == 0, "\(seen.frozen)")
        #expect(seen.switchPauses.maximum < .milliseconds(150))
    }

    @Test func `a pin wins over who speaks, until it is taken back`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let clients = try join(["ann", "ben", "cal", "dot", "eve"], to: simulation, video: 2)
        let viewer = clients[4]
        let slots = viewer.endpoint.settings.slots(.video)
        let pin = SessionControl.Pin(participant: try name("dot"), track: nil)
        try simulation.control(viewer, SessionControl(slots: [slots[0]: .init(pin: pin)]))
        clients[1].endpoint.audioLevel = 15
        simulation.run(for: .seconds(5))
        #expect(shown(.video, to: viewer, in: simulation) == ["dot", "ben"])
        try expectTruth(viewer, in: simulation)
        // Pins may be in any slot, of who speaks as well; who is pinned is in no other.
        let other = SessionControl.Pin(participant: try name("ben"), track: "1")
        try simulation.control(viewer, SessionControl(slots: [slots[1]: .init(pin: other)]))
        clients[1].endpoint.audioLevel = 127
        clients[0].endpoint.audioLevel = 15
        simulation.run(for: .seconds(5))
        #expect(shown(.video, to: viewer, in: simulation) == ["dot", "ben"])
        try simulation.control(viewer, SessionControl(slots: [slots[0]: .init(pin: .some(nil))]))
        simulation.run(for: .seconds(2))
        #expect(shown(.video, to: viewer, in: simulation) == ["ann", "ben"])
        try expectTruth(viewer, in: simulation)
    }

    @Test(arguments: [true, false])
    func `a leave frees a slot and a join fills it`(hangsUp: Bool) throws {
        let simulation = try Simulation(seed: Seed.current())
        let clients = try join(["ann", "ben", "cal"], to: simulation, video: 2)
        let viewer = clients[0]
        #expect(shown(.video, to: viewer, in: simulation).compactMap(\.self).sorted() == ["ben", "cal"])
        if hangsUp { simulation.hangUp(clients[1]) } else { try simulation.delete(clients[1]) }
        simulation.run(for: .seconds(3))
        #expect(shown(.video, to: viewer, in: simulation).compactMap(\.self) == ["cal"])
        let states = try simulation.snapshot(of: viewer).slots.filter { $0.kind == Self.video }.map(\.state)
        #expect(states.count { $0 == .empty } == 1)
        #expect(simulation.told(viewer).contains(.left(try name("ben"))))
        try expectTruth(viewer, in: simulation)
        simulation.remove(clients[1])

        let start = simulation.now
        let late = try join("dot", to: simulation, video: 2)
        simulation.run(for: .seconds(3))
        #expect(shown(.video, to: viewer, in: simulation).compactMap(\.self).sorted() == ["cal", "dot"])
        #expect(shown(.video, to: late, in: simulation).compactMap(\.self).sorted() == ["ann", "cal"])
        try expectTruth(viewer, in: simulation)
        try expectTruth(late, in: simulation)
        let pictures = late.incoming.filter { $0.kind == .video }.compactMap(\.statistics.firstFrameAt)
        #expect(pictures.allSatisfy { $0 - start < .milliseconds(700) })
    }

    @Test func `audio slots carry the three loudest of eight, and nobody hears themselves`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var clients: [Client] = []
        // The loudest come last.
        for (number, level) in [70, 70, 70, 70, 70, 40, 30, 20].enumerated() {
            clients.append(
                try join("p\(number)", to: simulation, video: 1, audio: 3, level: UInt8(level)))
        }
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        for client in clients.prefix(5) {
            let heard = shown(.audio, to: client, in: simulation).compactMap(\.self).sorted()
            #expect(heard == ["p5", "p6", "p7"])
            try expectTruth(client, in: simulation)
        }
        let loudest = shown(.audio, to: clients[7], in: simulation).compactMap(\.self)
        #expect(loudest.count == 3 && !loudest.contains("p7"))
        #expect(loudest.contains("p5") && loudest.contains("p6"))
        // Another voice is louder now.
        clients[5].endpoint.audioLevel = 90
        clients[0].endpoint.audioLevel = 10
        simulation.run(for: .seconds(10))
        let heard = shown(.audio, to: clients[1], in: simulation).compactMap(\.self).sorted()
        #expect(heard == ["p0", "p6", "p7"])
        try expectTruth(clients[1], in: simulation)
    }

    @Test func `a storm of joins costs no encoding more than two key frames beside its first`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var clients: [Client] = []
        for number in 0..<25 {
            let client = try join("p\(number)", to: simulation, video: 3, level: number == 0 ? 20 : 127) {
                $0.video.layers = [
                    .init(rid: "q", bitsPerSecond: 60_000),
                    .init(rid: "f", bitsPerSecond: 200_000, width: 640, height: 480),
                ]
            }
            clients.append(client)
            simulation.run(for: .milliseconds(80))
        }
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        for client in clients {
            for rid in ["q", "f"] {
                let made = client.endpoint.framesSent(rid: rid).key
                #expect((1...3).contains(made), "\(made) of \(rid)")
            }
            let shown = shown(.video, to: client, in: simulation)
            #expect(shown.compactMap(\.self).count == 3)
        }
    }

    @Test func `a muted track is forwarded to nobody, and comes back with a key frame`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let clients = try join(["ann", "ben", "cal"], to: simulation, video: 2, audio: 2)
        let viewer = clients[1]
        for (mid, kind) in [("0", MediaKind.audio), ("1", .video)] {
            try simulation.control(clients[0], SessionControl(tracks: [mid: .init(isMuted: true)]))
            simulation.run(for: .seconds(2))
            #expect(shown(kind, to: viewer, in: simulation).compactMap(\.self) == ["cal"])
            #expect(shown(kind, to: clients[2], in: simulation).compactMap(\.self) == ["ben"])
            try expectTruth(viewer, in: simulation)
            let track = simulation.told(viewer).compactMap { kind -> Bool? in
                if case .track(_, let track) = kind, track.mid == mid { return track.isMuted }
                return nil
            }
            #expect(track.last == true)
            try simulation.control(clients[0], SessionControl(tracks: [mid: .init(isMuted: false)]))
            simulation.run(for: .seconds(2))
            #expect(shown(kind, to: viewer, in: simulation).compactMap(\.self).sorted() == ["ann", "cal"])
            try expectTruth(viewer, in: simulation)
        }
    }

    @Test func `a paused slot receives nothing and keeps its source`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let clients = try join(["ann", "ben", "cal"], to: simulation, video: 2)
        let viewer = clients[0]
        let mid = viewer.endpoint.settings.slots(.video)[1]
        let before = simulation.shown(in: mid, of: viewer)
        #expect(before != nil)
        for (off, on) in [
            (SessionControl.Slot(isPaused: true), SessionControl.Slot(isPaused: false)),
            (SessionControl.Slot(height: 0), SessionControl.Slot(height: 180)),
        ] {
            try simulation.control(viewer, SessionControl(slots: [mid: off]))
            simulation.run(for: .seconds(2))
            #expect(simulation.shown(in: mid, of: viewer) == nil)
            let slot = try simulation.snapshot(of: viewer).slots.first { $0.mid == mid }
            #expect(slot?.state == .paused && slot?.participant == before)
            try simulation.control(viewer, SessionControl(slots: [mid: on]))
            simulation.run(for: .seconds(2))
            #expect(simulation.shown(in: mid, of: viewer) == before)
            try expectTruth(viewer, in: simulation)
        }
    }

    @Test func `a control that cannot be fulfilled as a whole changes nothing`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let clients = try join(["ann", "ben", "cal"], to: simulation, video: 2)
        let viewer = clients[0]
        let slots = viewer.endpoint.settings.slots(.video)
        let before = try simulation.snapshot(of: viewer)
        let known = SessionControl.Pin(participant: try name("ben"), track: "1")
        let refused: [(SessionControl.Slot, String)] = [
            (.init(pin: .init(participant: try name("nobody"), track: nil)), "/pin/participant"),
            (.init(pin: .init(participant: try name("ben"), track: "0")), "/pin/track"),
            (.init(pin: .init(participant: try name("ben"), track: "9")), "/pin/track"),
            (.init(height: 4321), "/height"),
        ]
        for (slot, pointer) in refused {
            let error = #expect(throws: SessionError.self) {
                try simulation.control(
                    viewer,
                    SessionControl(
                        slots: [slots[0]: .init(pin: known, isPaused: true), slots[1]: slot],
                        tracks: ["1": .init(isMuted: true)], lastN: 1))
            }
            guard case .unacceptableControl(let place, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(place == "/slots/\(slots[1])" + pointer)
            #expect(try simulation.snapshot(of: viewer) == before)
        }
        simulation.run(for: .seconds(2))
        #expect(try simulation.snapshot(of: viewer).slots == before.slots)
        #expect(shown(.video, to: viewer, in: simulation).compactMap(\.self).sorted() == ["ben", "cal"])
        #expect(shown(.video, to: clients[1], in: simulation).compactMap(\.self).sorted() == ["ann", "cal"])
    }

    @Test func `participants tell what arrives, twenty times a second, and watchers do not`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let clients = try join(["ann", "ben"], to: simulation, video: 1)
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        simulation.run(for: .seconds(5))
        let told = clients.map(\.feedbackSent)
        for count in told { #expect((100...170).contains(count), "\(count)") }
        #expect(watcher.feedbackSent == 0 && watcher.isConnected)
        for client in clients { client.endpoint.isSending = false }
        simulation.run(for: .seconds(1))
        let all = clients.map(\.feedbackSent).reduce(0, +)
        #expect(simulation.counters.feedbackReceived == UInt64(all))
        for client in clients { expectContinuous(client) }
    }
}
