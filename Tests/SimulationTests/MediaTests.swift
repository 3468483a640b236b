import Endpoint
import Impairment
import NodeCore
import SDP
import Testing
import Wire

/// From a publisher to its watchers, over links of all kinds.
@Suite struct MediaTests {
    @Test func `on clean links every watcher gets every frame`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let link = LinkSettings(delay: .milliseconds(10))
        let publisher = try simulation.publish(up: link, down: link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        let start = simulation.now
        let watchers = try (0..<3).map { _ in try simulation.watch(up: link, down: link) }
        simulation.run(for: .seconds(20))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))

        let sent = publisher.framesSent
        for watcher in watchers {
            let video = watcher.video
            let audio = watcher.audio
            let first = try #require(video.firstFrameNumber)
            #expect(video.lastFrameNumber == UInt32(sent - 1))
            #expect(video.frames == sent - Int(first))
            #expect(video.keyFrames >= 1)
            #expect(
                video.lost == 0 && video.contentGaps == 0 && video.brokenFrames == 0 && video.corrupted == 0)
            #expect(video.nacksSent == 0 && video.timestampRegressions == 0)
            // Handshake of three round trips, a key frame request on the next tick, the next frame, its way.
            let firstFrame = try #require(video.firstFrameAt)
            #expect(firstFrame - start < .milliseconds(250))
            #expect(audio.frames > 950 && audio.lost == 0 && audio.contentGaps == 0 && audio.corrupted == 0)
            #expect(video.latency.maximum <= .milliseconds(22))
        }
        #expect(simulation.counters.nacksSent == 0)
        #expect(simulation.counters.nacksReceived == 0)
        #expect(simulation.counters.retransmissionsSent == 0)
    }

    @Test(arguments: [true, false])
    func `5 percent of loss on both sides are repaired`(hasRetransmissionStreams: Bool) throws {
        let simulation = try Simulation(seed: Seed.current())
        let clean = LinkSettings(delay: .milliseconds(50))
        var publishing = EndpointSettings.publisher
        publishing.hasRetransmissionStreams = hasRetransmissionStreams
        var watching = EndpointSettings.watcher
        watching.hasRetransmissionStreams = hasRetransmissionStreams
        let publisher = try simulation.publish(publishing, up: clean, down: clean)
        let watchers = try (0..<2).map { _ in try simulation.watch(watching, up: clean, down: clean) }
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        publisher.uplink.change(.lossy(0.05, delay: .milliseconds(50)), at: simulation.now)
        for watcher in watchers {
            watcher.downlink.change(.lossy(0.05, delay: .milliseconds(50)), at: simulation.now)
        }
        simulation.run(for: .seconds(30))
        publisher.endpoint.isSending = false
        publisher.uplink.change(clean, at: simulation.now)
        simulation.run(for: .seconds(3))

        let counters = simulation.counters
        let lostUp = publisher.uplink.counters.lost
        #expect(lostUp > 50)
        #expect(counters.nacksSent >= 50)
        #expect(counters.retransmissionsReceived >= (hasRetransmissionStreams ? 50 : 0))
        #expect(counters.nacksReceived >= 100)
        #expect(counters.retransmissionsSent >= 100)
        for watcher in watchers {
            let video = watcher.video
            let first = try #require(video.firstFrameNumber)
            let last = try #require(video.lastFrameNumber)
            let expected = Int(last - first) + 1
            #expect(Double(video.frames) >= 0.999 * Double(expected), "\(video.frames) of \(expected)")
            #expect(publisher.framesSent - Int(last) <= 2)
            #expect(video.contentGaps == 0 && video.corrupted == 0)
            #expect(video.nacksSent > 20)
            #expect(hasRetransmissionStreams ? video.recovered > 20 : video.reordered > 20)
        }
    }

    @Test func `reordering without loss loses nothing and asks for hardly anything`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let shuffling = LinkSettings(delay: .milliseconds(20), reorder: 0.05, reorderDelay: .milliseconds(6))
        let clean = LinkSettings(delay: .milliseconds(20))
        let publisher = try simulation.publish(up: shuffling, down: clean)
        let watcher = try simulation.watch(up: clean, down: shuffling)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(20))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))

        let video = watcher.video
        let first = try #require(video.firstFrameNumber)
        #expect(video.lastFrameNumber == UInt32(publisher.framesSent - 1))
        #expect(video.frames == publisher.framesSent - Int(first))
        #expect(video.lost == 0 && video.contentGaps == 0 && video.brokenFrames == 0)
        #expect(video.reordered > 20)
        #expect(publisher.uplink.counters.reordered > 20)
        // At the first key frame only, of which what came before its first packet was not passed on.
        #expect(simulation.counters.nacksSent + simulation.counters.nacksReceived <= 5)
    }

    @Test func `duplicates are dropped, counted, and never delivered`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let doubling = LinkSettings(delay: .milliseconds(20), duplicate: 0.2)
        let publisher = try simulation.publish(up: doubling)
        let watcher = try simulation.watch(down: doubling)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))

        let counters = simulation.counters
        let video = watcher.video
        let audio = watcher.audio
        #expect(counters.drops[.replayed] > 100)
        // What the node took is what was sent, each packet once.
        let sent = publisher.outgoing.reduce(0) { $0 + UInt64($1.packetsSent) }
        #expect(counters.packetsReceived == sent)
        #expect(watcher.counters.replayed > 100)
        #expect(video.duplicates == 0 && audio.duplicates == 0)
        #expect(UInt64(video.packets + audio.packets) == counters.packetsForwarded)
        let first = try #require(video.firstFrameNumber)
        #expect(video.frames == publisher.framesSent - Int(first))
    }

    @Test func `an echo session gets its own media back`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let link = LinkSettings(delay: .milliseconds(10))
        let client = try simulation.join(.echo, .echo, up: link, down: link)
        // Somebody else in the room is none of its business.
        let other = try simulation.publish()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        client.endpoint.isSending = false
        simulation.run(for: .seconds(1))
        let video = client.video
        let audio = client.audio
        let own = client.outgoing
        #expect(own.contains { $0.ssrc == video.source && $0.kind == .video })
        #expect(own.contains { $0.ssrc == audio.source && $0.kind == .audio })
        #expect(video.lastFrameNumber == UInt32(client.framesSent - 1))
        #expect(video.contentGaps == 0 && video.lost == 0 && video.sourceChanges == 0)
        #expect(other.incoming.isEmpty)
        #expect(simulation.gauges().echoes == 1)
    }

    @Test func `a storm of picture losses is merged on its way to the publisher`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        let other = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        let before = publisher.keyFramesSent
        let requestsBefore = simulation.counters.keyFrameRequestsSent
        for _ in 0..<1000 {
            watcher.endpoint.requestKeyFrames(into: &simulation.outbox)
            simulation.flush(watcher)
            simulation.run(for: .milliseconds(10))
        }
        #expect(simulation.counters.keyFrameRequestsReceived >= 1000)
        // Ten seconds: after 0, 1, 3 and 7.
        let requests = simulation.counters.keyFrameRequestsSent - requestsBefore
        #expect((3...5).contains(requests), "\(requests)")
        #expect((3...5).contains(publisher.keyFramesSent - before))
        #expect(other.video.lost == 0)
    }

    @Test func `watchers that come one after the other share key frames and wait for none long`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let link = LinkSettings(delay: .milliseconds(10))
        let publisher = try simulation.publish(up: link, down: link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(2))
        let keyFrames = publisher.keyFramesSent
        var arrivals: [(watcher: Client, at: Instant)] = []
        for _ in 0..<40 {
            arrivals.append((try simulation.watch(up: link, down: link), simulation.now))
            simulation.run(for: .milliseconds(50))
        }
        simulation.run(for: .seconds(2))
        // Two seconds: the first at once, the next 1.2 s later, another after 1.6 s.
        #expect(
            (2...3).contains(publisher.keyFramesSent - keyFrames), "\(publisher.keyFramesSent - keyFrames)")
        for (watcher, start) in arrivals {
            let first = try #require(watcher.video.firstFrameAt)
            #expect(first - start < .milliseconds(1800))
        }
    }
}
