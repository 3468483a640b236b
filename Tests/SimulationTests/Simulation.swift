import DTLS
import Endpoint
import Impairment
import Mixing
import NodeCore
import Transcoding
import Wire

/// A node and its clients in virtual time: no socket, no thread, no clock. The same seed makes the same losses.
final class Simulation {
    static let relay = SocketAddress(ipv4: 0xC000_0201, port: 3478)
    /// Events closer together than this are taken together, as a worker takes a batch.
    private static let step: Int64 = 1_000_000
    /// Few enough that subscribers of one batch come in several goes.
    private static let flushBytes = 3000

    var node: Node
    var outbox = Outbox(bytes: 16 << 20, entryLimit: 32768)
    /// What carries out the node's orders to lanes, at once and in no time; nil where there is no CPU for any.
    var lanes: LaneRunner?
    /// The same of mixes.
    var mixes = MixRunner()
    /// Whether there is no libopus, or no time for it.
    var refusesMixes = false
    private(set) var now = Instant(nanoseconds: 5_000_000_000)
    private(set) var clients: [Client] = []
    var events: [NodeEvent] = []
    /// What participants and observers of rooms were told, in order.
    private(set) var notices: [ConferenceNotice] = []
    var generator: SplitMix64
    let certificate: Certificate
    private var routes: [SocketAddress: Client] = [:]
    private var nextPort: UInt16 = 10000
    /// Datagrams to addresses at which nobody is (any more).
    private(set) var undeliverable: [Datagram] = []

    init(seed: UInt64, limits: NodeConfiguration.Limits = .init()) throws {
        generator = SplitMix64(seed: seed)
        certificate = try Certificate()
        node = try Node(
            NodeConfiguration(worker: 0, candidates: [Self.relay], limits: limits), certificate: Certificate()
        )
    }

    // MARK: - Signaling

    func room(_ name: String = "stage") throws -> RoomID {
        guard let room = RoomID(name) else { throw Failure.badName }
        return room
    }

    enum Failure: Error {
        case badName
    }

    /// Opens a session for an endpoint with these settings; it connects in the time to come.
    @discardableResult
    func join(
        _ role: SessionRole, room: String = "stage", _ settings: EndpointSettings, up: LinkSettings = .init(),
        down: LinkSettings = .init(), certificate: Certificate? = nil, on terms: SessionTerms = .init()
    ) throws -> Client {
        var endpoint = try Endpoint(
            settings, certificate: certificate ?? self.certificate, seed: generator.next(), at: now)
        let answer = try node.open(
            role, in: try self.room(room), offer: endpoint.offer, on: terms, at: now, using: &generator)
        try endpoint.accept(answer: answer.sdp, at: now)
        let client = Client(
            endpoint, address: newAddress(), answer: answer, up: up, down: down, seed: generator.next())
        clients.append(client)
        routes[client.address] = client
        return client
    }

    @discardableResult
    func publish(
        _ settings: EndpointSettings = .publisher, as name: String? = nil, room: String = "stage",
        up: LinkSettings = .init(), down: LinkSettings = .init()
    ) throws -> Client {
        try join(.publish(as: name.flatMap { ParticipantID($0) }), room: room, settings, up: up, down: down)
    }

    @discardableResult
    func watch(
        _ settings: EndpointSettings = .watcher, of name: String? = nil, room: String = "stage",
        up: LinkSettings = .init(), down: LinkSettings = .init(), on terms: SessionTerms = .init()
    ) throws -> Client {
        try join(
            .watch(name.flatMap { ParticipantID($0) }), room: room, settings, up: up, down: down, on: terms)
    }

    /// Joins a conference.
    @discardableResult
    func participate(
        _ settings: EndpointSettings, as name: String? = nil, room: String = "stage",
        up: LinkSettings = .init(), down: LinkSettings = .init(), on terms: SessionTerms = .init()
    ) throws -> Client {
        try join(
            .participate(as: name.flatMap { ParticipantID($0) }), room: room, settings, up: up, down: down,
            on: terms)
    }

    /// Asks for something as a participant.
    @discardableResult
    func control(_ client: Client, _ change: SessionControl) throws -> ConferenceSnapshot {
        defer { notices += node.takeNotices() }
        return try node.control(client.session, change, at: now)
    }

    /// Ends a session over HTTP.
    func delete(_ client: Client) throws {
        try node.close(client.session, at: now, into: &outbox)
        flushNode()
    }

    /// The client closes its transport.
    func hangUp(_ client: Client) {
        client.endpoint.close(into: &outbox)
        flush(client)
    }

    /// Restarts ICE for a client.
    func restartICE(_ client: Client, etag: String? = nil) throws {
        let fragment = client.endpoint.restartFragment()
        let result = try node.patch(client.session, etag: etag, fragment: fragment, using: &generator)
        if case .restarted(let answer, _) = result { try client.endpoint.accept(restart: answer, at: now) }
    }

    // MARK: - Network

    func newAddress() -> SocketAddress {
        nextPort += 1
        return SocketAddress(ipv4: 0xCB00_7101, port: nextPort)
    }

    /// Moves a client to another address, as a phone that leaves its wireless network.
    func move(_ client: Client) {
        routes[client.address] = nil
        client.address = newAddress()
        routes[client.address] = client
    }

    /// Forgets a client that has gone; what is sent to it is lost.
    func remove(_ client: Client) {
        routes[client.address] = nil
        clients.removeAll { $0 === client }
    }

