import BasicContainers
import DTLS
import Endpoint
import NodeIO
import SDP
import Wire

/// Many endpoints of one process, each with a UDP socket of its own, on one thread.
actor Fleet {
    private struct Member: ~Copyable {
        var endpoint: Endpoint
        var socket: UDPSocket
        /// When the offer left for the server.
        var offeredAt: Instant
        let isPublisher: Bool
    }

    /// What the members have seen, added up.
    struct Summary: Sendable {
        var connected = 0
        var closed: [String: Int] = [:]
        var packetsSent = 0
        var packetsReceived = 0
        var lost = 0
        var duplicates = 0
        var reordered = 0
        var corrupted = 0
        var retransmissions = 0
        var frames = 0
        var brokenFrames = 0
        var keyFrames = 0
        var keyFrameRequests = 0
        var latency = LatencyHistogram()
        /// From the offer to the first complete picture, of each subscriber that has one.
        var firstFrames: [Duration] = []

        mutating func add(_ other: Summary) {
            connected += other.connected
            closed.merge(other.closed, uniquingKeysWith: +)
            packetsSent += other.packetsSent
            packetsReceived += other.packetsReceived
            lost += other.lost
            duplicates += other.duplicates
            reordered += other.reordered
            corrupted += other.corrupted
            retransmissions += other.retransmissions
            frames += other.frames
            brokenFrames += other.brokenFrames
            keyFrames += other.keyFrames
            keyFrameRequests += other.keyFrameRequests
            latency.add(other.latency)
            firstFrames += other.firstFrames
        }
    }

    /// Due times are looked at no more often than this: members are many and a millisecond matters to none.
    private static let tick = Duration.milliseconds(1)

    private let loop: EventLoop
    private let certificate: Certificate
    private var members = UniqueArray<Member>()
    private var inbox = Inbox()
    private var outbox = Outbox(bytes: 4 << 20, entryLimit: 4096)
    private var nextTick: Instant?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(number: Int, certificate: Certificate) throws(RelayError) {
        self.certificate = certificate
        loop = try EventLoop(name: "fleet-\(number)")
        outbox.reservePeers(1)
    }

    nonisolated func start() throws(RelayError) {
        try loop.start(
            EventLoop.Handlers(
                readable: { tag in self.assumeIsolated { $0.drain(Int(tag)) } },
                idle: { self.assumeIsolated { $0.turn() } }))
    }

    /// Makes an endpoint and returns its number and offer.
    func add(_ settings: EndpointSettings, seed: UInt64) throws -> (number: Int, offer: String) {
        let now = MonotonicClock.now()
        var settings = settings
        settings.slot = 0
        let endpoint = try Endpoint(settings, certificate: certificate, seed: seed, at: now)
        let socket = try UDPSocket(port: 0, batch: 8)
        let number = members.count
        try loop.add(socket.descriptor, tag: UInt64(number))
        let offer = endpoint.offer
        let isPublisher = settings.sections.contains { $0.direction.sends }
        members.append(Member(endpoint: endpoint, socket: socket, offeredAt: now, isPublisher: isPublisher))
        return (number, offer)
    }

    /// Takes the server's answer; the endpoint connects.
    func accept(_ answer: String, for number: Int) throws {
        try members[number].endpoint.accept(answer: answer, at: MonotonicClock.now())
        nextTick = MonotonicClock.now()
    }

    /// Ends all endpoints over DTLS.
    func close() {
        for number in 0..<members.count {
            members[number].endpoint.close(into: &outbox)
            _ = members[number].socket.flush(&outbox)
        }
    }

    func stop() {
        loop.stop()
    }

    /// The number of members that are connected.
    func connectedCount() -> Int {
        var count = 0
        for number in 0..<members.count where members[number].endpoint.isConnected { count += 1 }
        return count
    }

    func summary() -> Summary {
        var summary = Summary()
        for number in 0..<members.count {
            switch members[number].endpoint.state {
            case .connected: summary.connected += 1
            case .closed(let reason): summary.closed["\(reason)", default: 0] += 1
            case .idle, .checking, .handshaking: summary.closed["never connected", default: 0] += 1
            }
            for stream in members[number].endpoint.outgoing { summary.packetsSent += Int(stream.packetsSent) }
            var firstFrame: Instant?
            for stream in members[number].endpoint.incoming {
                let seen = stream.statistics
                summary.packetsReceived += seen.packets
                summary.lost += seen.lost
                summary.duplicates += seen.duplicates
                summary.reordered += seen.reordered
                summary.corrupted += seen.corrupted
                summary.retransmissions += seen.retransmissions
                summary.latency.add(seen.latency)
                guard stream.kind == .video else { continue }
                summary.frames += seen.frames
                summary.brokenFrames += seen.brokenFrames
                summary.keyFrames += seen.keyFrames
                summary.keyFrameRequests += seen.keyFrameRequestsSent
                firstFrame = seen.firstFrameAt ?? firstFrame
            }
            if let firstFrame, !members[number].isPublisher {
                summary.firstFrames.append(firstFrame - members[number].offeredAt)
            }
        }
        return summary
    }

    // MARK: - The thread's turn

    private func drain(_ number: Int) {
        guard number < members.count else { return }
        let now = MonotonicClock.now()
        _ = inbox.receive(from: members[number].socket.descriptor) { datagram, source in
            members[number].endpoint.receive(&datagram, from: source, at: now, into: &outbox)
        }
        _ = members[number].socket.flush(&outbox)
    }

    private func turn() -> Duration? {
        let now = MonotonicClock.now()
        guard let due = nextTick else { return nil }
        guard due <= now else { return due - now }
        for number in 0..<members.count {
            guard let deadline = members[number].endpoint.deadline, deadline <= now else { continue }
            members[number].endpoint.advance(to: now, into: &outbox)
            _ = members[number].socket.flush(&outbox)
        }
        nextTick = now + Self.tick
        return Self.tick
    }
}
