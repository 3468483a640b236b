import Endpoint
import Forwarding
import Impairment
import SDP
import Testing
import Wire

@testable import NodeCore

/// A watcher that is aimed at one layer after the other, as an allocator of bitrate would.
@Suite struct LayerTests {
    private static let link = LinkSettings(delay: .milliseconds(20))

    /// A publisher of three encodings and its watcher, both connected.
    private static func meeting() throws -> (simulation: Simulation, watcher: Client, downTrack: Int) {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.video.layers = [
            .init(rid: "l", bitsPerSecond: 100_000), .init(rid: "m", bitsPerSecond: 300_000),
            .init(rid: "h", bitsPerSecond: 900_000),
        ]
        try simulation.publish(settings, up: link, down: link)
        let watcher = try simulation.watch(up: link, down: link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        let slot = try #require(simulation.node.sessionsByID[watcher.session])
        // The choice is the test's.
        simulation.node.sessions[slot]?.downlink = nil
        let tracks = simulation.node.sessions[slot]?.downTracks ?? []
        let video = try #require(tracks.first { simulation.node.downTracks[$0]?.kind == .video })
        return (simulation, watcher, video)
    }

    @Test func `every encoding can be chosen and none interrupts the picture`() throws {
        let (simulation, watcher, downTrack) = try Self.meeting()
        let source = try #require(simulation.node.downTracks[downTrack]?.source)
        let options = simulation.node.upTracks[Int(source.track)]?.layers(at: simulation.now) ?? []
        #expect(options.count == 3)
        #expect(zip(options, [100_000, 300_000, 900_000]).allSatisfy { abs($0.bitsPerSecond - $1) < $1 / 3 })
        var sources: Set<UInt32> = []
        for option in options + options.reversed() {
            simulation.node.aim(downTrack, at: .layer(option.layer))
            simulation.run(for: .seconds(2))
            #expect(simulation.node.downTracks[downTrack]?.layer?.encoding == option.layer.encoding)
            if let source = watcher.video.source { sources.insert(source) }
        }
        #expect(sources.count == 3)
        simulation.node.aim(downTrack, at: .best)
        simulation.run(for: .seconds(2))
        let layer = simulation.node.downTracks[downTrack]?.layer
        #expect(layer?.encoding == options.last?.layer.encoding)
        #expect(watcher.video.longestPause < .milliseconds(200))
        #expect(watcher.video.lost == 0 && watcher.video.nacksSent == 0 && watcher.video.corrupted == 0)
        #expect(watcher.video.timestampRegressions == 0 && watcher.video.brokenFrames == 0)
    }

    @Test func `a pause is silent and ends with a key frame`() throws {
        let (simulation, watcher, downTrack) = try Self.meeting()
        simulation.node.aim(downTrack, at: .paused)
        simulation.run(for: .milliseconds(200))
        let frames = watcher.video.frames
        let requests = simulation.counters.keyFrameRequestsSent
        simulation.run(for: .seconds(3))
        #expect(watcher.video.frames == frames)
        #expect(simulation.counters.keyFrameRequestsSent == requests)
        #expect(simulation.drops(.paused) > 50)
        simulation.node.aim(downTrack, at: .best)
        simulation.run(for: .seconds(2))
        #expect(watcher.video.frames > frames + 30)
        #expect(watcher.video.lost == 0 && watcher.video.nacksSent == 0 && watcher.video.brokenFrames == 0)
    }
}
