import Codecs
import Endpoint
import Impairment
import Mixing
import SDP
import Testing
import Wire

@testable import NodeCore

/// Sound that is broken, foreign, or not what was agreed on, in whole nodes: it is mixed or left out, and nobody else's suffers.
@Suite struct BadSoundTests {
    private static let link = LinkSettings(delay: .milliseconds(10))

    /// Somebody who is heard well, somebody of whom `packets` are heard, and a weak link that hears the mix.
    private func meeting(
        _ packets: [[UInt8]]
    ) throws -> (simulation: Simulation, eve: Client, listener: Client) {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.participant(video: 1, audio: 1)
        settings.audio.level = 20
        settings.audio.tone = try Tone(hertz: 440, level: 20).packets
        try simulation.participate(settings, as: "ann", up: Self.link, down: Self.link)
        settings.audio.packets = packets
        let eve = try simulation.participate(settings, as: "eve", up: Self.link, down: Self.link)
        var listening = EndpointSettings.participant(video: 1, audio: 1)
        listening.requiresSyntheticContent = false
        listening.audio.level = 127
        let listener = try simulation.participate(
            listening, as: "lea", up: Self.link, down: Self.link, on: SessionTerms(wish: .weak))
        #expect(simulation.connectAll())
        return (simulation, eve, listener)
    }

    private func voice(of name: String, in simulation: Simulation) -> VoiceDescription? {
        simulation.node.mixDescriptions().voices.first { $0.participant?.description == name }
    }

    private func expectWhole(_ listener: Client, in simulation: Simulation) {
        #expect(simulation.node.mixDescriptions().mixes.map(\.listeners).reduce(0, +) == 1)
        let sound = listener.audio
        #expect(sound.lost == 0 && sound.resets == 0 && sound.timestampRegressions == 0)
        #expect(voice(of: "ann", in: simulation)?.statistics.damagedPackets == 0)
        let before = sound.packets
        simulation.run(for: .seconds(2))
        // A packet in 60 ms: there is always something to hear.
        #expect(listener.audio.packets - before >= 30)
    }

    @Test func `what is broken now and then is counted and bridged`() throws {
        var packets = try Tone(hertz: 700, level: 20).packets
        // Of two frames the first is longer than the packet.
        for index in stride(from: 3, to: packets.count, by: 10) {
            packets[index] = [9 << 3 | 2, 200, 1, 2, 3]
        }
        let (simulation, _, listener) = try meeting(packets)
        simulation.run(for: .seconds(5))
        let seen = try #require(voice(of: "eve", in: simulation)).statistics
        #expect(seen.damagedPackets > 15 && seen.packets > 200)
        #expect(simulation.counters.mixVoicesRefused == 0)
        expectWhole(listener, in: simulation)
    }

    @Test(arguments: [
        // A count of frames of 0, two equal frames of an odd number of bytes, more padding than there is, 126 ms of sound.
        [[0xFB, 0x00, 1, 2]], [[0xF9, 1, 2, 3]], [[0xFB, 0x41, 0xFF, 0xFF, 0xFF]], [[0x1B, 0x03, 1, 2, 3]],
    ])
    func `what no decoder takes is left out, and told`(packets: [[UInt8]]) throws {
        let (simulation, _, listener) = try meeting(packets)
        simulation.run(for: .seconds(5))
        #expect(simulation.counters.mixVoicesRefused == 1)
        #expect(voice(of: "eve", in: simulation) == nil)
        expectWhole(listener, in: simulation)
    }

    @Test func `redundant packets, which were not agreed on, are dropped and counted`() throws {
        let (simulation, eve, listener) = try meeting([[]])
        let stream = try #require(eve.endpoint.outgoing.first { $0.kind == .audio })
        let frame = try #require(try Tone(hertz: 700, level: 20).packets.first)
        func packet(_ number: Int, payloadType: UInt8, _ payload: [UInt8]) -> [UInt8] {
            let timestamp = UInt32(number * 960)
            func bytes(_ value: UInt32) -> [UInt8] {
                (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
            }
            return [0x80, payloadType, UInt8(number >> 8), UInt8(number & 0xFF)] + bytes(timestamp)
                + bytes(stream.ssrc)
                + payload
        }
        func send(_ bytes: [UInt8]) {
            #expect(eve.endpoint.sendProtected(bytes, isControl: false, into: &simulation.outbox))
            simulation.flush(eve)
            simulation.run(for: .milliseconds(20))
        }
        for number in 1...20 { send(packet(number, payloadType: stream.payloadType, frame)) }
        let dropped = simulation.counters.drops[.unknownPayloadType]
        simulation.run(for: .seconds(2))
        let taken = try #require(voice(of: "eve", in: simulation)).statistics.packets
        #expect(taken >= 15)
        // RFC 2198: one block before this one, and this one.
        let redundant =
            [0x80 | stream.payloadType, 0x0F, 0x00, UInt8(frame.count), stream.payloadType] + frame + frame
        for number in 21...70 { send(packet(number, payloadType: 63, redundant)) }
        #expect(simulation.counters.drops[.unknownPayloadType] - dropped == 50)
        #expect(voice(of: "eve", in: simulation)?.statistics.packets == taken)
        #expect(voice(of: "eve", in: simulation)?.statistics.damagedPackets == 0)
        expectWhole(listener, in: simulation)
    }
}
