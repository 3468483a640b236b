import Endpoint
import Impairment
import NodeCore
import Testing
import Wire

/// Several things going wrong at once.
@Suite struct AdversityTests {
    private static func lossyLink(_ share: Double) -> LinkSettings {
        LinkSettings(
            delay: .milliseconds(40), jitter: .milliseconds(5),
            loss: share > 0 ? .burst(averageLoss: share, averageLength: 2) : .none, reorder: 0.01,
            reorderDelay: .milliseconds(8), duplicate: 0.01)
    }

    @Test func `losses in bursts in all directions, from the first check on, are repaired`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let link = Self.lossyLink(0.05)
        var settings = EndpointSettings.publisher
        // Streams are known by their MID alone, and the first packets may be lost.
        settings.announcesSSRCs = false
        let publisher = try simulation.publish(settings, up: link, down: link)
        let watchers = try (0..<3).map { _ in try simulation.watch(up: link, down: link) }
        #expect(simulation.connectAll(within: .seconds(25)))
        simulation.run(for: .seconds(20))
        for client in simulation.clients {
            client.uplink.change(Self.lossyLink(0), at: simulation.now)
            client.downlink.change(Self.lossyLink(0), at: simulation.now)
        }
        simulation.run(for: .seconds(2))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(2))
        var frames = 0
        var expected = 0
        for watcher in watchers {
            let first = try #require(watcher.video.firstFrameNumber)
            let last = try #require(watcher.video.lastFrameNumber)
            #expect(Int(last) == publisher.framesSent - 1)
            frames += watcher.video.frames
            expected += Int(last - first) + 1
            #expect(watcher.video.contentGaps == 0 && watcher.video.corrupted == 0)
            #expect(watcher.video.duplicates <= watcher.video.retransmissions)
        }
        #expect(Double(frames) >= 0.995 * Double(expected), "\(frames) of \(expected)")
        #expect(simulation.drops(.unusableRetransmission) <= 5)
    }

    @Test(arguments: [true, false])
    func `no two different packets are ever sealed under one number`(hasRetransmissionStreams: Bool) throws {
        // RFC 7714 section 9.1: with AES-GCM that would give away the key stream.
        let simulation = try Simulation(seed: Seed.current())
        var watching = EndpointSettings.watcher
        watching.hasRetransmissionStreams = hasRetransmissionStreams
        let link = Self.lossyLink(0.08)
        let watcher = try simulation.watch(watching, up: link, down: link)
        // Of silence a mix makes hardly any packets.
        try simulation.node.serve(.full, to: watcher.session, at: simulation.now)
        watcher.sealed = Client.Sealed()
        for round in 0..<4 {
            let publisher = try simulation.publish(as: "p\(round)", up: link, down: link)
            simulation.run(for: .seconds(25)) { publisher.isConnected && watcher.isConnected }
            simulation.run(for: .seconds(4))
            simulation.hangUp(publisher)
            simulation.run(for: .milliseconds(200))
        }
        let sealed = try #require(watcher.sealed)
        #expect(watcher.video.sourceChanges >= 3)
        #expect(sealed.count > 1500)
        #expect(sealed.conflicts == 0)
        // Without RTX the very same bytes go out again.
        #expect(hasRetransmissionStreams ? sealed.repetitions == 0 : sealed.repetitions > 20)
    }

    @Test func `a full outbox drops, counts and recovers`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.video.keyFrameInterval = .seconds(1)
        let publisher = try simulation.publish(settings)
        let watchers = try (0..<4).map { _ in try simulation.watch() }
        #expect(simulation.connectAll())
        // A key frame is seven packets for each watcher, whose packets are sent before the next one's.
        simulation.outbox = Outbox(bytes: 1 << 20, entryLimit: 5)
        simulation.run(for: .seconds(10))
        #expect(simulation.drops(.outboxFull) > 20)
        simulation.outbox = Outbox(bytes: 16 << 20, entryLimit: 32768)
        simulation.run(for: .seconds(2))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(2))
        for watcher in watchers {
            #expect(watcher.isConnected)
            #expect(watcher.video.lastFrameNumber == UInt32(publisher.framesSent - 1))
            #expect(watcher.video.contentGaps == 0 && watcher.video.corrupted == 0)
        }
    }

    @Test func `after a long silence of the publisher the picture goes on`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(120))
        #expect(publisher.isConnected && watcher.isConnected)
        publisher.endpoint.isSending = true
        simulation.run(for: .seconds(3))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))
        #expect(watcher.video.lastFrameNumber == UInt32(publisher.framesSent - 1))
        #expect(watcher.video.lost == 0 && watcher.video.contentGaps == 0)
        #expect(watcher.video.nacksSent == 0)
    }

    @Test func `a watcher on a bad link costs the others nothing`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let good = try simulation.watch()
        let bad = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        let keyFrames = publisher.keyFramesSent
        bad.downlink.change(.lossy(0.4, delay: .milliseconds(100)), at: simulation.now)
        simulation.run(for: .seconds(30))
        let last = try #require(good.video.lastFrameAt)
        #expect(simulation.now - last < .milliseconds(100))
        #expect(good.video.lost == 0 && good.video.nacksSent == 0)
        #expect(good.video.longestPause < .milliseconds(60))
        // Its losses reach the publisher once a second at most.
        #expect(publisher.keyFramesSent - keyFrames <= 31)
        #expect(bad.video.recovered > 100)
        #expect(bad.isConnected)
    }

    @Test func `sequence numbers wrap under loss without anybody noticing`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.sections.removeFirst()
        settings.video.packetBytes = 125
        settings.video.layers = [.init(bitsPerSecond: 1_000_000)]
        var watching = EndpointSettings.watcher
        watching.sections.removeFirst()
        let clean = LinkSettings(delay: .milliseconds(20))
        let publisher = try simulation.publish(settings, up: clean, down: clean)
        let watcher = try simulation.watch(watching, up: clean, down: clean)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(1))
        publisher.uplink.change(.lossy(0.01, delay: .milliseconds(20)), at: simulation.now)
        watcher.downlink.change(.lossy(0.01, delay: .milliseconds(20)), at: simulation.now)
        simulation.run(for: .seconds(68))
        publisher.uplink.change(clean, at: simulation.now)
        watcher.downlink.change(clean, at: simulation.now)
        simulation.run(for: .seconds(1))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))
        // From wherever the numbers began, both hops have wrapped.
        #expect(watcher.video.packets > 65536)
        #expect(watcher.video.lost == 0 && watcher.video.contentGaps == 0 && watcher.video.resets == 0)
        #expect(watcher.video.recovered > 500)
        #expect(watcher.video.lastFrameNumber == UInt32(publisher.framesSent - 1))
        #expect(watcher.counters.unauthentic == 0)
        #expect(simulation.drops(.unauthenticSRTP) == 0)
    }
}
