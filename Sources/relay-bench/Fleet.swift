import BasicContainers
import DTLS
import Endpoint
import NodeIO
import SDP
import Wire

/// Many endpoints of one process, each with a UDP socket of its own, on one thread.
actor Fleet {
    /// Where a member sits; seats are used again.
    typealias Seat = Int

    /// What a new member does, and for the report: whose media it is about.
    struct Assignment: Sendable {
        let settings: EndpointSettings
        let seed: UInt64
        /// The number of the publisher that it is, or that it watches.
        let publisher: Int
        /// The address to bind to; nil lets the kernel choose.
        let source: SocketAddress?
    }

    enum Presence {
        case present, leaving, left
    }

    struct Member: ~Copyable {
        var endpoint: Endpoint
        var socket: UDPSocket
        /// When the offer left for the server.
        let offeredAt: Instant
        let publisher: Int
        let isPublisher: Bool
        /// Participants of a conference publish and watch.
        let isWatching: Bool
        /// Tells apart those who had the same seat.
        let number: Int
        var presence = Presence.present
    }

    /// Due times are looked at no more often than this: members are many and a millisecond matters to none.
    private static let tick = Duration.milliseconds(1)

    private let loop: EventLoop
    private let certificate: Certificate
    private(set) var members = UniqueArray<Member>()
    /// When each seat's endpoint wants to be advanced: a short array, as it is searched every millisecond.
    private var due: [Instant] = []
    private var free: [Seat] = []
    private var joined = 0
    /// What those had seen who have left.
    private var departed = FleetSummary()
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

    // MARK: - Coming and going

    /// Makes an endpoint and returns its seat and offer.
    func add(_ task: Assignment) throws -> (seat: Seat, offer: String) {
        let now = MonotonicClock.now()
        var settings = task.settings
        settings.slot = 0
        let endpoint = try Endpoint(settings, certificate: certificate, seed: task.seed, at: now)
        let socket = try UDPSocket(address: task.source, port: 0, notesArrival: true, batch: 8)
        let seat = free.last ?? members.count
        try loop.add(socket.descriptor, tag: UInt64(seat))
        let offer = endpoint.offer
        let isPublisher = settings.sections.contains { $0.direction.sends }
        joined += 1
        let member = Member(
            endpoint: endpoint, socket: socket, offeredAt: now, publisher: task.publisher,
            isPublisher: isPublisher, isWatching: settings.sections.contains { $0.direction.receives },
            number: joined)
        if free.popLast() != nil {
            members[seat] = member
        } else {
            members.append(member)
            due.append(Self.never)
        }
        return (seat, offer)
    }

    /// Takes the server's answer; the endpoint connects.
    ///
    /// - Parameter via: where to send media instead of to the candidate in the answer.
    func accept(_ answer: String, for seat: Seat, via: SocketAddress?) throws {
        let now = MonotonicClock.now()
        let answer = via.map { Self.answer(answer, redirectedTo: $0) } ?? answer
        try members[seat].endpoint.accept(answer: answer, at: now)
        due[seat] = now
        nextTick = min(nextTick ?? now, now)
    }

    /// From now on it is no failure when the server ends this member's session.
    func expectEnd(of seat: Seat) {
        members[seat].presence = .leaving
    }

    /// Ends a member's session over DTLS; the seat is free then.
    func leave(_ seat: Seat) {
        members[seat].endpoint.close(into: &outbox)
        _ = members[seat].socket.flush(&outbox)
        addSummary(of: seat, to: &departed)
        members[seat].presence = .left
        due[seat] = Self.never
        free.append(seat)
    }

    func stop() {
        loop.stop()
    }

    // MARK: - Measuring

    /// Lets publishers send media or not: without, everything that is on the way arrives, and can be counted.
    func setSending(_ isSending: Bool) {
        for seat in 0..<members.count { members[seat].endpoint.isSending = isSending }
        let now = MonotonicClock.now()
        for seat in 0..<members.count { plan(seat) }
        nextTick = min(nextTick ?? now, now)
    }

    /// Says how loud a member's sound is from now on, 0 loudest to 127 silent.
    func setAudioLevel(_ level: UInt8, of seat: Seat) {
        members[seat].endpoint.audioLevel = level
    }

    func resetLatency() {
        departed.latency = LatencyHistogram()
        departed.switchPauses = LatencyHistogram()
        for seat in 0..<members.count { members[seat].endpoint.resetLatency() }
    }

    /// The number of members that are connected.
    func connectedCount() -> Int {
        var count = 0
        for seat in 0..<members.count where members[seat].presence == .present {
            if members[seat].endpoint.isConnected { count += 1 }
        }
        return count
    }

    /// The number of watching members that have seen a whole picture, or cannot see any.
    func readyCount() -> Int {
        var count = 0
        for seat in 0..<members.count where members[seat].presence == .present && members[seat].isWatching {
            // Whoever only counts packets has its first ones with the beginning of a picture.
            let isDecrypting = members[seat].endpoint.settings.decryptsMedia
            let isReady = members[seat].endpoint.incoming.contains { stream in
                stream.kind == .video
                    && (isDecrypting
                        ? stream.statistics.firstFrameAt != nil : stream.statistics.packets > 0)
            }
            if isReady { count += 1 }
        }
        return count
    }

    func summary() -> FleetSummary {
        var summary = departed
        for seat in 0..<members.count where members[seat].presence != .left {
            addSummary(of: seat, to: &summary)
        }
        return summary
    }

    /// What is sent and received at this moment, stream by stream.
    func sample() -> TrafficSample {
        var sample = TrafficSample()
        for seat in 0..<members.count where members[seat].presence == .present {
            let publisher = members[seat].publisher
            if members[seat].isPublisher {
                for stream in members[seat].endpoint.outgoing where stream.isActive {
                    sample.sent[stream.ssrc] = TrafficSample.Source(
                        publisher: publisher, kind: stream.kind, packets: Int(stream.packetsSent))
                }
            } else if members[seat].endpoint.isConnected {
                var flows: [TrafficSample.Flow] = []
                for stream in members[seat].endpoint.incoming {
                    let seen = stream.statistics
                    flows.append(
                        TrafficSample.Flow(
                            kind: stream.kind, source: seen.source, received: seen.packets,
                            lost: seen.lost + stream.missingPackets))
                }
                let key = TrafficSample.Key(fleet: ObjectIdentifier(self), number: members[seat].number)
                sample.receivers[key] = TrafficSample.Receiver(publisher: publisher, flows: flows)
            }
        }
        return sample
    }

    private func addSummary(of seat: Seat, to summary: inout FleetSummary) {
        let isPresent = members[seat].presence == .present
        switch members[seat].endpoint.state {
        case .connected: if isPresent { summary.connected += 1 }
        case .closed(let reason):
            if isPresent {
                summary.failures["session ended: \(reason)", default: 0] += 1
                summary.ended += 1
            }
        case .idle: break
        case .checking: if isPresent { summary.failures["no answer to ICE checks", default: 0] += 1 }
        case .handshaking: if isPresent { summary.failures["DTLS handshake not finished", default: 0] += 1 }
        }
        if members[seat].isPublisher {
            for stream in members[seat].endpoint.outgoing { summary.packetsSent += Int(stream.packetsSent) }
        }
        summary.padding += members[seat].endpoint.counters.padding
        var firstFrame: Instant?
        for stream in members[seat].endpoint.incoming {
            summary.add(stream)
            if stream.kind == .video, let first = stream.statistics.firstFrameAt {
                firstFrame = min(firstFrame ?? first, first)
            }
        }
        if let firstFrame { summary.firstFrames.append(firstFrame - members[seat].offeredAt) }
    }

    /// The answer with other addresses in its candidates (RFC 8839 section 5.1: the fifth and the sixth field).
    private static func answer(_ answer: String, redirectedTo address: SocketAddress) -> String {
        answer.split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix("a=candidate:") else { return String(line) }
            var fields = line.split(separator: " ").map(String.init)
            guard fields.count >= 8 else { return String(line) }
            fields[4] = address.host
            fields[5] = String(address.port)
            return fields.joined(separator: " ")
        }.joined(separator: "\r\n")
    }

    // MARK: - The thread's turn

    private static let never = Instant(nanoseconds: .max)

    private func drain(_ seat: Seat) {
        guard seat < members.count else { return }
        // A datagram's time is when it reached the socket: how long it waited there for this thread, which drives hundreds
        // of endpoints, is not the server's doing.
        let now = MonotonicClock.now()
        _ = inbox.receiveStamped(from: members[seat].socket.descriptor) { datagram, source, age in
            members[seat].endpoint.receive(&datagram, from: source, at: now - age, into: &outbox)
        }
        _ = members[seat].socket.flush(&outbox)
        if members[seat].presence != .left { plan(seat) }
    }

    private func plan(_ seat: Seat) {
        due[seat] = members[seat].endpoint.deadline ?? Self.never
    }

    private func turn() -> Duration? {
        let now = MonotonicClock.now()
        guard let next = nextTick else { return nil }
        guard next <= now else { return next - now }
        for seat in due.indices where due[seat] <= now {
            members[seat].endpoint.advance(to: now, into: &outbox)
            _ = members[seat].socket.flush(&outbox)
            plan(seat)
        }
        nextTick = now + Self.tick
        return Self.tick
    }
}
