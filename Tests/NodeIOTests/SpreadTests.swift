import Codecs
import DTLS
import Endpoint
import Logging
import NodeCore
import SDP
import Testing
import Wire

@testable import NodeIO

/// A room on two workers, with real sockets.
@RealTime
@Suite struct SpreadTests {
    /// A client with a socket of its own.
    private struct Client: ~Copyable {
        var endpoint: Endpoint
        var socket: UDPSocket
        var inbox = Inbox()
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 256)
        let answer: SessionAnswer

        /// Reads, does what is due, and sends.
        mutating func turn() {
            let now = MonotonicClock.now()
            _ = inbox.receive(from: socket.descriptor) { datagram, source in
                endpoint.receive(&datagram, from: source, at: now, into: &outbox)
            }
            endpoint.advance(to: now, into: &outbox)
            _ = socket.flush(&outbox)
        }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func start(
        workers: Int, threshold: Int = 1, limits: NodeConfiguration.Limits = .init()
    ) async throws -> Relay {
        try await Relay.start(
            RelayConfiguration(
                udpPort: 0, workers: workers, advertised: [.loopback(port: 0)], limits: limits,
                spreadThreshold: threshold),
            logger: logger)
    }

    private static func client(
        _ role: SessionRole, _ settings: EndpointSettings, of relay: Relay, in room: RoomID, seed: UInt64
    ) async throws -> Client {
        var endpoint = try Endpoint(
            settings, certificate: Certificate(), seed: seed, at: MonotonicClock.now())
        let answer = try await relay.open(role, in: room, offer: endpoint.offer)
        try endpoint.accept(answer: answer.sdp, at: MonotonicClock.now())
        return Client(
            endpoint: endpoint, socket: try UDPSocket(address: .loopback(port: 0), port: 0), answer: answer)
    }

    private static func value(_ name: String, _ families: [MetricFamily], label: String? = nil) -> Double? {
        families.first { $0.name == name }?.samples.first { label == nil || $0.labels.first?.value == label }?
            .value
    }

    private static func worker(of answer: SessionAnswer) -> String {
        String(answer.id.description.prefix { $0 != "-" })
    }

    @Test(.timeLimit(.minutes(1)))
    func `watchers beyond the threshold go to the other worker and see the same`() async throws {
        let relay = try await Self.start(workers: 2)
        async let running: Void = relay.run()
        let room = try #require(RoomID("stage"))
        var publisher = try await Self.client(
            .publish(as: ParticipantID("alice")), .publisher, of: relay, in: room, seed: 1)
        var far = try await Self.client(.watch(nil), .watcher, of: relay, in: room, seed: 2)
        var near = try await Self.client(
            .watch(ParticipantID("alice")), .watcher, of: relay, in: room, seed: 3)
        #expect(Self.worker(of: publisher.answer) != Self.worker(of: far.answer))
        #expect(Self.worker(of: publisher.answer) == Self.worker(of: near.answer))
        while far.endpoint.received(.video).frames < 25 || near.endpoint.received(.video).frames < 25 {
            publisher.turn()
            far.turn()
            near.turn()
            let deadlines = [publisher.endpoint.deadline, far.endpoint.deadline, near.endpoint.deadline]
            waitUntilReadable(
                [publisher.socket.descriptor, far.socket.descriptor, near.socket.descriptor],
                until: deadlines.compactMap { $0 }.min())
        }
        let video = far.endpoint.received(.video)
        #expect(video.source == near.endpoint.received(.video).source)
        #expect(video.corrupted == 0 && video.contentGaps == 0)
        let described = try await relay.describe(room)
        #expect(described.watchers == 2)
        #expect(described.participants.map(\.id) == [ParticipantID("alice")])
        var families = await relay.metrics()
        #expect(Self.value("smartc_rooms", families) == 1)
        #expect(Self.value("smartc_rooms_spread", families) == 1)
        #expect(Self.value("smartc_sessions", families, label: "publish") == 1)
        #expect(Self.value("smartc_sessions", families, label: "watch") == 2)
        #expect(Self.value("smartc_tracks_mirrored", families) == 2)
        #expect(Self.value("smartc_link_ends", families) == 2)
        #expect(Self.value("smartc_link_packets_received_total", families).map { $0 > 25 } == true)

        try await relay.close(far.answer.id)
        // Each call takes its turn with what workers tell each other.
        repeat { families = await relay.metrics() } while Self.value("smartc_rooms_spread", families) != 0
        #expect(Self.value("smartc_tracks_mirrored", families) == 0)
        await relay.shutdown()
        await running
    }

    @Test(.timeLimit(.minutes(1)))
    func `a weak watcher at another worker hears a mix that is made there`() async throws {
        let relay = try await Self.start(workers: 2)
        async let running: Void = relay.run()
        let room = try #require(RoomID("stage"))
        var talking = EndpointSettings.publisher
        talking.audio.packets = try Self.noise()
        var listening = EndpointSettings.watcher
        listening.requiresSyntheticContent = false
        var publisher = try await Self.client(
            .publish(as: ParticipantID("alice")), talking, of: relay, in: room, seed: 1)
        var far = try await Self.client(.watch(nil), listening, of: relay, in: room, seed: 2)
        #expect(Self.worker(of: publisher.answer) != Self.worker(of: far.answer))
        try await relay.serve(.weak, to: far.answer.id)
        var families = await relay.metrics()
        while Self.value("smartc_mix_packets_total", families).map({ $0 < 20 }) ?? true {
            publisher.turn()
            far.turn()
            let deadlines = [publisher.endpoint.deadline, far.endpoint.deadline]
            waitUntilReadable(
                [publisher.socket.descriptor, far.socket.descriptor],
                until: deadlines.compactMap { $0 }.min())
            families = await relay.metrics()
        }
        #expect(Self.value("smartc_mix_listeners", families) == 1)
        #expect(Self.value("smartc_mix_packets_dropped_total", families) == 0)
        far.turn()
        let audio = far.endpoint.received(.audio)
        #expect(audio.packets > 10)
        #expect(audio.lost == 0 && audio.timestampRegressions == 0)
        await relay.shutdown()
        await running
    }

    /// A second of sound in packets of 20 ms.
    private static func noise() throws -> [[UInt8]] {
        var encoding = VoiceEncoding()
        encoding.frameLength = .milliseconds20
        var encoder = try OpusEncoder(encoding)
        return try (0..<50).map { number in
            let samples = (0..<960).map { Float(($0 * $0 + number * 7) % 97) / 485 - 0.1 }
            var packet: [UInt8] = []
            _ = try encoder.encode(samples.span, into: &packet)
            return packet
        }
    }

    @Test func `watchers even out over the workers, and the room's limit counts all`() async throws {
        let relay = try await Self.start(
            workers: 3, threshold: 4, limits: .init(sessionsPerRoom: 12))
        async let running: Void = relay.run()
        let room = try #require(RoomID("room"))
        var counts: [String: Int] = [:]
        for _ in 0..<12 {
            let answer = try await relay.open(.watch(nil), in: room, offer: offer)
            counts[Self.worker(of: answer), default: 0] += 1
        }
        #expect(counts.values.sorted() == [4, 4, 4])
        let described = try await relay.describe(room)
        #expect(described.watchers == 12)
        var refusal: SessionError?
        do { _ = try await relay.open(.watch(nil), in: room, offer: offer) } catch { refusal = error }
        #expect(
            refusal == .limitReached(what: "The room room takes 12 sessions.", retryAfter: .seconds(30)))
        await relay.shutdown()
        await running
    }
}
