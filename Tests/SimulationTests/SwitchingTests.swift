import Endpoint
import Impairment
import NodeCore
import SDP
import Testing
import Wire

/// Slots whose source changes: who is shown, and that the stream stays one stream.
@Suite struct SwitchingTests {
    private static let link = LinkSettings(delay: .milliseconds(10))
    private static let silent: EndpointSettings = {
        var settings = EndpointSettings.publisher
        settings.audio.level = 127
        return settings
    }()

    private func expectContinuous(_ watcher: Client, sourceLocation: SourceLocation = #_sourceLocation) {
        for stream in [watcher.video, watcher.audio] {
            #expect(stream.lost == 0, sourceLocation: sourceLocation)
            #expect(stream.nacksSent == 0, sourceLocation: sourceLocation)
            #expect(stream.resets == 0, sourceLocation: sourceLocation)
            #expect(stream.contentGaps == 0, sourceLocation: sourceLocation)
            #expect(stream.brokenFrames == 0, sourceLocation: sourceLocation)
            #expect(stream.timestampRegressions == 0, sourceLocation: sourceLocation)
            #expect(stream.sourceChangesWithoutKeyFrame == 0, sourceLocation: sourceLocation)
        }
    }

    private func videoSource(of client: Client, rid: String? = nil) -> UInt32? {
        client.outgoing.first { $0.kind == .video && $0.rid == rid }?.ssrc
    }

