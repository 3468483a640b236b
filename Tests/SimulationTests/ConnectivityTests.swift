import Endpoint
import Impairment
import NodeCore
import STUN
import Testing
import Wire

/// ICE over the life of a session: moves, silence, restarts, and checks that are not right.
@Suite struct ConnectivityTests {
    private static let link = LinkSettings(delay: .milliseconds(20))

    @Test(arguments: [true, false])
    func `media goes on after a change of address`(isPublisher: Bool) throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish(up: Self.link, down: Self.link)
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        let moving = isPublisher ? publisher : watcher
        simulation.move(moving)
        moving.endpoint.networkChanged(at: simulation.now)
        simulation.run(for: .seconds(5))
        publisher.endpoint.isSending = false
        simulation.run(for: .seconds(2))

        #expect(simulation.counters.addressChanges == 1)
        #expect(simulation.counters.sessionsConnected == 2)
        #expect(simulation.counters.sessionsClosed.isEmpty)
        // What the watcher lost is sent again after a round trip, and behind it the picture goes on.
        #expect(watcher.video.longestPause < .milliseconds(250))
        #expect(watcher.video.lost == 0 && watcher.video.contentGaps == 0)
        #expect(watcher.video.lastFrameNumber == UInt32(publisher.framesSent - 1))
        #expect(moving.ice.mappedAddress == moving.address)
    }

    @Test func `an unnoticed change of address is healed by the next consent check`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(5))
        simulation.move(publisher)
        simulation.run(for: .seconds(5))
        #expect(simulation.counters.addressChanges == 1)
        #expect(simulation.drops(.unknownAddress) > 0)
        #expect(watcher.video.longestPause < .milliseconds(3200))
        let last = try #require(watcher.video.lastFrameAt)
        #expect(simulation.now - last < .milliseconds(100))
    }

    @Test func `a client that wanders keeps its last few addresses only`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        #expect(simulation.connectAll())
        publisher.endpoint.isSending = false
        var addresses: [SocketAddress] = []
        for _ in 0..<30 {
            addresses.append(publisher.address)
            simulation.move(publisher)
            publisher.endpoint.networkChanged(at: simulation.now)
            simulation.run(for: .milliseconds(200))
        }
        #expect(simulation.counters.addressChanges == 30)
        let before = simulation.drops(.unknownAddress)
        let packet = [0x80, 96] + [UInt8](repeating: 1, count: 60)
        for address in addresses { simulation.inject(packet, from: address) }
        #expect(simulation.drops(.unknownAddress) - before >= 22)
    }

    @Test func `a client that falls silent is gone after 30 seconds and leaves nothing`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish(as: "alice")
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        publisher.isCut = true
        watcher.isCut = true
        simulation.run(for: .seconds(29))
        #expect(simulation.gauges().publishers == 1)
        #expect(simulation.gauges().watchers == 1)
        #expect(simulation.gauges().rooms == 1)
        simulation.run(for: .seconds(2))
        #expect(simulation.counters.sessionsClosed == ["consent_expired": 2])
        expectEmpty(simulation)
        #expect(publisher.state == .closed(.consentLost))
    }

    @Test func `an offer that nobody follows up is forgotten`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let client = try simulation.publish()
        client.isCut = true
        simulation.run(for: .milliseconds(29_900))
        #expect(simulation.gauges().connecting == 1)
        simulation.run(for: .milliseconds(200))
        #expect(simulation.counters.sessionsClosed == ["unreachable": 1])
        expectEmpty(simulation)
    }

    @Test func `a restart with new credentials keeps the media going`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish(up: Self.link, down: Self.link)
        let watcher = try simulation.watch(up: Self.link, down: Self.link)
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(3))
        for _ in 0..<3 {
            let former = try #require(publisher.ice.remote)
            let own = publisher.ice.local
            try simulation.restartICE(publisher)
            #expect(publisher.ice.remote?.ufrag != former.ufrag)
            #expect(publisher.ice.local.ufrag != own.ufrag)
            // Until the new pair is nominated the former credentials are good.
            let answers = simulation.inject(
                check(to: former, from: own.ufrag, simulation), from: simulation.newAddress())
            #expect(answers.count == 1)
            #expect(try kind(of: answers[0]) == .success)
            simulation.run(for: .seconds(2))
            #expect(publisher.ice.isNominated)
            // Then they name nobody.
            let unknown = simulation.drops(.unknownUsername)
            let late = simulation.inject(
                check(to: former, from: own.ufrag, simulation), from: simulation.newAddress())
            #expect(late.isEmpty)
            #expect(simulation.drops(.unknownUsername) == unknown + 1)
        }
        #expect(watcher.video.lost == 0 && watcher.video.contentGaps == 0)
        #expect(watcher.video.longestPause < .milliseconds(60))
        #expect(simulation.counters.sessionsConnected == 2)
    }

    @Test func `a restart with a stale entity tag is refused`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        #expect(simulation.connectAll())
        let tag = try #require(publisher.ice.remote).ufrag
        #expect(throws: SessionError.etagMismatch(current: tag)) {
            try simulation.restartICE(publisher, etag: "stale")
        }
    }

    @Test func `a check with a wrong password is answered 401 and counted`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        #expect(simulation.connectAll())
        let remote = try #require(publisher.ice.remote)
        let forged = ICECredentials(ufrag: remote.ufrag, password: "wrongwrongwrongwrongwrong")
        let stranger = simulation.newAddress()
        let answers = simulation.inject(
            check(to: forged, from: publisher.ice.local.ufrag, simulation), from: stranger)
        #expect(answers.count == 1)
        #expect(try kind(of: answers[0]) == .error)
        #expect(try errorCode(of: answers[0]) == 401)
        #expect(simulation.drops(.unauthenticSTUN) == 1)
        simulation.run(for: .seconds(1))
        #expect(simulation.counters.addressChanges == 0)
        // It has proven nothing: what it sends is from an unknown address.
        simulation.inject([0x80, 96] + [UInt8](repeating: 0, count: 50), from: stranger)
        #expect(simulation.drops(.unknownAddress) == 1)
    }

    @Test func `a check for nobody is not answered and counted`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let forged = ICECredentials(ufrag: "nobodyat", password: "wrongwrongwrongwrongwrong")
        for ufrag in ["nobodyat", "short", "muchlongerthaneight"] {
            let credentials = ICECredentials(ufrag: ufrag, password: forged.password)
            let answers = simulation.inject(
                check(to: credentials, from: "me", simulation), from: simulation.newAddress())
            #expect(answers.isEmpty)
        }
        #expect(simulation.drops(.unknownUsername) == 3)
    }

    @Test func `a remote that believes to be controlled is told 487`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        #expect(simulation.connectAll())
        let remote = try #require(publisher.ice.remote)
        let answers = simulation.inject(
            check(to: remote, from: publisher.ice.local.ufrag, isControlling: false, simulation),
            from: simulation.newAddress())
        #expect(answers.count == 1)
        #expect(try errorCode(of: answers[0]) == 487)
        #expect(simulation.drops(.unexpectedSTUN) == 1)
        #expect(simulation.counters.addressChanges == 0)
    }

    @Test func `a goodbye from either side ends the session at once`() throws {
        let simulation = try Simulation(seed: Seed.current())
        let publisher = try simulation.publish()
        let watcher = try simulation.watch()
        #expect(simulation.connectAll())
        simulation.run(for: .seconds(1))
        try simulation.delete(watcher)
        simulation.hangUp(publisher)
        simulation.run(for: .milliseconds(100))
        #expect(simulation.counters.sessionsClosed == ["requested": 1, "remote_closed": 1])
        #expect(watcher.state == .closed(.byRelay))
        // One for the sound and one for the picture.
        #expect(watcher.counters.goodbyes == 2)
        expectEmpty(simulation)
        #expect(throws: SessionError.unknownSession) { try simulation.delete(watcher) }
    }

    // MARK: - Checks of our own making

    private func check(
        to remote: ICECredentials, from ufrag: String, isControlling: Bool = true, _ simulation: Simulation
    ) -> [UInt8] {
        let transaction = TransactionID(using: &simulation.generator)
        let key = Array(remote.password.utf8)
        return [UInt8](capacity: STUNWriter.maximumLength) { output in
            STUNWriter.bindingRequest(
                transaction: transaction, username: "\(remote.ufrag):\(ufrag)", password: key.span,
                priority: 1,
                tieBreaker: 1, isControlling: isControlling, useCandidate: false, into: &output)
        }
    }

    private func kind(of datagram: Datagram) throws -> STUNMessage.Class {
        try STUNMessage(parsing: datagram.bytes.span).messageClass
    }

    private func errorCode(of datagram: Datagram) throws -> UInt16? {
        try STUNMessage(parsing: datagram.bytes.span).errorCode
    }
}

/// Expects that a node holds nothing any more and wants nothing.
func expectEmpty(_ simulation: Simulation, sourceLocation: SourceLocation = #_sourceLocation) {
    let gauges = simulation.gauges()
    let held =
        gauges.publishers + gauges.watchers + gauges.echoes + gauges.connecting + gauges.rooms
        + gauges.upTracks
        + gauges.downTracks
    #expect(held == 0, "\(gauges)", sourceLocation: sourceLocation)
    simulation.run(for: .milliseconds(100))
    let deadline = simulation.node.deadline
    #expect(deadline == nil, sourceLocation: sourceLocation)
}
