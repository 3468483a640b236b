import Congestion
import Endpoint
import Forwarding
import FoundationEssentials
import Impairment
import RTP
import SDP
import Testing
import Transcoding
import Wire

@testable import NodeCore

/// Links that carry less than the smallest layer and the voices: one picture of a lane, and what becomes of the other slots.
@Suite struct WeakLinkTests {
    /// Whether runs are printed that do not fail.
    private let profilesAreTraced = ProcessInfo.processInfo.environment["SMARTC_TRACE"] != nil

    private func publisher(level: UInt8 = 127) throws -> EndpointSettings {
        try MovingPicture.participant(level: level)
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

    /// What the node does for a client, to understand a run that fails.
    private func inside(_ simulation: Simulation, _ client: Client) -> String {
        guard let session = simulation.node.sessionsByID[client.session],
            let link = simulation.node.sessions[session]?.downlink
        else { return "no link" }
        let slots = (simulation.node.subscriberLinks[link]?.downTracks ?? []).map { downTrack in
            let track = simulation.node.downTracks[downTrack]
            return
                "\(track?.layerTarget as Any), \(track?.source?.track as Any) -> \(track?.target?.track as Any)"
        }
        let choices = simulation.node.subscriberLinks[link]?.allocator.slots.map { "\($0.choice)" } ?? []
        let budget = simulation.node.subscriberLinks[link]?.laneBudget ?? 0
        let estimate = simulation.node.subscriberLinks[link]?.downlink.bitsPerSecond ?? 0
        return "\(slots) \(choices) budget \(Int(budget)) estimate \(estimate)"
            + " lanes \(simulation.node.laneDescriptions().map { "\($0.tier) \($0.grade) \($0.targetBitsPerSecond) \($0.viewers)" })"
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

    @Test
    func `a link that becomes narrow gets a lane within six seconds, and all again within twenty-five`()
        throws
    {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic", down: link(2_000_000))
        #expect(simulation.connectAll())
        var record = LinkRecord()
        try record.run(simulation, viewer, for: .seconds(12))
        #expect(try slots(of: viewer, in: simulation)[0].height == 360)

        viewer.downlink.change(link(120_000), at: simulation.now)
        try record.run(simulation, viewer, for: .seconds(6))
        #expect(try profile(of: viewer, in: simulation).isWeak, "\(record)")
        #expect(try slots(of: viewer, in: simulation)[0].tier != nil, "\(record)")
        try record.run(simulation, viewer, for: .seconds(18))
        #expect(try slots(of: viewer, in: simulation)[0].tier != nil, "\(record)")

        viewer.downlink.change(link(2_000_000), at: simulation.now)
        try record.run(simulation, viewer, for: .seconds(25))
        #expect(!(try profile(of: viewer, in: simulation).isWeak), "\(record)")
        #expect(try slots(of: viewer, in: simulation)[0].height == 360, "\(record)")
        #expect(try slots(of: viewer, in: simulation)[0].tier == nil)
        #expect(viewer.video.longestPause < .seconds(4), "\(record)")
        #expect(viewer.video.pictureNumberErrors == 0)
        // The lane is made of one encoding first and then of another, whose timestamps are others.
        #expect(viewer.video.timestampRegressions == 0)
        #expect(viewer.video.largestTimestampStep < 4 * 90_000)
        try record.write("weak-link-switch", title: "2 Mbit/s, 120 kbit/s, 2 Mbit/s")
        if profilesAreTraced { print(record) }
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
        #expect(viewer.video.timestampRegressions == 0)
        #expect(viewer.video.largestTimestampStep < 90_000)
        if profilesAreTraced { print(record) }
    }

    @Test func `twenty weak links share one lane`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann")
        let viewers = try (0..<20).map { number in
            let viewer = try simulation.participate(viewer(), as: "v\(number)", down: link(100_000))
            try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
            return viewer
        }
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        var most = 0
        for _ in 0..<20 {
            simulation.run(for: .seconds(1))
            most = max(most, simulation.node.laneDescriptions().count)
        }
        #expect(most == 1, "\(inside(simulation, viewers[0])) \(inside(simulation, viewers[1]))")
        #expect(simulation.node.laneDescriptions().first?.viewers == 20)
        for viewer in viewers {
            #expect(try slots(of: viewer, in: simulation)[0].tier == "144p")
            #expect(viewer.video.frames > 200)
        }
    }

    @Test func `a worse link takes nothing from the others' lane`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann")
        let good = try simulation.participate(viewer(), as: "guy", down: link(100_000))
        let bad = try simulation.participate(viewer(), as: "bea", down: link(35_000))
        for viewer in [good, bad] {
            try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        }
        #expect(simulation.connectAll())
        var record = LinkRecord()
        try record.run(simulation, bad, for: .seconds(40))
        let lanes = simulation.node.laneDescriptions()
        #expect(lanes.contains { $0.grade == "whole" && $0.targetBitsPerSecond == 50_000 }, "\(lanes)")
        #expect(try slots(of: good, in: simulation)[0].tier == "144p")
        #expect(lanes.contains { $0.grade != "whole" && $0.viewers == 1 }, "\(lanes)\n\(record)")
        let frames = bad.video.frames
        try record.run(simulation, bad, for: .seconds(10))
        #expect(bad.video.frames - frames >= 3, "\(record)")
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

    @Test func `where no lane can be had and no layer fits the slot says why`() throws {
        let simulation = try Simulation(seed: Seed.current())
        try simulation.participate(try publisher(), as: "ann")
        let viewer = try simulation.participate(viewer(), as: "vic")
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(8))
        // Eighty are not enough for the smallest layer.
        try simulation.node.serve(.weak, to: viewer.session, at: simulation.now)
        simulation.run(for: .seconds(5))
        let slot = try slots(of: viewer, in: simulation)[0]
        #expect(slot.tier == nil && slot.reason == .noCPU)
        #expect(slot.state == .starved)
        #expect(simulation.counters.lanesRefused >= 1)
    }

    @Test func `a room's watcher on a weak link gets a lane without asking`() throws {
        let simulation = try start()
        try simulation.participate(try publisher(), as: "ann")
        var settings = EndpointSettings.watcher
        settings.sections.removeAll { $0.kind == .audio }
        settings.requiresSyntheticContent = false
        settings.reportsArrivals = true
        let watcher = try simulation.watch(settings, down: link(1_000_000))
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        #expect(simulation.node.laneDescriptions().isEmpty)
        watcher.downlink.change(link(110_000), at: simulation.now)
        simulation.run(for: .seconds(10))
        #expect(
            simulation.node.laneDescriptions().contains { $0.viewers == 1 && $0.statistics.keyFrames > 0 })
        let bytes = watcher.wireBytes
        simulation.run(for: .seconds(10))
        #expect((30_000...110_000).contains((watcher.wireBytes - bytes) * 8 / 10))
        #expect([144, 240].contains(watcher.video.size.map { Int($0.height) }))
        watcher.downlink.change(link(2_000_000), at: simulation.now)
        simulation.run(for: .seconds(25))
        #expect(watcher.video.size.map { Int($0.height) } == 360)
    }
}
