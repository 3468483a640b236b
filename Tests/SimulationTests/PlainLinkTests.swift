import Endpoint
import Impairment
import NodeCore
import SDP
import Testing
import Wire

/// Participants that do not tell when packets arrive: by receiver reports alone, or with an estimate of their own (REMB).
@Suite struct PlainLinkTests {
    private static let rates = [150_000, 500_000, 1_500_000]

    private func publisher() -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 1, audio: 1)
        settings.audio.level = 127
        settings.video.layers = zip(["q", "h", "f"], Self.rates).enumerated().map { index, layer in
            .init(rid: layer.0, bitsPerSecond: layer.1, width: 320 << index, height: 180 << index)
        }
        return settings
    }

    private func viewer(_ feedback: EndpointSettings.BandwidthFeedback) -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 1, audio: 1)
        settings.sections.removeAll { $0.direction == .sendonly }
        settings.reportsArrivals = false
        settings.bandwidthFeedback = feedback
        return settings
    }

    private func link(_ bitsPerSecond: Int) -> LinkSettings {
        var link = LinkSettings(delay: .milliseconds(25))
        link.bitsPerSecond = bitsPerSecond
        link.queueLimit = .time(.milliseconds(300))
        return link
    }

    private func height(of client: Client, in simulation: Simulation) throws -> Int? {
        try simulation.snapshot(of: client).slots.first { $0.kind == "video" }?.height
    }

    /// What a participant's slot was told to be, in order.
    private func states(of client: Client, in simulation: Simulation) -> [ConferenceSnapshot.Slot.State] {
        simulation.told(client).compactMap { kind in
            if case .slot(let slot) = kind, slot.kind == "video" { slot.state } else { nil }
        }
    }

    /// An estimate at the receiver, as aiortc and former browsers have it: after five seconds what arrives, from then on 8 %
    /// more a second up to half above what arrives, and 0.85 of that as soon as it fills the link.
    private struct Advisor {
        var linkBitsPerSecond: Int
        private var estimate: Double?
        private var counted = 0
        private var measurements = 0
        private static let interval = Duration.seconds(1)

        init(linkBitsPerSecond: Int) {
            self.linkBitsPerSecond = linkBitsPerSecond
        }

        mutating func run(_ simulation: Simulation, _ client: Client, for seconds: Int) {
            for _ in 0..<seconds {
                simulation.run(for: Self.interval)
                measurements += 1
                let arriving = Double((client.bytesReceived - counted) * 8) / Self.interval.inSeconds
                counted = client.bytesReceived
                if arriving > 0.9 * Double(linkBitsPerSecond) {
                    estimate = 0.85 * arriving
                } else if let estimate {
                    self.estimate = max(estimate, min(estimate * 1.08, 1.5 * arriving + 10_000))
                } else if measurements > 5 {
                    estimate = arriving
                }
                guard let estimate else { continue }
                client.endpoint.advise(bitsPerSecond: UInt64(estimate), into: &simulation.outbox)
                simulation.flush(client)
            }
        }
    }

    @Test
    func `with nothing but receiver reports a narrow link gets less, and more again when it has become wide`()
        throws
    {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(.none), as: "vic", down: link(5_000_000))
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        #expect(try height(of: viewer, in: simulation) == 720)
        #expect(viewer.feedbackSent == 0)
        viewer.downlink.change(link(350_000), at: simulation.now)
        simulation.run(for: .seconds(15))
        #expect(try height(of: viewer, in: simulation) == 180)
        #expect(!states(of: viewer, in: simulation).contains(.starved))
        viewer.downlink.change(link(5_000_000), at: simulation.now)
        simulation.run(for: .seconds(60)) { (try? height(of: viewer, in: simulation)) == 720 }
        #expect(try height(of: viewer, in: simulation) == 720)
    }

    @Test
    func `with nothing but receiver reports a slot that does not fit is told as starved, and tried again`()
        throws
    {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(.none), as: "vic", down: link(1_000_000))
        try simulation.node.serve(.full, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        viewer.downlink.change(link(90_000), at: simulation.now)
        simulation.run(for: .seconds(30))
        #expect(states(of: viewer, in: simulation).contains(.starved))
        // Sound has the link to itself, and comes through.
        let before = viewer.audio
        simulation.run(for: .seconds(4))
        #expect(viewer.audio.frames - before.frames > 150)
        viewer.downlink.change(link(1_000_000), at: simulation.now)
        simulation.run(for: .seconds(70))
        let frames = viewer.video.frames
        simulation.run(for: .seconds(20))
        #expect(viewer.video.frames > frames + 400)
        #expect(states(of: viewer, in: simulation).last == .active)
    }

    @Test func `a receiver's own estimate is followed down and, with padding, up from layer to layer`() throws
    {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(.remb), as: "vic", down: link(5_000_000))
        #expect(simulation.connectAll())
        var advisor = Advisor(linkBitsPerSecond: 5_000_000)
        advisor.run(simulation, viewer, for: 10)
        #expect(try height(of: viewer, in: simulation) == 720)
        viewer.downlink.change(link(350_000), at: simulation.now)
        advisor.linkBitsPerSecond = 350_000
        advisor.run(simulation, viewer, for: 20)
        #expect(try height(of: viewer, in: simulation) == 180)
        viewer.downlink.change(link(5_000_000), at: simulation.now)
        advisor.linkBitsPerSecond = 5_000_000
        advisor.run(simulation, viewer, for: 60)
        #expect(try height(of: viewer, in: simulation) == 720)
        #expect(simulation.counters.paddingSent > 0)
        #expect(viewer.video.timestampRegressions == 0)
    }

    @Test func `a watcher that wants no more than a bit rate gets the layer that fits, and no probe beyond`()
        throws
    {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        var settings = EndpointSettings.watcher
        settings.reportsArrivals = true
        let watcher = try simulation.watch(settings)
        let other = try simulation.watch(settings)
        try simulation.node.limit(watcher.session, bitsPerSecond: 800_000, at: simulation.now)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(15))
        let before = (watcher.bytesReceived, other.bytesReceived)
        simulation.run(for: .seconds(10))
        let rate = (watcher.bytesReceived - before.0) * 8 / 10
        #expect(rate > 500_000 && rate < 800_000)
        #expect((other.bytesReceived - before.1) * 8 / 10 > 1_500_000)
        #expect(throws: SessionError.unknownSession) {
            let nobody = try #require(SessionID("0-nobody"))
            try simulation.node.limit(nobody, bitsPerSecond: 800_000, at: simulation.now)
        }
    }

    @Test func `key frames are told by source, encoding and cause`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        try simulation.participate(viewer(.none), as: "vic")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        let told = simulation.node.sourceKeyFrames(limit: 3)
        #expect(told.sources.map(\.encoding) == ["q", "h", "f"] && told.omitted == 0)
        #expect(
            told.sources.allSatisfy { $0.room.description == "stage" && $0.participant.description == "ann" })
        let sum = told.sources.flatMap(\.counts).reduce(0, +)
        #expect(UInt64(sum) == simulation.counters.keyFramesReceived && sum >= 3)
        let bounded = simulation.node.sourceKeyFrames(limit: 2)
        #expect(bounded.sources.count == 2 && bounded.omitted == 1)
        let families = NodeMetrics.families(bounded.sources, omitted: bounded.omitted)
        let labels = families[0].samples[0].labels.map(\.name)
        #expect(labels == ["room", "participant", "mid", "encoding", "cause"])
        #expect(families[1].samples[0].value == 1)
    }

    @Test func `a receiver that advises less than the smallest layer takes is starved, and told`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(.remb), as: "vic", down: link(1_000_000))
        try simulation.node.serve(.full, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        var advisor = Advisor(linkBitsPerSecond: 1_000_000)
        advisor.run(simulation, viewer, for: 10)
        viewer.downlink.change(link(110_000), at: simulation.now)
        advisor.linkBitsPerSecond = 110_000
        advisor.run(simulation, viewer, for: 30)
        #expect(states(of: viewer, in: simulation).contains(.starved))
        viewer.downlink.change(link(1_000_000), at: simulation.now)
        advisor.linkBitsPerSecond = 1_000_000
        advisor.run(simulation, viewer, for: 60)
        #expect(states(of: viewer, in: simulation).last == .active)
    }
}
