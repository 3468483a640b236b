import Codecs
import Endpoint
import Glibc
import Impairment
import Mixing
import SDP
import Testing
import Wire

@testable import NodeCore

/// Mixes in whole nodes: real sound, decoded, mixed and encoded in virtual time.
@Suite struct MixTests {
    private static let link = LinkSettings(delay: .milliseconds(10))

    /// Two seconds of a tone in packets of 20 ms.
    private static func tone(_ hertz: Double, amplitude: Double = 0.2) throws -> [[UInt8]] {
        var encoding = VoiceEncoding()
        encoding.frameLength = .milliseconds20
        encoding.bitsPerSecond = 32_000
        var encoder = try OpusEncoder(encoding)
        return try (0..<100).map { number in
            let samples = (number * 960..<(number + 1) * 960).map { index in
                Float(amplitude * sin(2 * Double.pi * hertz * Double(index) / 48_000))
            }
            var packet: [UInt8] = []
            _ = try encoder.encode(samples.span, into: &packet)
            return packet
        }
    }

    private func join(
        _ name: String, to simulation: Simulation, hertz: Double? = nil, amplitude: Double = 0.2,
        level: UInt8 = 127, audio: Int = 3
    ) throws -> Client {
        var settings = EndpointSettings.participant(video: 1, audio: audio)
        settings.audio.level = level
        settings.requiresSyntheticContent = false
        if let hertz { settings.audio.packets = try Self.tone(hertz, amplitude: amplitude) }
        return try simulation.participate(settings, as: name, up: Self.link, down: Self.link)
    }

    private func weaken(_ client: Client, in simulation: Simulation, _ isWeak: Bool = true) throws {
        try simulation.node.serve(isWeak ? .weak : .full, to: client.session, at: simulation.now)
    }

    private func expectContinuous(_ client: Client, sourceLocation: SourceLocation = #_sourceLocation) {
        for stream in client.incoming where stream.kind == .audio {
            let seen = stream.statistics
            #expect(seen.lost == 0 && seen.resets == 0, sourceLocation: sourceLocation)
            #expect(seen.timestampRegressions == 0, sourceLocation: sourceLocation)
        }
    }

    private func sounding(_ client: Client, in simulation: Simulation) -> [Bool] {
        client.endpoint.settings.slots(.audio).map { mid in
            (client.endpoint.stream(in: mid)?.bitsPerSecond(at: simulation.now) ?? 0) > 0
        }
    }

    @Test(arguments: [1, 20]) func `so many weak listeners share one mix`(count: Int) throws {
        let simulation = try Simulation(seed: Seed.current())
        for (name, hertz) in [("ann", 300.0), ("ben", 700), ("cal", 1300)] {
            _ = try join(name, to: simulation, hertz: hertz, level: 20)
        }
        let listeners = try (0..<count).map { try join("weak-\($0)", to: simulation) }
        #expect(simulation.connectAll())
        for listener in listeners { try weaken(listener, in: simulation) }
        simulation.run(for: .seconds(6))
        #expect(simulation.mixes.mixCount == 1)
        let described = simulation.node.mixDescriptions()
        #expect(described.mixes.map(\.listeners) == [count])
        #expect(described.voices.count == min(6, 3 + count))
        for listener in listeners {
            #expect(sounding(listener, in: simulation) == [true, false, false])
            expectContinuous(listener)
            let first = try #require(listener.endpoint.settings.slots(.audio).first)
            let slot = try simulation.snapshot(of: listener).slots.first { $0.mid == first }
            #expect(slot?.state == .active && slot?.track == "mix" && slot?.participant == nil)
            // To a weak link they go every three seconds.
            #expect((listener.slot(first)?.senderReports ?? 0) >= 1)
            // 17 packets a second; before, one voice for a moment.
            #expect((listener.slot(first)?.packets ?? 0) < 150)
        }
    }

