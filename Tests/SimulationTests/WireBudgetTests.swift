import Endpoint
import Impairment
import NodeCore
import RTP
import SDP
import Testing
import Transcoding
import Wire

/// What goes over the wire to somebody on a weak link: all of it, in whole nodes.
@Suite struct WireBudgetTests {
    private static let busy = Result { try MovingScene.clip(seconds: 4, share: 1) }
    private static let face = Result { try MovingScene.clip(seconds: 4, share: 0.35) }

    /// Sends what the mix of a room is like: 16 kbit/s in packets of 60 ms.
    private func publisher(
        _ clip: Result<VideoClip, any Error>, talk: (speech: Duration, pause: Duration)? = nil
    ) throws -> EndpointSettings {
        var settings = EndpointSettings.publisher
        settings.clips = [try clip.get()]
        settings.audio.bitsPerSecond = 16_000
        settings.audio.packetMilliseconds = 60
        settings.audio.talk = talk
        return settings
    }

    private func viewer() -> EndpointSettings {
        var settings = EndpointSettings.watcher
        settings.requiresSyntheticContent = false
        settings.reportsArrivals = true
        return settings
    }

    private func link(delay: Int, loss: LossModel = .none) -> LinkSettings {
        LinkSettings(delay: .milliseconds(delay), loss: loss)
    }

    /// A room with a publisher, and one who watches a lane of it on a weak link. Ten seconds have passed.
    private func start(
        _ settings: EndpointSettings, delay: Int = 150, loss: LossModel = .none
    ) throws -> (Simulation, Client) {
        let simulation = try Simulation(seed: Seed.current())
        simulation.lanes = LaneRunner()
        let near = link(delay: 10)
        try simulation.publish(settings, as: "alice", up: near, down: near)
        let client = try simulation.watch(
            viewer(), of: "alice", up: link(delay: delay), down: link(delay: delay, loss: loss))
        client.wire = []
        try simulation.node.serve(.weak, to: client.session, at: simulation.now)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        return (simulation, client)
    }

    // MARK: - The budget

    @Test func `a minute of ordinary talk takes at most 80 kbit a second, and no five seconds more than 100`()
        throws
    {
        let (simulation, client) = try start(
            publisher(Self.face, talk: (.seconds(4), .seconds(1))))
        let begin = simulation.now
        simulation.run(for: .seconds(60))
        let records = try #require(client.wire)
        let mean = records.bitsPerSecond(.down, from: begin, to: simulation.now)
        let peak = records.peakBitsPerSecond(.down, from: begin, to: simulation.now)
        print("talk: \(mean) bit/s, at most \(peak) in 5 s")
        #expect(mean <= 80_000)
        #expect(peak <= 100_000)
        #expect(client.video.frames > 300)
    }

    @Test func `a picture that moves everywhere and a voice without a pause stay below 100 kbit a second`()
        throws
    {
        let (simulation, client) = try start(
            publisher(Self.busy), loss: .burst(averageLoss: 0.02, averageLength: 5))
        let begin = simulation.now
        simulation.run(for: .seconds(30))
        let records = try #require(client.wire)
        let mean = records.bitsPerSecond(.down, from: begin, to: simulation.now)
        let peak = records.peakBitsPerSecond(.down, from: begin, to: simulation.now)
        print("busy: \(mean) bit/s, at most \(peak) in 5 s; lost \(client.video.lost)")
        #expect(mean <= 85_000)
        #expect(peak <= 100_000)
    }

    @Test func `what the node counts is what is on the wire, to the byte`() throws {
        let (simulation, client) = try start(publisher(Self.face))
        let records = try #require(client.wire)
        let told = try simulation.node.link(of: client.session)
        let first = try #require(records.first?.at)
        let end = simulation.now + .seconds(1)
        #expect(told.sent.bytes == UInt64(records.bytes(.down, from: first, to: end)))
        #expect(told.sent.datagrams == UInt64(records.count { $0.direction == .down }))
        // The rest is on its way.
        let arrived = simulation.now - .milliseconds(149)
        let sure = records.bytes(.up, from: first, to: arrived - .milliseconds(2))
        #expect(told.received.bytes >= UInt64(sure))
        #expect(told.received.bytes <= UInt64(records.bytes(.up, from: first, to: end)))
        let mean = records.bitsPerSecond(.down, from: simulation.now - .seconds(5), to: simulation.now)
        #expect(abs(told.sent.bitsPerSecond - mean) < mean / 10)
        #expect(told.sent.peakBitsPerSecond >= told.sent.bitsPerSecond)
        // Totals outlive the sessions.
        for client in simulation.clients { try simulation.delete(client) }
        #expect(simulation.counters.wireBytesSent > told.sent.bytes)
        #expect(simulation.counters.wireBytesReceived > told.received.bytes)
    }

    // MARK: - What is told and repaired

    @Test func `the receiver is told to wait for longer, by the round trip, until that is over`()
        throws
    {
        let (simulation, client) = try start(publisher(Self.face))
        simulation.run(for: .seconds(10))
        let roundTrip = try #require(try simulation.node.link(of: client.session).roundTrip)
        #expect(roundTrip >= .milliseconds(300) && roundTrip < .milliseconds(350))
        let delay = try #require(client.video.playoutDelay)
        #expect(delay.minimum >= .milliseconds(800) && delay.minimum <= .milliseconds(900))
        #expect(client.video.playoutDelaysTold * 3 < client.video.packets)
        try simulation.node.serve(.full, to: client.session, at: simulation.now)
        simulation.run(for: .seconds(3))
        #expect(client.video.playoutDelay == .usual)
    }

    @Test func `others are told nothing of a delay`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.publish(as: "alice")
        let client = try simulation.watch(viewer(), of: "alice")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        #expect(client.video.frames > 60)
        #expect(client.video.playoutDelay == nil)
    }

    @Test func `on a link of ordinary length losses are repaired in time`() throws {
        let (simulation, client) = try start(
            publisher(Self.face), delay: 100, loss: .random(0.02))
        simulation.run(for: .seconds(30))
        #expect(client.video.recovered > 0)
        #expect(simulation.drops(.retransmissionTooLate) * 2 <= simulation.counters.nacksReceived)
        #expect(client.video.pictureNumberErrors == 0)
    }

    @Test func `on a very long link what is lost is replaced by a resync instead`() throws {
        let (simulation, _) = try start(
            publisher(Self.face), delay: 400, loss: .burst(averageLoss: 0.02, averageLength: 3))
        let before = simulation.node.laneDescriptions().first?.statistics.resyncFrames ?? 0
        let repairs = simulation.counters.retransmissionsSent
        simulation.run(for: .seconds(30))
        let after = simulation.node.laneDescriptions().first?.statistics.resyncFrames ?? 0
        #expect(simulation.drops(.retransmissionTooLate) > 0)
        #expect(after > before)
        #expect(after - before <= 16)
        #expect(simulation.counters.retransmissionsSent - repairs <= simulation.drops(.retransmissionTooLate))
    }
}
