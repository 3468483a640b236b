import Endpoint
import FoundationEssentials
import Impairment
import NodeCore
import RTP
import SDP
import Testing
import Transcoding
import Wire

/// Links that carry less than the smallest layer and the voices: one picture of a lane, and what becomes of the other slots.
@Suite struct WeakLinkTests {
    /// Whether runs are printed that do not fail.
    private let profilesAreTraced = ProcessInfo.processInfo.environment["SMARTC_TRACE"] != nil

    private func publisher(level: UInt8 = 127) throws -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 0, audio: 0)
        settings.clips = [try MovingPicture.small.get(), try MovingPicture.large.get()]
        settings.video.layers = [
            .init(rid: "q", bitsPerSecond: 150_000, width: 320, height: 180),
            .init(rid: "h", bitsPerSecond: 500_000, width: 640, height: 360),
        ]
        settings.audio.level = level
        return settings
    }

    /// One who only receives, and no sound: what the mixed voice would take stays free.
    private func viewer(slots: Int = 1) -> EndpointSettings {
        var settings = EndpointSettings.participant(video: slots, audio: 0)
        settings.sections.removeAll { $0.direction == .sendonly }
        settings.requiresSyntheticContent = false
        return settings
    }

    private func link(_ bitsPerSecond: Int) -> LinkSettings {
        LinkSettings(
            bitsPerSecond: bitsPerSecond, delay: .milliseconds(50), queueLimit: .time(.milliseconds(300)))
    }

    private func start() throws -> Simulation {
        let simulation = try Simulation(seed: Seed.current())
        simulation.lanes = LaneRunner(ceiling: .realtime)
        return simulation
    }

    private func slots(of client: Client, in simulation: Simulation) throws -> [ConferenceSnapshot.Slot] {
        try simulation.snapshot(of: client).slots.filter { $0.kind == "video" }
    }

    private func profile(of client: Client, in simulation: Simulation) throws -> ConferenceSnapshot.Profile {
        try #require(try simulation.snapshot(of: client).profile)
    }

    /// What the relay sends a client meanwhile, bits per second with all headers.
    private func rate(of client: Client, in simulation: Simulation, for duration: Duration) -> Double {
        let before = client.wireBytes
        simulation.run(for: duration)
        return Double((client.wireBytes - before) * 8) / duration.inSeconds
    }

    @Test func `who asks for little gets one picture of a lane, whatever its slots and its link`() throws {
        let simulation = try start()
        for name in ["ann", "bob"] { try simulation.participate(try publisher(), as: name) }
        let viewer = try simulation.participate(viewer(slots: 2), as: "vic")
        try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        let slots = try slots(of: viewer, in: simulation)
        #expect(slots[0].state == .active && slots[0].tier == "144p" && slots[0].height == 144)
        #expect(slots[1].state == .paused && slots[1].reason == .profile)
        #expect(try profile(of: viewer, in: simulation).reason == .asked)
        #expect(simulation.node.laneDescriptions().count == 1)
        #expect(rate(of: viewer, in: simulation, for: .seconds(30)) < 64_000)
        #expect(try self.slots(of: viewer, in: simulation)[0].tier == "144p")

        try simulation.node.serve(.full, to: viewer.session, at: simulation.now)
        simulation.run(for: .seconds(10))
        for slot in try self.slots(of: viewer, in: simulation) {
            #expect(slot.state == .active && slot.tier == nil && slot.height == 360)
        }
        #expect(!(try profile(of: viewer, in: simulation).isWeak))
    }

    @Test func `90 kbit a second carry a lane and the voice, and hardly anything is lost`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic", down: link(90_000 - 27_000))
        try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        var record = LinkRecord()
        try record.run(simulation, viewer, for: .seconds(20))
        let before = (viewer.wireBytes, viewer.downlink.counters, viewer.video.frames)
        try record.run(simulation, viewer, for: .seconds(60))
        let counters = viewer.downlink.counters
        #expect((viewer.wireBytes - before.0) * 8 / 60 < 63_000, "\(record)")
        let dropped = counters.droppedByQueue - before.1.droppedByQueue
        #expect(dropped * 100 <= counters.sent - before.1.sent, "\(dropped) dropped\n\(record)")
        #expect(viewer.video.frames - before.2 > 400, "\(record)")
        if profilesAreTraced { print(record) }
    }

    @Test func `a link for hardly more than a voice gets a still picture every few seconds`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann")
        // 50 kbit/s with the mixed voice.
        let viewer = try simulation.participate(viewer(), as: "vic", down: link(50_000 - 27_000))
        try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        #expect(simulation.connectAll())
        var record = LinkRecord()
        try record.run(simulation, viewer, for: .seconds(30))
        #expect(try slots(of: viewer, in: simulation)[0].tier == "still", "\(record)")
        let frames = viewer.video.frames
        let bytes = viewer.wireBytes
        try record.run(simulation, viewer, for: .seconds(30))
        #expect((9...18).contains(viewer.video.frames - frames), "\(record)")
        #expect((viewer.wireBytes - bytes) * 8 / 30 < 20_000, "\(record)")
        if profilesAreTraced { print(record) }
    }

    @Test func `where no lane can be had a layer is sent if one fits, and the slot says why`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(try publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(8))
        try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        for _ in 0..<10 {
            simulation.run(for: .milliseconds(500))
            for order in simulation.node.takeLaneOrders() {
                guard case .addLane(let lane, _, _) = order else { continue }
                simulation.node.receive(.refused(lane: lane), at: simulation.now, into: &simulation.outbox)
            }
        }
        let slot = try slots(of: viewer, in: simulation)[0]
        #expect(slot.tier == nil && slot.reason == .noCPU)
        #expect(slot.state == .starved || slot.height == 180)
        #expect(simulation.counters.lanesRefused >= 1)
    }
}