    @Test func `who speaks hears a mix without its own voice, until it has been silent for some time`() throws
    {
        let simulation = try Simulation(seed: Seed.current())
        _ = try join("ann", to: simulation, hertz: 300, level: 20)
        // So quiet that its sender may as well say that it is silent.
        let ben = try join("ben", to: simulation, hertz: 700, amplitude: 0.002, level: 20)
        let cal = try join("cal", to: simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        try weaken(ben, in: simulation)
        try weaken(cal, in: simulation)
        simulation.run(for: .seconds(3))
        #expect(simulation.mixes.mixCount == 2)
        let described = simulation.node.mixDescriptions().mixes
        #expect(described.map(\.without) == ["", "ben"])
        #expect(described.map(\.listeners) == [1, 1])
        ben.endpoint.audioLevel = 127
        simulation.run(for: .seconds(7))
        #expect(simulation.mixes.mixCount == 1)
        #expect(simulation.node.mixDescriptions().mixes.map(\.listeners) == [2])
        ben.endpoint.audioLevel = 20
        simulation.run(for: .seconds(1))
        #expect(simulation.mixes.mixCount == 2)
        expectContinuous(ben)
        expectContinuous(cal)
    }

    @Test func `a slot changes between voice and mix without a gap`() throws {
        let simulation = try Simulation(seed: Seed.current())
        _ = try join("ann", to: simulation, hertz: 300, level: 20)
        _ = try join("ben", to: simulation, hertz: 700, level: 25)
        let cal = try join("cal", to: simulation)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        #expect(sounding(cal, in: simulation).count { $0 } == 2)
        let first = try #require(cal.endpoint.settings.slots(.audio).first)
        for _ in 0..<3 {
            try weaken(cal, in: simulation)
            simulation.run(for: .seconds(3))
            #expect(sounding(cal, in: simulation) == [true, false, false])
            try weaken(cal, in: simulation, false)
            simulation.run(for: .seconds(3))
            #expect(sounding(cal, in: simulation).count { $0 } == 2)
        }
        expectContinuous(cal)
        #expect((cal.slot(first)?.longestPause ?? .zero) < .milliseconds(150))
    }

    @Test func `the mixes end some time after the last who needs them`() throws {
        let simulation = try Simulation(seed: Seed.current())
        _ = try join("ann", to: simulation, hertz: 300, level: 20)
        let ben = try join("ben", to: simulation)
        #expect(simulation.connectAll())
        let tracks = simulation.gauges().upTracks
        try weaken(ben, in: simulation)
        simulation.run(for: .seconds(3))
        #expect(simulation.mixes.mixCount == 1)
        try weaken(ben, in: simulation, false)
        simulation.run(for: .seconds(8))
        #expect(simulation.mixes.mixCount == 1)
        simulation.run(for: .seconds(4))
        #expect(simulation.mixes.mixCount == 0)
        #expect(simulation.mixes.deadline == nil)
        #expect(simulation.gauges().upTracks == tracks)
        #expect(simulation.counters.mixesOpened == 1)
    }

    @Test func `a room's watcher hears the mix, and one participant's watcher the participant`() throws {
        let simulation = try Simulation(seed: Seed.current())
        for (name, hertz) in [("ann", 300.0), ("ben", 700)] {
            var settings = EndpointSettings.publisher
            settings.audio.packets = try Self.tone(hertz)
            try simulation.publish(settings, as: name, up: Self.link, down: Self.link)
        }
        var settings = EndpointSettings.watcher
        settings.requiresSyntheticContent = false
        let all = try simulation.watch(settings, up: Self.link, down: Self.link)
        let one = try simulation.watch(settings, of: "ben", up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        try weaken(all, in: simulation)
        try weaken(one, in: simulation)
        simulation.run(for: .seconds(5))
        let described = simulation.node.mixDescriptions()
        #expect(described.mixes.map(\.listeners) == [1])
        #expect(described.voices.count == 2)
        #expect(one.audio.packets > 200)
        #expect((50..<150).contains(all.audio.packets))
        expectContinuous(all)
    }

    @Test func `a muted voice is not in the mix, and everybody may leave at any time`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let ann = try join("ann", to: simulation, hertz: 300, level: 20)
        let ben = try join("ben", to: simulation, hertz: 700, level: 20)
        let cal = try join("cal", to: simulation)
        #expect(simulation.connectAll())
        try weaken(ben, in: simulation)
        try weaken(cal, in: simulation)
        simulation.run(for: .seconds(2))
        try simulation.control(ann, SessionControl(tracks: ["0": .init(isMuted: true)]))
        simulation.run(for: .seconds(2))
        #expect(!simulation.node.mixDescriptions().voices.contains { $0.participant == ann.participant })
        try simulation.delete(ben)
        simulation.run(for: .seconds(1))
        #expect(simulation.node.mixDescriptions().mixes.map(\.listeners) == [1])
        try simulation.delete(cal)
        simulation.run(for: .seconds(12))
        #expect(simulation.mixes.mixCount == 0)
        try simulation.delete(ann)
        simulation.run(for: .seconds(1))
        #expect(simulation.gauges().upTracks == 0)
        #expect(simulation.node.mixes.rooms.isEmpty && simulation.node.mixes.roomsByVoice.isEmpty)
        #expect(simulation.node.mixes.roomsByMix.isEmpty)
    }

    @Test func `silence costs hardly any packets`() throws {
        let simulation = try Simulation(seed: Seed.current())
        _ = try join("ann", to: simulation)
        let ben = try join("ben", to: simulation)
        #expect(simulation.connectAll())
        try weaken(ben, in: simulation)
        simulation.run(for: .seconds(2))
        let before = ben.audio.packets
        simulation.run(for: .seconds(10))
        #expect(ben.audio.packets - before <= 12)
    }

    @Test func `a voice that is encrypted for others is left out`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var generator = SplitMix64(seed: 4)
        let noise = (0..<97).map { _ in
            (0..<80).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        var settings = EndpointSettings.participant(video: 1, audio: 1)
        settings.audio.packets = noise
        settings.audio.level = 40
        try simulation.participate(settings, as: "eve", up: Self.link, down: Self.link)
        let ben = try join("ben", to: simulation)
        #expect(simulation.connectAll())
        try weaken(ben, in: simulation)
        simulation.run(for: .seconds(5))
        #expect(simulation.counters.mixVoicesRefused == 1)
        #expect(simulation.node.mixDescriptions().voices.count == 1)
        // There is nothing else to hear, so it comes as it is: whoever has the key can make something of it.
        #expect(sounding(ben, in: simulation) == [true, false, false])
        let slot = try slot(of: ben, in: simulation)
        #expect(
            slot.participant?.description == "eve" && slot.state == .active && slot.reason == .undecodable)
        // As soon as somebody speaks who can be mixed there is the mix.
        let ann = try join("ann", to: simulation, hertz: 300, level: 5)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        #expect(try self.slot(of: ben, in: simulation).track == "mix")
        ann.endpoint.audioLevel = 127
        simulation.run(for: .seconds(8))
        #expect(try self.slot(of: ben, in: simulation).participant?.description == "eve")
        expectContinuous(ben)
    }

