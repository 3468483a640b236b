import CLinux
import Endpoint
import Impairment
import NodeCore
import Testing
import Wire

/// Half an hour of virtual time.
@Suite struct SoakTests {
    /// In a process of its own: the memory of this one is that of all tests that run at the same time.
    @Test func `half an hour with loss and with watchers coming and going leaves nothing behind`() async {
        await #expect(processExitsWith: .success) { try Self.soak() }
    }

    private static func soak() throws {
        let simulation = try Simulation(seed: Seed.current())
        var publishing = EndpointSettings.publisher
        publishing.video.layers = [.init(bitsPerSecond: 300_000)]
        publishing.video.framesPerSecond = 10
        publishing.sections.removeFirst()
        var watching = EndpointSettings.watcher
        watching.sections.removeFirst()
        let link = LinkSettings.lossy(0.01, delay: .milliseconds(30))
        let publisher = try simulation.publish(publishing, up: link, down: link)
        var watchers = try (0..<3).map { _ in try simulation.watch(watching, up: link, down: link) }
        simulation.run(for: .seconds(10))
        #expect(watchers.allSatisfy { $0.isConnected })

        var settled: UInt64 = 0
        var frames = 0
        var expected = 0
        func tally(_ watcher: Client) throws {
            let video = watcher.video
            let first = try #require(video.firstFrameNumber)
            let last = try #require(video.lastFrameNumber)
            frames += video.frames
            expected += Int(last - first) + 1
            #expect(video.contentGaps == 0 && video.corrupted == 0 && video.timestampRegressions == 0)
        }
        for minute in 0..<30 {
            simulation.run(for: .seconds(60))
            let leaving = watchers.removeFirst()
            try tally(leaving)
            switch minute % 3 {
            case 0: simulation.hangUp(leaving)
            case 1: try simulation.delete(leaving)
            case _: leaving.isCut = true
            }
            if minute % 3 != 2 {
                simulation.run(for: .seconds(1))
                simulation.remove(leaving)
            }
            watchers.append(try simulation.watch(watching, up: link, down: link))
            for gone in simulation.clients where gone.state == .closed(.consentLost) {
                simulation.remove(gone)
            }
            let gauges = simulation.gauges()
            // One that has fallen silent may still be there.
            #expect(gauges.watchers <= 4 + (minute % 3 == 2 ? 1 : 0))
            #expect(gauges.downTracks == gauges.watchers)
            #expect(gauges.upTracks == 1 && gauges.publishers == 1 && gauges.rooms == 1)
            if minute == 9 { settled = smartc_resident_memory() }
        }
        for watcher in watchers.dropLast() { try tally(watcher) }
        #expect(Double(frames) >= 0.999 * Double(expected), "\(frames) of \(expected)")
        #expect(expected > 30 * 600 * 2)
        let end = smartc_resident_memory()
        #expect(end < settled + 48 << 20, "\(settled) to \(end)")
        let sessions = simulation.node.sessionCount
        #expect(sessions <= 5)

        simulation.run(for: .seconds(2))
        simulation.hangUp(publisher)
        for watcher in watchers { simulation.hangUp(watcher) }
        simulation.run(for: .seconds(35))
        expectEmpty(simulation)
        let closed = simulation.counters.sessionsClosed.values.reduce(0, +)
        #expect(closed == simulation.counters.sessionsOpened)
    }
}
