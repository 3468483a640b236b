import Codecs
import Endpoint
import Impairment
import SDP
import Testing
import Transcoding

@testable import NodeCore

/// Many weak links cost one lane, whenever they come.
@Suite struct SharedLaneTests {
    private func publisher() throws -> EndpointSettings {
        var settings = try MovingPicture.participant(level: 20)
        settings.audio.tone = try Tone(hertz: 440, level: 20).packets
        return settings
    }

    private func watcher(_ feedback: EndpointSettings.BandwidthFeedback) -> EndpointSettings {
        var settings = EndpointSettings.watcher
        settings.requiresSyntheticContent = false
        settings.bandwidthFeedback = feedback
        settings.reportsArrivals = feedback == .transportWide
        return settings
    }

    @Test(arguments: [EndpointSettings.BandwidthFeedback.none, .remb, .transportWide])
    func `twenty weak watchers share one lane, whenever they come`(
        feedback: EndpointSettings.BandwidthFeedback
    ) throws {
        let simulation = try Simulation(seed: Seed.current())
        simulation.lanes = LaneRunner(ceiling: .realtime)
        try simulation.participate(try publisher(), as: "ann")
        let link = LinkSettings(delay: .milliseconds(50))
        let weak = SessionTerms(wish: .weak)
        for _ in 0..<10 { try simulation.watch(watcher(feedback), up: link, down: link, on: weak) }
        #expect(simulation.connectAll())
        for _ in 0..<10 {
            simulation.run(for: .milliseconds(700))
            try simulation.watch(watcher(feedback), up: link, down: link, on: weak)
        }
        simulation.run(for: .seconds(20))
        let lanes = simulation.node.laneDescriptions()
        let told = lanes.map { "\($0.tier) \($0.grade) \($0.targetBitsPerSecond) \($0.viewers)" }
        #expect(lanes.map(\.viewers) == [20] && lanes.first?.grade == "whole", "\(told)")
        #expect(simulation.node.mixDescriptions().mixes.map(\.listeners) == [20])
    }
}
