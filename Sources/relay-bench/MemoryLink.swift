import BasicContainers
import DTLS
import Endpoint
import Impairment
import NodeCore
import Wire

/// A room on two nodes that are joined by nothing but memory: a publisher at its home, watchers at the edge.
struct MemoryLink: ~Copyable {
    private static let origin = SocketAddress(ipv4: 0x0A00_0001, port: 40000)
    private static let edge = SocketAddress(ipv4: 0x0A00_0002, port: 40000)

    private var home: Node
    private var away: Node
    /// The publisher, then the watchers.
    private var endpoints = UniqueArray<Endpoint>()
    private var numbers: [SocketAddress: Int] = [:]
    private var outbox = Outbox(bytes: 32 << 20, entryLimit: 65_536)
    private var now = Instant(nanoseconds: 1_000_000_000)

    private init(home: consuming Node, away: consuming Node) {
        self.home = home
        self.away = away
    }

    /// A linked room whose endpoints have their answers; `run` lets them connect.
    static func make(watchers: Int) throws -> MemoryLink {
        let certificate = try Certificate()
        let limits = NodeConfiguration.Limits(sessions: watchers + 1, handshakes: watchers + 1)
        var room = MemoryLink(
            home: try Node(
                NodeConfiguration(worker: 0, candidates: [origin], limits: limits), certificate: certificate),
            away: try Node(
                NodeConfiguration(worker: 1, candidates: [edge], limits: limits), certificate: certificate))
        room.outbox.reservePeers(Node.peerCount(limits))
        try room.join(watchers, certificate)
        return room
    }

    private mutating func join(_ watchers: Int, _ certificate: Certificate) throws {
        var generator = SplitMix64(seed: 1)
        guard let room = RoomID("bench") else { return }
        let keys = LinkTerms.keys(using: &generator)
        _ = home.openLink(to: NodeID(worker: 1), LinkTerms(address: Self.edge, keys: keys.first), at: now)
        _ = away.openLink(to: NodeID(worker: 0), LinkTerms(address: Self.origin, keys: keys.second), at: now)
        for number in 0...watchers {
            var settings = number == 0 ? EndpointSettings.publisher : .watcher
            settings.verifiesContent = false
            settings.video.layers = [.init(bitsPerSecond: 1_100_000)]
            var endpoint = try Endpoint(settings, certificate: certificate, seed: UInt64(number), at: now)
            let answer =
                if number == 0 {
                    try home.open(
                        .publish(as: nil), in: room, offer: endpoint.offer, at: now, using: &generator)
                } else {
                    try away.open(
                        .watch(nil), in: room, offer: endpoint.offer, at: now, using: &generator)
                }
            if number > 0 { away.follow(room, of: NodeID(worker: 0)) }
            try endpoint.accept(answer: answer.sdp, at: now)
            endpoints.append(endpoint)
            numbers[Self.address(number)] = number
        }
    }

    /// Lets virtual time pass, millisecond by millisecond.
    ///
    /// - Parameter meter: called before and after each datagram with media that a node takes from the publisher or the
    ///   link; what it returns is subtracted.
    mutating func run(for duration: Duration, metering meter: () -> UInt64 = { 0 }) -> MemoryRoom.Cost {
        var cost = MemoryRoom.Cost()
        let end = now + duration
        while now < end {
            now = now + .milliseconds(1)
            for envelope in home.takeLinkMessages() {
                away.receive(envelope.message, from: envelope.from, at: now)
            }
            for envelope in away.takeLinkMessages() {
                home.receive(envelope.message, from: envelope.from, at: now)
            }
            for number in 0..<endpoints.count {
                endpoints[number].advance(to: now, into: &outbox)
                deliver(from: Self.address(number), &cost, meter)
            }
            home.advance(to: now, into: &outbox)
            deliver(from: Self.origin, &cost, meter)
            away.advance(to: now, into: &outbox)
            deliver(from: Self.edge, &cost, meter)
        }
        return cost
    }

    private static func address(_ number: Int) -> SocketAddress {
        SocketAddress(ipv4: 0x0A01_0000 + UInt32(number), port: 5000)
    }

    /// Hands over what somebody has sent, and then what that has called for.
    private mutating func deliver(
        from source: SocketAddress, _ cost: inout MemoryRoom.Cost, _ meter: () -> UInt64
    ) {
        var waiting = take(from: source)
        while !waiting.isEmpty {
            var next: [(source: SocketAddress, destination: SocketAddress, bytes: [UInt8])] = []
            for datagram in waiting {
                var bytes = datagram.bytes
                var span = bytes.mutableSpan
                if let number = numbers[datagram.destination] {
                    endpoints[number].receive(&span, from: datagram.source, at: now, into: &outbox)
                } else {
                    let isHome = datagram.destination == Self.origin
                    let sent = home.counters.linkPacketsSent + away.counters.packetsForwarded
                    let before = meter()
                    if isHome {
                        home.receive(&span, from: datagram.source, at: now, into: &outbox)
                    } else {
                        away.receive(&span, from: datagram.source, at: now, into: &outbox)
                    }
                    let metered = meter() - before
                    let out = home.counters.linkPacketsSent + away.counters.packetsForwarded - sent
                    if out > 0 {
                        cost.packetsIn += 1
                        cost.packetsOut += Int(out)
                        cost.metered += metered
                    }
                }
                next += take(from: datagram.destination)
            }
            waiting = next
        }
    }

    private mutating func take(
        from source: SocketAddress
    ) -> [(source: SocketAddress, destination: SocketAddress, bytes: [UInt8])] {
        var list: [(source: SocketAddress, destination: SocketAddress, bytes: [UInt8])] = []
        outbox.forEachDatagram { destination, bytes in
            list.append(
                (
                    source, destination,
                    [UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) }
                ))
        }
        outbox.removeAll()
        return list
    }
}
