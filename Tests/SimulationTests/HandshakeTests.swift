import DTLS
import Endpoint
import Impairment
import NodeCore
import SDP
import Testing
import Wire

/// DTLS through the node: every flight may be lost, both sides may begin, certificates must be the right ones.
@Suite struct HandshakeTests {
    /// Which datagram of the handshake is lost.
    struct Loss: Sendable, CustomTestStringConvertible {
        let direction: Client.Direction
        let number: Int

        var testDescription: String { "\(direction) \(number)" }
    }

    static let losses = [Client.Direction.up, .down].flatMap { direction in
        (0..<2).map { Loss(direction: direction, number: $0) }
    }

    @Test(arguments: losses, [Setup.actpass, .passive])
    func `the loss of any flight is made good`(loss: Loss, setup: Setup) throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.setup = setup
        let link = LinkSettings(delay: .milliseconds(20))
        let client = try simulation.publish(settings, up: link, down: link)
        var isLost = false
        client.losesHandshake = { direction, number in
            guard direction == loss.direction, number == loss.number else { return false }
            isLost = true
            return true
        }
        let start = simulation.now
        simulation.run(for: .seconds(10)) {
            client.isConnected && simulation.counters.sessionsConnected == 1
        }
        #expect(isLost)
        #expect(client.isConnected)
        #expect(simulation.counters.sessionsConnected == 1)
        #expect(simulation.now - start > .milliseconds(180))
        #expect(simulation.now - start < .milliseconds(700))
        simulation.run(for: .seconds(2))
        #expect(simulation.counters.packetsReceived > 100)
        #expect(simulation.gauges().connecting == 0)
    }

    @Test(arguments: [Setup.actpass, .passive])
    func `without loss a session is connected after three round trips`(setup: Setup) throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.setup = setup
        let link = LinkSettings(delay: .milliseconds(50))
        let client = try simulation.publish(settings, up: link, down: link)
        let start = simulation.now
        simulation.run(for: .seconds(10)) { client.isConnected }
        #expect(client.isConnected)
        #expect(simulation.now - start <= .milliseconds(310))
    }

    @Test(arguments: [Setup.actpass, .passive])
    func `a fifth of all handshake datagrams may be lost`(setup: Setup) throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.watcher
        settings.setup = setup
        for _ in 0..<10 {
            let client = try simulation.watch(settings)
            var generator = SplitMix64(seed: simulation.generator.next())
            client.losesHandshake = { _, _ in generator.nextFraction() < 0.2 }
        }
        simulation.run(for: .seconds(29))
        let connected = simulation.clients.filter(\.isConnected).count
        #expect(connected >= 9)
    }

    @Test func `a ClientHello in two datagrams is understood, in either order`() throws {
        for isReversed in [false, true] {
            let simulation = try Simulation(seed: Seed.current())
            let client = try simulation.publish()
            var splits = 0
            client.rewrite = { datagram in
                guard let halves = Self.split(clientHello: datagram) else { return [datagram] }
                splits += 1
                return isReversed ? halves.reversed() : halves
            }
            #expect(simulation.connectAll(within: .milliseconds(100)))
            #expect(splits == 1)
            #expect(simulation.counters.sessionsConnected == 1)
        }
    }

    @Test(arguments: [Setup.actpass, .passive])
    func `handshake messages in small fragments are understood`(setup: Setup) throws {
        let simulation = try Simulation(seed: Seed.current())
        var settings = EndpointSettings.publisher
        settings.setup = setup
        settings.handshakeMTU = 256
        let client = try simulation.publish(settings)
        client.recording = []
        #expect(simulation.connectAll(within: .milliseconds(100)))
        let handshakes = (client.recording ?? []).filter { $0.first == 22 }
        #expect(handshakes.count >= 3)
        #expect(handshakes.allSatisfy { $0.count <= 256 })
        simulation.run(for: .milliseconds(10))
        #expect(simulation.counters.sessionsConnected == 1)
    }

    /// A ClientHello as two records with a fragment each (RFC 6347 section 4.2.3); nil for anything else.
    private static func split(clientHello record: [UInt8]) -> [[UInt8]]? {
        guard record.count > 60, record[0] == 22, record[13] == 1 else { return nil }
        let body = Array(record[25...])
        let middle = body.count / 2
        func fragment(_ range: Range<Int>, sequenceNumber: UInt8) -> [UInt8] {
            func three(_ value: Int) -> [UInt8] {
                [0, UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
            }
            var bytes = Array(record[..<25])
            // The numbers in between are those of the records to come.
            bytes[10] = sequenceNumber
            bytes.replaceSubrange(11..<13, with: three(12 + range.count)[1...])
            bytes.replaceSubrange(19..<25, with: three(range.lowerBound) + three(range.count))
            return bytes + body[range]
        }
        return [
            fragment(0..<middle, sequenceNumber: 0), fragment(middle..<body.count, sequenceNumber: 40),
        ]
    }

    @Test(arguments: [Setup.actpass, .passive])
    func `another certificate than the announced one is refused`(setup: Setup) throws {
        let simulation = try Simulation(seed: Seed.current())
        let honest = try simulation.publish(as: "honest")
        #expect(simulation.connectAll())
        var settings = EndpointSettings.publisher
        settings.setup = setup
        settings.announcedFingerprint = try Certificate().fingerprint
        let impostor = try simulation.publish(settings, as: "impostor", room: "other")
        simulation.run(for: .seconds(2))
        #expect(simulation.counters.sessionsClosed == ["fingerprint_mismatch": 1])
        #expect(simulation.counters.sessionsConnected == 1)
        #expect(simulation.gauges().rooms == 1)
        #expect(simulation.gauges().publishers == 1)
        #expect(simulation.gauges().connecting == 0)
        #expect(honest.isConnected)
        // Its media, if it believes to be connected, is from an address that nobody has.
        simulation.remove(impostor)
        #expect(throws: SessionError.unknownSession) { try simulation.delete(impostor) }
    }

    @Test func `a client that is reached by nothing runs into the time limit`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let client = try simulation.publish()
        client.losesHandshake = { direction, _ in direction == .up }
        simulation.run(for: .seconds(31))
        #expect(simulation.counters.sessionsClosed == ["handshake_timeout": 1])
        simulation.remove(client)
        expectEmpty(simulation)
    }
}
