import Endpoint
import FoundationEssentials
import Impairment
import NodeCore
import Peering
import RTP
import SDP
import Testing
import Wire

/// Datagrams that nobody should send, from strangers and from peers: none traps, each is counted, nobody else notices.
@Suite struct RobustnessTests {
    private static let corpus = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "fixtures/fuzz").path

    private static func files() throws -> [(kind: String, bytes: [UInt8])] {
        try FileManager.default.contentsOfDirectory(atPath: corpus).sorted().flatMap { kind in
            try FileManager.default.contentsOfDirectory(atPath: "\(corpus)/\(kind)").sorted().map { file in
                (kind, [UInt8](try Data(contentsOf: URL(filePath: "\(corpus)/\(kind)/\(file)"))))
            }
        }
    }

    private func totalDrops(_ simulation: Simulation) -> UInt64 {
        DropReason.allCases.reduce(0) { $0 + simulation.drops($1) }
    }

    /// A room whose members must not notice what goes on elsewhere.
    private struct Bystanders {
        let publisher: Client
        let watcher: Client

        init(_ simulation: Simulation) throws {
            publisher = try simulation.publish(room: "quiet")
            watcher = try simulation.watch(room: "quiet")
        }

        func expectUndisturbed(_ simulation: Simulation, sourceLocation: SourceLocation = #_sourceLocation) {
            publisher.endpoint.isSending = false
            simulation.run(for: .seconds(1))
            let video = watcher.video
            #expect(publisher.isConnected && watcher.isConnected, sourceLocation: sourceLocation)
            #expect(video.lost == 0 && video.contentGaps == 0, sourceLocation: sourceLocation)
            #expect(video.corrupted == 0, sourceLocation: sourceLocation)
            #expect(video.sourceChanges == 0 && video.frames > 40, sourceLocation: sourceLocation)
            #expect(video.longestPause < .milliseconds(100), sourceLocation: sourceLocation)
            #expect(
                video.lastFrameNumber == UInt32(publisher.framesSent - 1), sourceLocation: sourceLocation)
        }
    }

    @Test func `a datagram of the corpus from a stranger is dropped and counted`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let bystanders = try Bystanders(simulation)
        #expect(simulation.connectAll())
        let files = try Self.files()
        #expect(files.count > 80)
        let stranger = simulation.newAddress()
        for file in files {
            let before = totalDrops(simulation)
            let answers = simulation.inject(file.bytes, from: stranger)
            #expect(answers.isEmpty)
            #expect(totalDrops(simulation) == before + 1)
            simulation.run(for: .milliseconds(20))
        }
        bystanders.expectUndisturbed(simulation)
    }

    @Test func `a datagram of the corpus from a peer's address is dropped and counted`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let bystanders = try Bystanders(simulation)
        let peers = [try simulation.publish(), try simulation.watch()]
        #expect(simulation.connectAll())
        for file in try Self.files() {
            for peer in peers {
                let before = totalDrops(simulation)
                simulation.inject(file.bytes, from: peer.address)
                let kind = DatagramKind(of: file.bytes.span)
                // What looks like DTLS is for OpenSSL, which passes over records that are not authentic.
                if kind != .dtls { #expect(totalDrops(simulation) == before + 1) }
            }
            simulation.run(for: .milliseconds(20))
        }
        #expect(peers.allSatisfy { $0.isConnected })
        #expect(simulation.gauges().publishers == 2 && simulation.gauges().watchers == 2)
        bystanders.expectUndisturbed(simulation)
    }

    @Test func `mutations of real traffic disturb nobody`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let bystanders = try Bystanders(simulation)
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        publisher.recording = []
        watcher.recording = []
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        let traffic = (publisher.recording ?? []) + (watcher.recording ?? [])
        publisher.recording = nil
        watcher.recording = nil
        #expect(traffic.count > 200)
        var generator = SplitMix64(seed: simulation.generator.next())
        let received = simulation.counters.packetsReceived
        let sent = publisher.outgoing.reduce(0) { $0 + UInt64($1.packetsSent) }
        for round in 0..<5000 {
            var bytes = traffic[Int.random(in: traffic.indices, using: &generator)]
            mutate(&bytes, using: &generator)
            let sources = [publisher.address, watcher.address, simulation.newAddress()]
            simulation.inject(bytes, from: sources[round % 3])
            if round % 20 == 0 { simulation.run(for: .milliseconds(10)) }
        }
        #expect(simulation.drops(.unauthenticSRTP) > 1000)
        #expect(simulation.drops(.unknownAddress) > 500)
        let sentMeanwhile = bystanders.publisher.outgoing.reduce(0) { $0 + UInt64($1.packetsSent) }
        bystanders.expectUndisturbed(simulation)
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))
        // Every packet that was taken is one that was sent.
        let all = simulation.clients.flatMap(\.outgoing).reduce(0) { $0 + UInt64($1.packetsSent) }
        #expect(simulation.counters.packetsReceived == all)
        #expect(received >= sent && sentMeanwhile > 0)
        #expect(watcher.video.contentGaps == 0 && watcher.video.corrupted == 0)
    }

    @Test func `mutated handshakes end in a session or in none, and never in another's`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let bystanders = try Bystanders(simulation)
        #expect(simulation.connectAll())
        var generator = SplitMix64(seed: simulation.generator.next())
        var victims: [Client] = []
        for number in 0..<40 {
            var settings = EndpointSettings.watcher
            settings.setup = number % 2 == 0 ? .actpass : .passive
            let victim = try simulation.watch(settings, room: "victims")
            let chance = 0.1
            var own = SplitMix64(seed: generator.next())
            victim.rewrite = { datagram in
                guard own.nextFraction() < chance else { return [datagram] }
                var changed = datagram
                Self.mutate(&changed, using: &own)
                return [changed]
            }
            victims.append(victim)
            simulation.run(for: .milliseconds(200))
        }
        simulation.run(for: .seconds(35))
        #expect(simulation.gauges().connecting == 0)
        #expect(victims.contains { $0.isConnected })
        bystanders.expectUndisturbed(simulation)
    }

    @Test func `what a peer sends within its own session can be anything`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let bystanders = try Bystanders(simulation)
        let attacker = try simulation.join(.echo, room: "attack", .echo)
        let victim = try simulation.watch(room: "attack")
        #expect(simulation.connectAll())
        simulation.run(for: .milliseconds(500))
        var generator = SplitMix64(seed: simulation.generator.next())
        let ssrcs = attacker.outgoing.map { $0.ssrc }
        var protected = 0
        let files = try Self.files().filter { $0.bytes.count < 1300 }
        for round in 0..<4000 {
            let file = files[Int.random(in: files.indices, using: &generator)]
            var bytes = file.bytes
            if round % 3 == 0 { Self.mutate(&bytes, using: &generator) }
            let isControl = file.kind == "rtcp"
            if !isControl, file.kind != "rtp" {
                let ssrc =
                    round % 7 == 0 ? UInt32.random(in: 0...UInt32.max, using: &generator) : ssrcs[round % 2]
                bytes = packet(
                    payloadType: [96, 97, 111, 120][round % 4], ssrc: ssrc, payload: bytes, using: &generator)
            }
            if attacker.endpoint.sendProtected(bytes, isControl: isControl, into: &simulation.outbox) {
                protected += 1
            }
            simulation.flush(attacker)
            if round % 10 == 0 { simulation.run(for: .milliseconds(10)) }
        }
        #expect(protected > 2000)
        #expect(simulation.drops(.malformedRTCP) > 0)
        #expect(simulation.drops(.unknownPayloadType) + simulation.drops(.unknownSource) > 0)
        #expect(simulation.drops(.tooManySources) > 0)
        #expect(victim.isConnected && attacker.isConnected)
        #expect(simulation.gauges().upTracks == 4)
        bystanders.expectUndisturbed(simulation)
    }

    // MARK: - Making

    private func mutate(_ bytes: inout [UInt8], using generator: inout SplitMix64) {
        Self.mutate(&bytes, using: &generator)
    }

    /// Changes something: a bit, a byte, the length.
    private static func mutate(_ bytes: inout [UInt8], using generator: inout SplitMix64) {
        guard !bytes.isEmpty else { return }
        switch generator.next() % 5 {
        case 0: bytes[Int.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8(generator.next() % 8)
        case 1: bytes[Int.random(in: 0..<min(bytes.count, 24), using: &generator)] &+= 1
        case 2: bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
        case 3: bytes += (0..<Int.random(in: 1...40, using: &generator)).map { _ in generator.next() }
        case _:
            for _ in 0..<8 {
                bytes[Int.random(in: bytes.indices, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
            }
        }
    }

    /// An RTP packet with a random header, an extension block of random bytes, and this payload.
    private func packet(
        payloadType: UInt8, ssrc: UInt32, payload: [UInt8], using generator: inout SplitMix64
    ) -> [UInt8] {
        let words = Int.random(in: 0...4, using: &generator)
        return [UInt8](capacity: 16 + words * 4 + payload.count) { output in
            output.append(0x90)
            output.append(payloadType | (generator.next() % 2 == 0 ? 0x80 : 0))
            output.append(bigEndian: generator.next() as UInt16)
            output.append(bigEndian: generator.next() as UInt32)
            output.append(bigEndian: ssrc)
            output.append(bigEndian: generator.next() % 2 == 0 ? 0xBEDE : 0x1000 as UInt16)
            output.append(bigEndian: UInt16(words))
            for _ in 0..<words { output.append(bigEndian: generator.next() as UInt32) }
            for byte in payload { output.append(byte) }
        }
    }
}
