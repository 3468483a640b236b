import Endpoint
import Impairment
import NodeCore
import Testing
import Wire

/// What publishers are told of their path.
@Suite struct BandwidthTests {
    @Test func `transport-wide feedback tells of every packet, ten times a second at least`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let link = LinkSettings(delay: .milliseconds(20))
        let publisher = try simulation.publish(up: link, down: link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(10))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))
        let ledger = try #require(publisher.ledger)
        let sent = publisher.outgoing.reduce(0) { $0 + Int($1.packetsSent) }
        #expect(ledger.sent == sent)
        #expect(ledger.arrived == sent)
        #expect(ledger.missing == 0 && ledger.malformed == 0)
        #expect(ledger.longestPause <= .milliseconds(100))
        #expect(ledger.reports >= 100)
        #expect(publisher.advisedBitsPerSecond == nil)
    }

    @Test func `transport-wide feedback tells what was lost`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let clean = LinkSettings(delay: .milliseconds(20))
        let publisher = try simulation.publish(up: clean, down: clean)
        #expect(simulation.connectAll())
        publisher.uplink.change(.lossy(0.1, delay: .milliseconds(20)), at: simulation.now)
        simulation.run(for: .seconds(10))
        publisher.uplink.change(clean, at: simulation.now)
        simulation.run(for: .seconds(1))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(1))
        let ledger = try #require(publisher.ledger)
        #expect(ledger.missing > 50)
        #expect(ledger.arrived + ledger.missing == ledger.sent)
        #expect(ledger.malformed == 0)
        // Every packet that reached the node, the retransmissions among them, and none beside.
        #expect(UInt64(ledger.arrived) == simulation.counters.packetsReceived)
    }

    @Test func `a publisher without transport-wide feedback is advised to send more, and less under loss`()
        throws
    {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.bandwidthFeedback = .remb
        settings.video.layers = [.init(bitsPerSecond: 1_500_000)]
        let publisher = try simulation.publish(settings)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        #expect(publisher.ledger == nil)
        var former = try #require(publisher.advisedBitsPerSecond)
        #expect(former >= 1_000_000)
        for _ in 0..<4 {
            simulation.run(for: .seconds(1))
            let advised = try #require(publisher.advisedBitsPerSecond)
            #expect(advised > former)
            former = advised
        }
        simulation.run(for: .seconds(10))
        let best = try #require(publisher.advisedBitsPerSecond)
        #expect(best > 2_500_000 && best < 4_000_000)
        publisher.uplink.change(.lossy(0.25, delay: .milliseconds(10)), at: simulation.now)
        simulation.run(for: .seconds(5))
        let worse = try #require(publisher.advisedBitsPerSecond)
        #expect(worse < best * 3 / 4)
    }
}
