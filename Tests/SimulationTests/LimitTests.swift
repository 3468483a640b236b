import CLinux
import Endpoint
import Impairment
import NodeCore
import Testing
import Wire

/// What a node refuses, so that no number of requests makes it grow without bound.
@Suite struct LimitTests {
    private func refusal(_ body: () throws -> Void) -> String? {
        do {
            try body()
        } catch SessionError.limitReached(let what, _) {
            return what
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    @Test func `handshakes in flight are limited, and room is made when they end`() throws {
        let simulation = try Simulation(seed: Seed.current(), limits: .init(handshakes: 3))
        for _ in 0..<3 { try simulation.watch() }
        let refused = refusal { try simulation.watch() }
        #expect(refused != nil)
        #expect(simulation.gauges().watchers == 3)
        #expect(simulation.connectAll())
        #expect(simulation.gauges().connecting == 0)
        try simulation.watch()
        #expect(simulation.gauges().watchers == 4)
    }

    @Test func `sessions are limited over all rooms`() throws {
        let simulation = try Simulation(seed: Seed.current(), limits: .init(sessions: 2))
        let first = try simulation.watch(room: "a")
        try simulation.watch(room: "b")
        let refused = refusal { try simulation.watch(room: "c") }
        #expect(refused != nil)
        #expect(simulation.gauges().rooms == 2)
        try simulation.delete(first)
        try simulation.watch(room: "c")
        #expect(simulation.gauges().rooms == 2)
    }

    @Test func `sessions of a room are limited`() throws {
        let simulation = try Simulation(seed: Seed.current(), limits: .init(sessionsPerRoom: 2))
        try simulation.publish(room: "a")
        try simulation.watch(room: "a")
        let refused = refusal { try simulation.watch(room: "a") }
        #expect(refused != nil)
        try simulation.watch(room: "b")
        #expect(simulation.gauges().watchers == 2)
    }

    @Test func `an offer that is refused leaves nothing behind`() throws {
        let simulation = try Simulation(seed: Seed.current())
        for offer in ["", "v=0", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 x 0\r\n"] {
            #expect(throws: SessionError.self) {
                _ = try simulation.node.open(
                    .publish(as: nil), in: simulation.room(), offer: offer, at: simulation.now,
                    using: &simulation.generator)
            }
        }
        expectEmpty(simulation)
        #expect(simulation.counters.sessionsOpened == 0)
    }

    @Test func `ten thousand offers that nobody follows up hold no more than the limit`() throws {
        let simulation = try Simulation(
            seed: Seed.current(), limits: .init(sessions: 200, sessionsPerRoom: 100, handshakes: 64))
        let endpoint = try Endpoint(
            .echo, certificate: simulation.certificate, seed: simulation.generator.next(), at: simulation.now)
        let offer = endpoint.offer
        func flood(_ count: Int) throws -> Int {
            var accepted = 0
            for number in 0..<count {
                let answer = try? simulation.node.open(
                    .echo, in: simulation.room("room-\(number % 7)"), offer: offer, at: simulation.now,
                    using: &simulation.generator)
                if answer != nil { accepted += 1 }
                #expect(simulation.gauges().connecting <= 64)
                simulation.run(for: .milliseconds(20))
            }
            return accepted
        }
        let accepted = try flood(3000)
        let before = smartc_resident_memory()
        #expect(before > 0)
        let more = try flood(7000)
        let after = smartc_resident_memory()
        #expect(accepted >= 128 && more >= 256)
        #expect(simulation.gauges().echoes <= 64)
        #expect(after < before + 32 << 20, "\(before) to \(after)")
        simulation.run(for: .seconds(31))
        expectEmpty(simulation)
        let opened = simulation.counters.sessionsOpened
        #expect(opened == UInt64(accepted + more))
        #expect(simulation.counters.sessionsClosed == ["unreachable": opened])
    }
}
