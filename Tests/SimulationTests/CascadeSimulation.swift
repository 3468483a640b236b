import DTLS
import Endpoint
import Impairment
import NodeCore
import Wire

/// Two nodes that are joined by a link, and their clients, in virtual time. The first node is the home of all rooms; the
/// link goes through emulators, what the nodes tell each other takes `messageDelay`.
final class CascadeSimulation {
    /// A node with its address and its end of the link's wire.
    final class Host {
        var node: Node
        let id: NodeID
        let address: SocketAddress
        /// From here to the other node.
        var wire: LinkEmulator
        /// What was sent over the link, if wanted.
        var sealed: Client.Sealed?
        var clients: [Client] = []

        init(_ number: Int, wire: LinkSettings, seed: UInt64, limits: NodeConfiguration.Limits) throws {
            address = SocketAddress(ipv4: 0xC000_0201 + UInt32(number), port: 3478)
            id = NodeID(worker: number)
            node = try Node(
                NodeConfiguration(worker: number, candidates: [address], limits: limits),
                certificate: Certificate())
            self.wire = LinkEmulator(wire, seed: seed)
        }
    }

    private static let step: Int64 = 1_000_000

    let origin: Host
    let edge: Host
    var messageDelay = Duration.milliseconds(2)
    /// After how much silence the link counts as lost.
    var silenceLimit: Duration?
    /// Whether nothing goes over the link any more.
    var isCut = false
    private(set) var now = Instant(nanoseconds: 5_000_000_000)
    private(set) var linksMade = 0
    private var outbox = Outbox(bytes: 16 << 20, entryLimit: 32768)
    private var generator: SplitMix64
    private let certificate: Certificate
    private var routes: [SocketAddress: Client] = [:]
    private var nextPort: UInt16 = 10000
    private var messages: [(due: Instant, envelope: LinkEnvelope)] = []

    init(
        seed: UInt64, wire: LinkSettings = .init(delay: .milliseconds(1)),
        limits: NodeConfiguration.Limits = .init()
    ) throws {
        generator = SplitMix64(seed: seed)
        certificate = try Certificate()
        origin = try Host(0, wire: wire, seed: generator.next(), limits: limits)
        edge = try Host(1, wire: wire, seed: generator.next(), limits: limits)
    }

    // MARK: - Signaling

    func room(_ name: String = "stage") throws -> RoomID {
        guard let room = RoomID(name) else { throw Simulation.Failure.badName }
        return room
    }

    @discardableResult
    func publish(
        _ settings: EndpointSettings = .publisher, as name: String? = nil, up: LinkSettings = .init()
    ) throws -> Client {
        try join(.publish(as: name.flatMap { ParticipantID($0) }), at: origin, settings, up: up)
    }

    /// Watches the room at the edge, or at its home.
    @discardableResult
    func watch(
        _ settings: EndpointSettings = .watcher, of name: String? = nil, at host: Host? = nil,
        down: LinkSettings = .init()
    ) throws -> Client {
        try join(
            .watch(name.flatMap { ParticipantID($0) }), at: host ?? edge, settings, down: down)
    }

    private func join(
        _ role: SessionRole, at host: Host, _ settings: EndpointSettings, up: LinkSettings = .init(),
        down: LinkSettings = .init()
    ) throws -> Client {
        var endpoint = try Endpoint(settings, certificate: certificate, seed: generator.next(), at: now)
        let room = try room()
        let answer = try host.node.open(role, in: room, offer: endpoint.offer, at: now, using: &generator)
        if host === edge { edge.node.follow(room, of: origin.id) }
        try endpoint.accept(answer: answer.sdp, at: now)
        nextPort += 1
        let client = Client(
            endpoint, address: SocketAddress(ipv4: 0xCB00_7101, port: nextPort), answer: answer, up: up,
            down: down, seed: generator.next())
        host.clients.append(client)
        routes[client.address] = client
        return client
    }

    /// Ends a session over HTTP.
    func delete(_ client: Client) throws {
        let host = origin.clients.contains { $0 === client } ? origin : edge
        try host.node.close(client.session, at: now, into: &outbox)
        flush(host)
        host.clients.removeAll { $0 === client }
    }