    @Test func `a watcher that came first sees the publisher that comes later`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(60))
        #expect(watcher.incoming.isEmpty)
        #expect(watcher.isConnected)
        let start = simulation.now
        let publisher = try simulation.publish(up: Self.link, down: Self.link)
        simulation.run(for: .seconds(3))
        let first = try #require(watcher.video.firstFrameAt)
        #expect(first - start < .milliseconds(250))
        #expect(watcher.video.firstFrameNumber == 0)
        #expect(watcher.video.source == videoSource(of: publisher))
        expectContinuous(watcher)
    }

    @Test func `when a publisher leaves and another comes the streams go on without a gap`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let alice = try simulation.publish(as: "alice", up: Self.link, down: Self.link)
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        #expect(watcher.video.source == videoSource(of: alice))
        simulation.hangUp(alice)
        simulation.run(for: .seconds(3))
        let bob = try simulation.publish(as: "bob", up: Self.link, down: Self.link)
        simulation.run(for: .seconds(5))
        #expect(watcher.video.source == videoSource(of: bob))
        #expect(watcher.video.sourceChanges == 1 && watcher.audio.sourceChanges == 1)
        #expect(watcher.incoming.count == 2)
        expectContinuous(watcher)
        // The timestamps go on by the time that passed: three seconds and what connecting takes.
        for (step, rate) in [
            (watcher.video.largestTimestampStep, 90), (watcher.audio.largestTimestampStep, 48),
        ] {
            #expect((3000 * rate...3400 * rate).contains(Int(step)), "\(Int(step) / rate) ms")
        }
        let pause = watcher.video.longestPause
        #expect(pause > .seconds(3) && pause < .milliseconds(3400))
    }

    @Test func `while two publish the one that came last is shown until it leaves`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let alice = try simulation.publish(Self.silent, as: "alice", up: Self.link, down: Self.link)
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        let bob = try simulation.publish(Self.silent, as: "bob", up: Self.link, down: Self.link)
        simulation.run(for: .seconds(3))
        #expect(watcher.video.source == videoSource(of: bob))
        try simulation.delete(bob)
        simulation.run(for: .seconds(3))
        #expect(watcher.video.source == videoSource(of: alice))
        #expect(watcher.video.sourceChanges == 2)
        // The former goes on until the new one has a key frame.
        #expect(watcher.video.longestPause < .milliseconds(200))
        expectContinuous(watcher)
    }

    @Test func `what was lost just before another is shown comes all the same`() throws {
        let far = LinkSettings(delay: .milliseconds(150))
        func run(losing loss: ClosedRange<Instant>?) throws -> (watcher: Client, switched: Instant) {
            let simulation = try Simulation(seed: Seed.current())
            let alice = try simulation.publish(Self.silent, as: "alice", up: Self.link, down: Self.link)
            let watcher = try simulation.watch(up: far, down: Self.link)
            #expect(simulation.connectAll())
            simulation.run(for: .seconds(3))
            let bob = try simulation.publish(Self.silent, as: "bob", up: Self.link, down: Self.link)
            var switched = simulation.now
            for _ in 0..<600 {
                watcher.isCut = loss?.contains(simulation.now) == true
                simulation.run(for: .milliseconds(5))
                if watcher.video.source == videoSource(of: alice) { switched = simulation.now }
            }
            #expect(watcher.video.source == videoSource(of: bob))
            return (watcher, switched)
        }
        let switched = try run(losing: nil).switched
        let watcher = try run(losing: switched - .milliseconds(80)...switched - .milliseconds(20)).watcher
        #expect(watcher.video.recovered > 0)
        #expect(watcher.video.lost == 0 && watcher.video.brokenFrames == 0)
    }

    @Test func `who speaks is shown`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var quiet = EndpointSettings.publisher
        quiet.audio.level = 70
        var loud = EndpointSettings.publisher
        loud.audio.level = 20
        let speaker = try simulation.publish(loud, as: "speaker")
        let listener = try simulation.publish(quiet, as: "listener")
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(6))
        #expect(watcher.video.source == videoSource(of: speaker))
        #expect(watcher.video.source != videoSource(of: listener))
        expectContinuous(watcher)
    }

    @Test func `a participant's slot stays empty while it is away and resumes when it returns`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let alice = try simulation.publish(as: "alice", up: Self.link, down: Self.link)
        let bob = try simulation.publish(as: "bob", up: Self.link, down: Self.link)
        let watcher = try simulation.watch(of: "alice", up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        #expect(watcher.video.source == videoSource(of: alice))
        try simulation.delete(alice)
        simulation.run(for: .seconds(1))
        let frames = watcher.video.frames
        simulation.run(for: .seconds(4))
        #expect(watcher.video.frames == frames)
        let returned = try simulation.publish(as: "alice", up: Self.link, down: Self.link)
        simulation.run(for: .seconds(3))
        #expect(watcher.video.source == videoSource(of: returned))
        #expect(watcher.video.source != videoSource(of: bob))
        #expect(watcher.video.frames > frames + 60)
        expectContinuous(watcher)
    }

    @Test func `a name that is taken is refused`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.publish(as: "alice")
        let name = try #require(ParticipantID("alice"))
        #expect(throws: SessionError.participantTaken(name)) { try simulation.publish(as: "alice") }
        try simulation.publish(as: "alice", room: "elsewhere")
        #expect(simulation.gauges().publishers == 2)
    }

    @Test func `of a simulcast the highest layer that arrives is shown`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.video.layers = [
            .init(rid: "l", bitsPerSecond: 100_000), .init(rid: "m", bitsPerSecond: 300_000),
            .init(rid: "h", bitsPerSecond: 900_000),
        ]
        let publisher = try simulation.publish(settings, up: Self.link, down: Self.link)
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        #expect(watcher.video.source == videoSource(of: publisher, rid: "h"))

        publisher.endpoint.setLayer("h", isActive: false)
        simulation.run(for: .seconds(5))
        #expect(watcher.video.source == videoSource(of: publisher, rid: "m"))
        // A second until the layer is taken for off, then a key frame of the other.
        #expect(watcher.video.longestPause < .milliseconds(1300))

        publisher.endpoint.setLayer("m", isActive: false)
        simulation.run(for: .seconds(5))
        #expect(watcher.video.source == videoSource(of: publisher, rid: "l"))
        #expect(watcher.video.longestPause < .milliseconds(1300))

        publisher.endpoint.setLayer("h", isActive: true)
        simulation.run(for: .seconds(5))
        #expect(watcher.video.source == videoSource(of: publisher, rid: "h"))
        expectContinuous(watcher)
        // Once it knows the streams, the client leaves out MID and RID, and nothing is lost by that.
        #expect(publisher.outgoing.allSatisfy { $0.isAcknowledged })
        #expect(simulation.drops(.unknownSource) == 0)
    }

    @Test func `a simulcast is repaired layer by layer`() throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.video.layers = [
            .init(rid: "l", bitsPerSecond: 100_000), .init(rid: "h", bitsPerSecond: 600_000),
        ]
        let link = LinkSettings(delay: .milliseconds(30))
        let publisher = try simulation.publish(settings, up: link, down: link)
        let watcher = try simulation.watch(up: link, down: link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        publisher.uplink.change(.lossy(0.05, delay: .milliseconds(30)), at: simulation.now)
        simulation.run(for: .seconds(20))
        publisher.uplink.change(link, at: simulation.now)
        simulation.run(for: .seconds(2))
        #expect(simulation.counters.retransmissionsReceived > 30)
        #expect(watcher.video.source == videoSource(of: publisher, rid: "h"))
        #expect(watcher.video.lost == 0 && watcher.video.contentGaps == 0)
        #expect(simulation.drops(.unusableRetransmission) == 0)
    }

    @Test func `sound and picture of a publisher keep together`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.publish(Self.silent, as: "alice", up: Self.link, down: Self.link)
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        var audio = try #require(watcher.audio.clockOffset)
        var video = try #require(watcher.video.clockOffset)
        #expect(abs((audio - video).nanoseconds) < 1_000_000, "\(audio) \(video)")
        let reports = watcher.video.senderReports
        #expect(reports >= 4 && watcher.audio.senderReports >= 4)
        // Another source with clocks of its own.
        let before = simulation.now
        try simulation.publish(Self.silent, as: "bob", up: .lossy(0, delay: .milliseconds(70)))
        simulation.run(for: .seconds(8))
        #expect(simulation.now - before == .seconds(8))
        #expect(watcher.video.sourceChanges == 1)
        audio = try #require(watcher.audio.clockOffset)
        video = try #require(watcher.video.clockOffset)
        #expect(abs((audio - video).nanoseconds) < 1_000_000, "\(audio) \(video)")
    }
}
