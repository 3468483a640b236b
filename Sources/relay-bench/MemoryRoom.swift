import BasicContainers
import DTLS
import Endpoint
import Impairment
import NodeCore
import Wire

/// A node with one publisher and many watchers, joined by nothing but memory: for the cost of forwarding alone.
struct MemoryRoom: ~Copyable {
    private var node: Node
    private var endpoints = UniqueArray<Endpoint>()
    private var numbers: [SocketAddress: Int] = [:]
    private var fromNode = Outbox(bytes: 32 << 20, entryLimit: 65_536)
    private var fromEndpoint = Outbox(bytes: 1 << 20, entryLimit: 1024)
    private var now = Instant(nanoseconds: 1_000_000_000)

    /// What forwarding cost.
    struct Cost {
        var packetsIn = 0
        var packetsOut = 0
        /// The sum of what the meter rose by.
        var metered: UInt64 = 0
    }

    private static let relayAddress = SocketAddress(ipv4: 0x0A00_0001, port: 40000)

    private init(node: consuming Node) {
        self.node = node
    }

    /// A room whose endpoints have their answers; `run` lets them connect.
    static func make(watchers: Int) throws -> MemoryRoom {
        let certificate = try Certificate()
        let limits = NodeConfiguration.Limits(
            sessions: watchers + 1, sessionsPerRoom: watchers + 1, handshakes: watchers + 1)
        let configuration = NodeConfiguration(worker: 0, candidates: [relayAddress], limits: limits)
        var room = MemoryRoom(node: try Node(configuration, certificate: certificate))
        try room.join(watchers, certificate)
        return room
    }

    private mutating func join(_ watchers: Int, _ certificate: Certificate) throws {
        fromNode.reservePeers(watchers + 1)
        var generator = SplitMix64(seed: 1)
        guard let room = RoomID("bench"), let name = ParticipantID("publisher") else { return }
        for number in 0...watchers {
            var settings = number == 0 ? EndpointSettings.publisher : .watcher
            settings.verifiesContent = false
            settings.video.layers = [.init(bitsPerSecond: 1_100_000)]
            var endpoint = try Endpoint(settings, certificate: certificate, seed: UInt64(number), at: now)
            let answer = try self.node.open(
                number == 0 ? .publish(as: name) : .watch(name), in: room, offer: endpoint.offer, at: now,
                using: &generator)
            try endpoint.accept(answer: answer.sdp, at: now)
            endpoints.append(endpoint)
            numbers[Self.address(number)] = number
        }
    }

    /// Whether all endpoints have connected.
    var isConnected: Bool {
        for number in 0..<endpoints.count where !endpoints[number].isConnected { return false }
        return true
    }

    /// Lets virtual time pass, millisecond by millisecond.
    ///
    /// - Parameter meter: called before and after the node takes what the publisher has sent; what it returns is subtracted.
    mutating func run(for duration: Duration, metering meter: () -> UInt64 = { 0 }) -> Cost {
        var cost = Cost()
        let end = now + duration
        while now < end {
            now = now + .milliseconds(1)
            for number in 0..<endpoints.count {
                endpoints[number].advance(to: now, into: &fromEndpoint)
                deliver(from: number, &cost, meter)
                exchange(&cost, meter)
            }
            node.advance(to: now, into: &fromNode)
            exchange(&cost, meter)
        }
        return cost
    }

    /// Ends all sessions of the node.
    mutating func endAll() {
        node.shutDown(at: now, into: &fromNode)
        fromNode.removeAll()
        _ = node.takeEvents()
    }

    private static func address(_ number: Int) -> SocketAddress {
        SocketAddress(ipv4: 0x0A01_0000 + UInt32(number), port: 5000)
    }

    /// Hands the node what an endpoint has sent.
    private mutating func deliver(from number: Int, _ cost: inout Cost, _ meter: () -> UInt64) {
        var datagrams: [[UInt8]] = []
        fromEndpoint.forEachDatagram { _, bytes in
            datagrams.append([UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) })
        }
        fromEndpoint.removeAll()
        guard !datagrams.isEmpty else { return }
        let received = node.counters.packetsReceived
        let forwarded = node.counters.packetsForwarded
        var metered: UInt64 = 0
        // As a worker does with what it finds in its socket.
        for index in datagrams.indices {
            let media = node.counters.packetsReceived
            let before = meter()
            var span = datagrams[index].mutableSpan
            node.collect(&span, from: Self.address(number), at: now, into: &fromNode)
            let after = meter()
            if node.counters.packetsReceived > media { metered += after - before }
        }
        let before = meter()
        _ = node.forward(at: now, into: &fromNode)
        metered += meter() - before
        let sent = Int(node.counters.packetsForwarded - forwarded)
        guard sent > 0 else { return }
        cost.packetsIn += Int(node.counters.packetsReceived - received)
        cost.packetsOut += sent
        cost.metered += metered
    }

    /// Hands the endpoints what the node has sent, and the node their answers, until nobody has more to say.
    private mutating func exchange(_ cost: inout Cost, _ meter: () -> UInt64) {
        while !fromNode.isEmpty {
            var datagrams: [(number: Int, bytes: [UInt8])] = []
            fromNode.forEachDatagram { address, bytes in
                guard let number = numbers[address] else { return }
                datagrams.append(
                    (number, [UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) }))
            }
            fromNode.removeAll()
            for index in datagrams.indices {
                let number = datagrams[index].number
                var span = datagrams[index].bytes.mutableSpan
                endpoints[number].receive(&span, from: Self.relayAddress, at: now, into: &fromEndpoint)
                deliver(from: number, &cost, meter)
            }
        }
    }
}