    // MARK: - Time

    func run(for duration: Duration, until condition: () -> Bool = { false }) {
        let end = now + duration
        while !condition() {
            var times = [origin.node.deadline, edge.node.deadline, origin.wire.deadline, edge.wire.deadline]
            times += messages.map(\.due)
            for host in [origin, edge] { times += host.clients.map(\.deadline) }
            guard let next = times.compactMap({ $0 }).min(), next <= end else {
                now = end
                return
            }
            let rounded = (next.nanoseconds + Self.step - 1) / Self.step * Self.step
            now = min(max(now, Instant(nanoseconds: rounded)), end)
            takeTurn()
        }
    }

    func connectAll(within limit: Duration = .seconds(10)) -> Bool {
        run(for: limit) { (origin.clients + edge.clients).allSatisfy(\.isConnected) }
        return (origin.clients + edge.clients).allSatisfy(\.isConnected)
    }

    private func takeTurn() {
        deliverMessages()
        for (host, other) in [(origin, edge), (edge, origin)] {
            while let datagram = other.wire.receive(at: now) {
                guard !isCut else { continue }
                receive(datagram, at: host)
            }
            for client in host.clients {
                while let datagram = client.uplink.receive(at: now) { receive(datagram, at: host) }
            }
            host.node.advance(to: now, into: &outbox)
            flush(host)
            _ = host.node.takeEvents()
            for client in host.clients {
                while let datagram = client.downlink.receive(at: now) {
                    var bytes = datagram.bytes
                    var span = bytes.mutableSpan
                    client.endpoint.receive(&span, from: datagram.source, at: now, into: &outbox)
                }
                client.endpoint.advance(to: now, into: &outbox)
                flush(client)
            }
            messages += host.node.takeLinkMessages().map { (now + messageDelay, $0) }
        }
    }

    private func receive(_ datagram: Datagram, at host: Host) {
        var bytes = datagram.bytes
        var span = bytes.mutableSpan
        host.node.receive(&span, from: datagram.source, at: now, into: &outbox)
        flush(host)
    }

    private func deliverMessages() {
        while let first = messages.first, first.due <= now {
            let envelope = messages.removeFirst().envelope
            linkIfNeeded()
            let host = envelope.to == origin.id ? origin : edge
            host.node.receive(envelope.message, from: envelope.from, at: now)
        }
    }

    /// What a relay does before the first message.
    private func linkIfNeeded() {
        guard !origin.node.hasLink(to: edge.id) || !edge.node.hasLink(to: origin.id) else { return }
        linksMade += 1
        let keys = LinkTerms.keys(using: &generator)
        let there = LinkTerms(address: edge.address, keys: keys.first, silenceLimit: silenceLimit)
        let back = LinkTerms(address: origin.address, keys: keys.second, silenceLimit: silenceLimit)
        _ = origin.node.openLink(to: edge.id, there, at: now)
        _ = edge.node.openLink(to: origin.id, back, at: now)
    }

    private func flush(_ host: Host) {
        guard !outbox.isEmpty else { return }
        var datagrams: [Datagram] = []
        outbox.forEachDatagram { destination, bytes in
            datagrams.append(Datagram(source: host.address, destination: destination, bytes: bytes.copied))
        }
        outbox.removeAll()
        for datagram in datagrams {
            if datagram.destination == origin.address || datagram.destination == edge.address {
                host.sealed?.note(datagram.bytes)
                host.wire.send(datagram, at: now)
            } else {
                routes[datagram.destination]?.deliver(datagram, at: now)
            }
        }
    }

    private func flush(_ client: Client) {
        guard !outbox.isEmpty else { return }
        var datagrams: [(SocketAddress, [UInt8])] = []
        outbox.forEachDatagram { destination, bytes in datagrams.append((destination, bytes.copied)) }
        outbox.removeAll()
        for (destination, bytes) in datagrams { client.send(bytes, to: destination, at: now) }
    }
}
