import Endpoint
import Impairment
import NodeCore
import SDP
import Testing
import Wire

/// A room on two nodes: publishers at its home, watchers at the edge, a link between them.
@Suite struct CascadeTests {
    private static let silent: EndpointSettings = {
        var settings = EndpointSettings.publisher
        settings.audio.level = 127
        return settings
    }()

    private func videoSource(of client: Client, rid: String? = nil) -> UInt32? {
        client.outgoing.first { $0.kind == .video && $0.rid == rid }?.ssrc
    }

    private func expectContinuous(_ watcher: Client, sourceLocation: SourceLocation = #_sourceLocation) {
        for stream in [watcher.video, watcher.audio] {
            #expect(stream.lost == 0, sourceLocation: sourceLocation)
            #expect(stream.contentGaps == 0, sourceLocation: sourceLocation)
            #expect(stream.corrupted == 0, sourceLocation: sourceLocation)
            #expect(stream.brokenFrames == 0, sourceLocation: sourceLocation)
            #expect(stream.timestampRegressions == 0, sourceLocation: sourceLocation)
            #expect(stream.sourceChangesWithoutKeyFrame == 0, sourceLocation: sourceLocation)
        }
    }

    @Test func `a watcher at the edge sees what one at home sees, a link later`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let near = try simulation.watch(at: simulation.origin)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        let start = simulation.now
        let far = try simulation.watch()
        simulation.run(for: .seconds(10))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))

        #expect(far.video.lastFrameNumber == UInt32(publisher.framesSent - 1))
        #expect(near.video.lastFrameNumber == far.video.lastFrameNumber)
        let first = try #require(far.video.firstFrameNumber)
        #expect(far.video.frames == publisher.framesSent - Int(first))
        #expect(far.audio.frames > 400)
        let firstAt = try #require(far.video.firstFrameAt)
        #expect(firstAt - start < .milliseconds(500), "\(firstAt - start)")
        expectContinuous(far)
        expectContinuous(near)
        // The link's delay and the rounding of the simulation.
        #expect(far.video.latency.maximum <= near.video.latency.maximum + .milliseconds(3))
        let counters = simulation.edge.node.counters
        #expect(counters.linkPacketsReceived > 500)
        #expect(counters.linkPacketsLost == 0 && counters.nacksSent == 0)
        #expect(counters.packetsReceived == 0)
        #expect(simulation.origin.node.counters.linkPacketsSent >= counters.linkPacketsReceived)
    }

    @Test func `sound and picture keep together at the edge`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        try simulation.publish(Self.silent)
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        let audio = try #require(watcher.audio.clockOffset)
        let video = try #require(watcher.video.clockOffset)
        #expect(abs((audio - video).nanoseconds) < 1_000_000, "\(audio) \(video)")
        #expect(watcher.video.senderReports >= 3)
    }

    @Test func `what is lost on the link is repaired on the link`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current(), wire: .init(delay: .milliseconds(20)))
        simulation.origin.sealed = .init()
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        for host in [simulation.origin, simulation.edge] {
            host.wire.change(.lossy(0.05, delay: .milliseconds(20)), at: simulation.now)
        }
        simulation.run(for: .seconds(20))
        for host in [simulation.origin, simulation.edge] {
            host.wire.change(.init(delay: .milliseconds(20)), at: simulation.now)
        }
        simulation.run(for: .seconds(2))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))

        let lost = simulation.origin.wire.counters.lost
        #expect(lost > 50)
        #expect(simulation.origin.node.counters.retransmissionsSent >= 40)
        #expect(publisher.outgoing.allSatisfy { $0.nacksReceived == 0 })
        #expect(watcher.video.contentGaps == 0 && watcher.video.corrupted == 0)
        let first = try #require(watcher.video.firstFrameNumber)
        let expected = publisher.framesSent - Int(first)
        #expect(Double(watcher.video.frames) >= 0.998 * Double(expected), "\(watcher.video.frames)")
        // RTCP is lost, too, and counts for nothing here.
        let counted = Int(simulation.edge.node.counters.linkPacketsLost)
        #expect(counted > lost / 2 && counted <= lost, "\(counted) of \(lost)")
        // Sent again byte for byte: nothing else was sealed under the same number.
        #expect(simulation.origin.sealed?.repetitions ?? 0 >= 40)
        #expect(simulation.origin.sealed?.conflicts == 0)
    }

    @Test func `what the origin misses, too, is asked for once and comes late`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        let publisher = try simulation.publish(up: .init(delay: .milliseconds(100)))
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        publisher.uplink.change(.lossy(0.05, delay: .milliseconds(100)), at: simulation.now)
        simulation.run(for: .seconds(20))
        publisher.uplink.change(.init(delay: .milliseconds(100)), at: simulation.now)
        simulation.run(for: .seconds(2))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))

        let lost = publisher.uplink.counters.lost
        #expect(lost > 50)
        let asked = simulation.edge.node.counters.nacksSent
        #expect(asked <= UInt64(lost) * 3 / 2, "\(asked) for \(lost)")
        #expect(simulation.edge.node.counters.linkPacketsLost == 0)
        #expect(watcher.video.contentGaps == 0 && watcher.video.corrupted == 0)
        let first = try #require(watcher.video.firstFrameNumber)
        let expected = publisher.framesSent - Int(first)
        #expect(Double(watcher.video.frames) >= 0.998 * Double(expected), "\(watcher.video.frames)")
    }

    @Test func `many watchers at both nodes cost the publisher one key frame`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        let publisher = try simulation.publish(up: .init(delay: .milliseconds(30)))
        try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        let before = publisher.outgoing.reduce(0) { $0 + $1.keyFrameRequestsReceived }
        for _ in 0..<5 {
            try simulation.watch()
            try simulation.watch(at: simulation.origin)
        }
        simulation.run(for: .seconds(3))
        let requests = publisher.outgoing.reduce(0) { $0 + $1.keyFrameRequestsReceived } - before
        #expect(requests == 1)
        #expect(simulation.edge.clients.allSatisfy { $0.video.frames > 50 })
        #expect(simulation.origin.clients.filter { $0 !== publisher }.allSatisfy { $0.video.frames > 50 })
    }

    @Test func `a publisher that comes later is at the edge with its first picture`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        #expect(watcher.incoming.isEmpty)
        let publisher = try simulation.publish(up: .init(delay: .milliseconds(5)))
        simulation.run(for: .seconds(3))
        #expect(watcher.video.firstFrameNumber == 0)
        #expect(watcher.video.source == videoSource(of: publisher))
        #expect(publisher.keyFramesSent == 1)
        #expect(simulation.edge.node.counters.drops[.unannouncedSource] == 0)
        expectContinuous(watcher)
    }

    @Test func `a publisher that leaves and returns under its name is followed`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        simulation.origin.sealed = .init()
        let alice = try simulation.publish(Self.silent, as: "alice")
        let bob = try simulation.publish(Self.silent, as: "bob")
        let watcher = try simulation.watch(of: "alice")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        #expect(watcher.video.source == videoSource(of: alice))
        try simulation.delete(alice)
        simulation.run(for: .seconds(1))
        let frames = watcher.video.frames
        #expect(simulation.edge.node.gauges().mirroredTracks == 2)
        let returned = try simulation.publish(Self.silent, as: "alice")
        simulation.run(for: .seconds(3))
        #expect(watcher.video.source == videoSource(of: returned))
        #expect(watcher.video.source != videoSource(of: bob))
        #expect(watcher.video.frames > frames + 60)
        #expect(simulation.origin.sealed?.conflicts == 0)
        expectContinuous(watcher)
    }

    @Test func `when all publishers have left the watchers stay and see the next one`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        let alice = try simulation.publish(as: "alice")
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        try simulation.delete(alice)
        simulation.run(for: .seconds(2))
        // Nobody is left at home, but the room is followed.
        #expect(simulation.origin.node.gauges().rooms == 1)
        #expect(simulation.edge.node.gauges().mirroredTracks == 0)
        #expect(watcher.isConnected)
        let bob = try simulation.publish(as: "bob")
        simulation.run(for: .seconds(2))
        #expect(watcher.video.source == videoSource(of: bob))
        expectContinuous(watcher)
    }

    @Test func `who speaks is shown at the edge`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        var quiet = EndpointSettings.publisher
        quiet.audio.level = 70
        var loud = EndpointSettings.publisher
        loud.audio.level = 20
        let speaker = try simulation.publish(loud, as: "speaker")
        let watcher = try simulation.watch()
        let listener = try simulation.publish(quiet, as: "listener")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(6))
        #expect(watcher.video.source == videoSource(of: speaker))
        #expect(watcher.video.source != videoSource(of: listener))
        expectContinuous(watcher)
    }

    @Test func `of a simulcast every layer is at the edge`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.video.layers = [
            .init(rid: "l", bitsPerSecond: 100_000), .init(rid: "m", bitsPerSecond: 300_000),
            .init(rid: "h", bitsPerSecond: 900_000),
        ]
        let publisher = try simulation.publish(settings)
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        // From layer to layer, as they become known.
        simulation.run(for: .seconds(10))
        #expect(watcher.video.source == videoSource(of: publisher, rid: "h"))
        publisher.endpoint.setLayer("h", isActive: false)
        simulation.run(for: .seconds(5))
        #expect(watcher.video.source == videoSource(of: publisher, rid: "m"))
        publisher.endpoint.setLayer("h", isActive: true)
        simulation.run(for: .seconds(15))
        #expect(watcher.video.source == videoSource(of: publisher, rid: "h"))
        expectContinuous(watcher)
    }

    @Test func `with its last watcher the edge forgets the room, and the origin stops sending`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        simulation.origin.sealed = .init()
        try simulation.publish()
        let first = try simulation.watch()
        let second = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        #expect(simulation.origin.node.gauges().roomsSpread == 1)
        try simulation.delete(first)
        simulation.run(for: .seconds(1))
        #expect(simulation.origin.node.gauges().roomsSpread == 1)
        try simulation.delete(second)
        simulation.run(for: .seconds(1))
        #expect(simulation.origin.node.gauges().roomsSpread == 0)
        #expect(simulation.edge.node.gauges().upTracks == 0)
        #expect(simulation.edge.node.gauges().mirroredTracks == 0)
        let sessions = simulation.edge.node.sessionCount
        #expect(sessions == 0)
        let sent = simulation.origin.node.counters.linkPacketsSent
        simulation.run(for: .seconds(2))
        #expect(simulation.origin.node.counters.linkPacketsSent == sent)
        // And again.
        let third = try simulation.watch()
        simulation.run(for: .seconds(3))
        #expect(third.video.frames > 50)
        #expect(simulation.linksMade == 1)
        #expect(simulation.origin.sealed?.conflicts == 0)
    }

    @Test func `a mirrored track is not mirrored back`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        // The origin would follow its own room at the edge, as it might with a directory that is wrong.
        simulation.edge.node.receive(
            .watch(try simulation.room(), subscription: 9), from: simulation.origin.id, at: simulation.now)
        simulation.run(for: .seconds(2))
        #expect(simulation.edge.node.counters.linkPacketsSent == 0)
        #expect(simulation.edge.node.gauges().roomsSpread == 0)
        #expect(simulation.origin.node.gauges().mirroredTracks == 0)
        #expect(simulation.origin.node.gauges().publishers == 1)
        #expect(watcher.video.source == videoSource(of: publisher))
    }

    @Test func `a link that falls silent is made anew, and pictures go on`() throws {
        let simulation = try CascadeSimulation(seed: Seed.current())
        simulation.silenceLimit = .seconds(5)
        try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        // Reports alone keep it.
        #expect(simulation.linksMade == 1)
        simulation.isCut = true
        simulation.run(for: .seconds(6))
        let frames = watcher.video.frames
        simulation.isCut = false
        simulation.run(for: .seconds(4))
        #expect(simulation.linksMade == 2)
        #expect(simulation.edge.node.counters.linksLost + simulation.origin.node.counters.linksLost >= 1)
        #expect(watcher.video.frames > frames + 50)
        #expect(watcher.video.sourceChangesWithoutKeyFrame == 0 && watcher.video.corrupted == 0)
    }

    @Test func `half a minute of comings and goings leaves nothing behind`() throws {
        let simulation = try CascadeSimulation(
            seed: Seed.current(), wire: .lossy(0.01, delay: .milliseconds(5)))
        simulation.origin.sealed = .init()
        for round in 0..<10 {
            let publishers = try (0..<3).map { _ in try simulation.publish() }
            let watchers = try (0..<3).map { _ in try simulation.watch() }
            simulation.run(for: .seconds(3))
            #expect(watchers.allSatisfy { $0.video.frames > 30 }, "round \(round)")
            for client in round % 2 == 0 ? publishers + watchers : watchers + publishers {
                try simulation.delete(client)
            }
            simulation.run(for: .milliseconds(round * 5))
        }
        simulation.run(for: .seconds(2))
        for host in [simulation.origin, simulation.edge] {
            let gauges = host.node.gauges()
            #expect(gauges.rooms == 0 && gauges.roomsSpread == 0 && gauges.upTracks == 0)
            #expect(gauges.mirroredTracks == 0 && gauges.downTracks == 0 && gauges.connecting == 0)
        }
        #expect(simulation.origin.sealed?.conflicts == 0)
    }
}