    /// Hands the node a datagram from anywhere and returns what it answers to addresses without a client.
    @discardableResult
    func inject(_ bytes: [UInt8], from source: SocketAddress) -> [Datagram] {
        undeliverable = []
        var bytes = bytes
        var span = bytes.mutableSpan
        node.receive(&span, from: source, at: now, into: &outbox)
        flushNode()
        return undeliverable
    }

    // MARK: - Time

    /// Lets time pass; ends early when `condition` holds.
    func run(for duration: Duration, until condition: () -> Bool = { false }) {
        let end = now + duration
        while !condition() {
            var next = node.deadline
            if let time = mixes.deadline { next = min(next ?? time, time) }
            for client in clients {
                if let time = client.deadline { next = min(next ?? time, time) }
            }
            guard let next, next <= end else {
                now = end
                return
            }
            let rounded = (next.nanoseconds + Self.step - 1) / Self.step * Self.step
            now = min(max(now, Instant(nanoseconds: rounded)), end)
            takeTurn()
        }
    }

    private func takeTurn() {
        for client in clients {
            while let datagram = client.uplink.receive(at: now) {
                var bytes = datagram.bytes
                var span = bytes.mutableSpan
                node.collect(&span, from: datagram.source, at: now, into: &outbox)
                if node.isBatchFull { forward() }
            }
        }
        forward()
        node.advance(to: now, into: &outbox)
        flushNode()
        runLanes()
        runMixes()
        events += node.takeEvents()
        notices += node.takeNotices()
        _ = node.takeEndedRooms()
        for client in clients {
            while let datagram = client.downlink.receive(at: now) {
                var bytes = datagram.bytes
                client.bytesReceived += bytes.count
                var span = bytes.mutableSpan
                client.endpoint.receive(&span, from: datagram.source, at: now, into: &outbox)
            }
            client.endpoint.advance(to: now, into: &outbox)
            flush(client)
        }
    }

    /// Forwards what the node has collected, some packets at a time as a worker does.
    private func forward() {
        while node.forward(at: now, into: &outbox, upTo: Self.flushBytes) { flushNode() }
    }

    private func runLanes() {
        var reports: [LaneReport] = []
        guard var runner = lanes.take() else {
            for order in node.takeLaneOrders() {
                if case .addLane(let lane, _, _) = order { reports.append(.refused(lane: lane)) }
            }
            for report in reports { node.receive(report, at: now, into: &outbox) }
            return
        }
        for order in node.takeLaneOrders() {
            runner.run(order, clock: { now }) { reports.append($0) }
        }
        lanes = .some(runner)
        for report in reports { node.receive(report, at: now, into: &outbox) }
        forward()
        flushNode()
    }

    private func runMixes() {
        let now = now
        var reports: [MixReport] = []
        for order in node.takeMixOrders() {
            if refusesMixes, case .openRoom(let room) = order {
                reports.append(.failed(room: room, reason: "refused"))
                continue
            }
            mixes.run(order, at: now) { reports.append($0) }
        }
        mixes.advance(to: now, clock: { now }) { reports.append($0) }
        guard !reports.isEmpty else { return }
        for report in reports { node.receive(report, at: now, into: &outbox) }
        forward()
        flushNode()
    }

    /// Sends what the node has put into the outbox.
    func flushNode() {
        var datagrams: [Datagram] = []
        outbox.forEachDatagram { destination, bytes in
            datagrams.append(Datagram(source: Self.relay, destination: destination, bytes: bytes.copied))
        }
        outbox.removeAll()
        for datagram in datagrams {
            if let client = routes[datagram.destination] {
                client.deliver(datagram, at: now)
            } else if undeliverable.count < 10_000 {
                undeliverable.append(datagram)
            }
        }
    }

    /// Sends what a client has put into the outbox.
    func flush(_ client: Client) {
        guard !outbox.isEmpty else { return }
        var datagrams: [(SocketAddress, [UInt8])] = []
        outbox.forEachDatagram { destination, bytes in datagrams.append((destination, bytes.copied)) }
        outbox.removeAll()
        for (destination, bytes) in datagrams { client.send(bytes, to: destination, at: now) }
    }

    // MARK: - Looking

    /// What a participant knows.
    func snapshot(of client: Client) throws -> ConferenceSnapshot { try node.snapshot(of: client.session) }

    /// What a participant was told, in order.
    func told(_ client: Client) -> [ConferenceEvent.Kind] {
        notices.compactMap { notice in
            notice.session == nil || notice.session == client.session ? notice.event.kind : nil
        }
    }

    /// Who sends what a client receives in a slot at this moment, by the content of the packets.
    func shown(in mid: String, of client: Client) -> ParticipantID? {
        guard let stream = client.endpoint.stream(in: mid), stream.bitsPerSecond(at: now) > 0 else {
            return nil
        }
        return clients.first { sender in
            sender.outgoing.contains { $0.ssrc == stream.statistics.source }
        }?.participant
    }

    func drops(_ reason: DropReason) -> UInt64 { node.counters.drops[reason] }

    func gauges() -> NodeGauges { node.gauges() }

    var counters: NodeCounters { node.counters }

    /// Runs until all clients are connected; returns whether they are.
    func connectAll(within limit: Duration = .seconds(10)) -> Bool {
        run(for: limit) { clients.allSatisfy(\.isConnected) }
        return clients.allSatisfy(\.isConnected)
    }
}

extension Span<UInt8> {
    var copied: [UInt8] { [UInt8](capacity: count) { $0.append(copying: self, 0..<count) } }
}

extension LinkSettings {
    static func lossy(_ share: Double, delay: Duration) -> LinkSettings {
        LinkSettings(delay: delay, loss: share > 0 ? .random(share) : .none)
    }
}