    @Test func `where there can be no mix one voice comes as it is, and the mix as soon as there can be`()
        throws
    {
        let simulation = try Simulation(seed: Seed.current())
        simulation.refusesMixes = true
        let ann = try join("ann", to: simulation, hertz: 300, level: 20)
        let ben = try join("ben", to: simulation, hertz: 700)
        let cal = try join("cal", to: simulation)
        var settings = EndpointSettings.watcher
        settings.requiresSyntheticContent = false
        let watcher = try simulation.watch(settings, up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        try weaken(cal, in: simulation)
        try weaken(watcher, in: simulation)
        simulation.run(for: .seconds(5))
        #expect(simulation.counters.mixFailures == 1 && simulation.mixes.mixCount == 0)
        #expect(sounding(cal, in: simulation) == [true, false, false])
        let slot = try slot(of: cal, in: simulation)
        #expect(slot.participant == ann.participant && slot.state == .active && slot.reason == .noCPU)
        #expect(watcher.audio.packets > 200)
        // It follows who speaks.
        ann.endpoint.audioLevel = 127
        ben.endpoint.audioLevel = 20
        simulation.run(for: .seconds(5))
        #expect(try self.slot(of: cal, in: simulation).participant == ben.participant)
        #expect(simulation.counters.mixFailures == 1)
        simulation.refusesMixes = false
        simulation.run(for: .seconds(25))
        #expect(simulation.mixes.mixCount == 1)
        #expect(try self.slot(of: cal, in: simulation).track == "mix")
        #expect(try self.slot(of: cal, in: simulation).reason == nil)
        expectContinuous(cal)
        expectContinuous(watcher)
    }

    @Test func `a sender that always says that it is silent is heard, but not by itself`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let ann = try join("ann", to: simulation, hertz: 300)
        let ben = try join("ben", to: simulation)
        #expect(simulation.connectAll())
        try weaken(ann, in: simulation)
        try weaken(ben, in: simulation)
        simulation.run(for: .seconds(6))
        #expect(simulation.counters.mixVoicesRefused == 0)
        let described = simulation.node.mixDescriptions().mixes
        #expect(described.map(\.without) == ["", "ann"])
        // Ann's own mix has next to nothing, Ben's the tone.
        #expect(described[0].statistics.bytes > 20 * described[1].statistics.bytes)
        #expect(described.map(\.listeners) == [1, 1])
    }

    private func slot(of client: Client, in simulation: Simulation) throws -> ConferenceSnapshot.Slot {
        try #require(try simulation.snapshot(of: client).slots.first { $0.kind == "audio" })
    }
}
