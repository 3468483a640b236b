import Endpoint
import Impairment
import NodeCore
import Testing
import Wire

/// What a worker does with packets that have come together: they are collected, then offered to subscribers one after the
/// other.
@Suite struct BatchTests {
    /// Lets a client's media leave in lumps of so many packets.
    private static func lump(_ count: Int, of client: Client) {
        var waiting: [[UInt8]] = []
        client.rewrite = { bytes in
            guard let first = bytes.first, first >> 6 == 2 else { return [bytes] }
            waiting.append(bytes)
            guard waiting.count >= count else { return [] }
            defer { waiting = [] }
            return waiting
        }
    }

    @Test(arguments: [1, 7, 40])
    func `every watcher gets everything of a lump, in order`(size: Int) throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watchers = try (0..<12).map { _ in try simulation.watch() }
        #expect(simulation.connectAll())
        Self.lump(size, of: publisher)
        simulation.run(for: .seconds(5))
        for watcher in watchers {
            #expect(watcher.video.frames > 75)
            #expect(watcher.video.lost == 0 && watcher.video.reordered == 0)
            #expect(watcher.video.contentGaps == 0 && watcher.video.brokenFrames == 0)
            #expect(watcher.video.pictureNumberErrors == 0 && watcher.video.timestampRegressions == 0)
            #expect(watcher.audio.lost == 0 && watcher.audio.contentGaps == 0)
        }
        #expect(simulation.drops(.outboxFull) == 0)
    }

    @Test func `who waits at the beginning of a lump asks for no key frame that is in it`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        #expect(simulation.connectAll())
        Self.lump(30, of: publisher)
        simulation.run(for: .seconds(2))
        let before = simulation.counters.keyFrameRequestsSent
        let watcher = try simulation.watch()
        simulation.run(for: .seconds(4))
        #expect(watcher.video.frames > 30)
        // A lump may leave before the key frame is made, and the request is repeated after half a second then.
        #expect(simulation.counters.keyFrameRequestsSent - before <= 2)
        #expect(publisher.keyFramesSent <= 4)
    }

    @Test func `packets of a track that ends before they are forwarded are dropped with a reason`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(1))
        var held: [[UInt8]] = []
        publisher.rewrite = { bytes in
            held.append(bytes)
            return []
        }
        simulation.run(for: .milliseconds(100))
        let received = watcher.video.packets + watcher.audio.packets
        let counters = simulation.counters
        for bytes in held {
            var bytes = bytes
            var span = bytes.mutableSpan
            simulation.node.collect(
                &span, from: publisher.address, at: simulation.now, into: &simulation.outbox)
        }
        let collected = simulation.counters.packetsReceived - counters.packetsReceived
        #expect(collected > 5)
        try simulation.delete(publisher)
        let hasMore = simulation.node.forward(at: simulation.now, into: &simulation.outbox)
        #expect(!hasMore && simulation.drops(.unknownSource) == counters.drops[.unknownSource] + collected)
        simulation.flushNode()
        simulation.run(for: .milliseconds(100))
        #expect(watcher.video.packets + watcher.audio.packets == received)
    }

    @Test func `a batch that nobody forwards in time is forwarded when it is full`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(1))
        var held: [[UInt8]] = []
        publisher.rewrite = { bytes in
            held.append(bytes)
            return []
        }
        simulation.run(for: .seconds(2))
        #expect(held.count > 150)
        for bytes in held {
            var bytes = bytes
            var span = bytes.mutableSpan
            simulation.node.collect(
                &span, from: publisher.address, at: simulation.now, into: &simulation.outbox)
        }
        _ = simulation.node.forward(at: simulation.now, into: &simulation.outbox)
        simulation.flushNode()
        simulation.run(for: .milliseconds(100))
        #expect(watcher.video.contentGaps == 0 && watcher.video.lost == 0)
        #expect(watcher.audio.contentGaps == 0 && watcher.audio.lost == 0)
    }

    @Test(arguments: [true, false])
    func `packets of a frame get one length, unless the same bytes may have to be sent again`(
        hasRTX: Bool
    ) throws {
        let simulation = try Simulation(seed: Seed.current())
        var publishing = EndpointSettings.publisher
        // 5003 bytes a frame: packets of 1000 and 1001 bytes.
        publishing.video.layers = [.init(bitsPerSecond: 1_000_600)]
        publishing.video.framesPerSecond = 25
        let publisher = try simulation.publish(publishing)
        var watching = EndpointSettings.watcher
        watching.hasRetransmissionStreams = hasRTX
        let watcher = try simulation.watch(watching)
        #expect(simulation.connectAll())
        // The first packets carry the MID besides.
        simulation.run(for: .seconds(2))
        var held: [[UInt8]] = []
        publisher.rewrite = { bytes in
            held.append(bytes)
            return []
        }
        simulation.run(for: .milliseconds(200))
        for bytes in held {
            var bytes = bytes
            var span = bytes.mutableSpan
            simulation.node.collect(
                &span, from: publisher.address, at: simulation.now, into: &simulation.outbox)
        }
        _ = simulation.node.forward(at: simulation.now, into: &simulation.outbox)
        let lengths = simulation.outbox.entries.filter { $0.length > 900 }.map(\.length)
        #expect(lengths.count >= 20 && Set(lengths).count == (hasRTX ? 1 : 2))
        simulation.flushNode()
        publisher.rewrite = { [$0] }
        simulation.run(for: .seconds(1))
        #expect(watcher.video.lost == 0 && watcher.video.contentGaps == 0 && watcher.video.corrupted == 0)
        #expect(watcher.video.brokenFrames == 0 && watcher.video.pictureNumberErrors == 0)
    }
}
