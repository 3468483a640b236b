import DTLS
import NodeCore
import Peering
import STUN
import Testing
import Wire

@testable import NodeIO

@RealTime
@Suite struct WorkerTests {
    private static func worker(
        limits: NodeConfiguration.Limits = .init()
    ) throws -> (worker: Worker, events: AsyncStream<NodeEvent>, source: AsyncStream<NodeEvent>.Continuation)
    {
        let (events, source) = AsyncStream.makeStream(of: NodeEvent.self)
        let worker = try Worker(
            number: 0, socket: UDPSocket(address: .loopback(port: 0), port: 0),
            addresses: [.loopback(port: 0)],
            limits: limits, certificate: Certificate(), events: source)
        return (worker, events, source)
    }

    @Test func `a session is opened through the actor and its check is answered by the thread`() async throws
    {
        let (worker, events, source) = try Self.worker()
        try worker.start()
        let room = try #require(RoomID("room"))
        let answer = try await worker.open(.watch(nil), in: room, offer: offer)
        let port = worker.port
        #expect(value("a=candidate:", in: answer.sdp) == "1 1 udp 2130706431 127.0.0.1 \(port) typ host")

        let response = try #require(try ask(check(answer.sdp), port: port))
        let message = try STUNMessage(parsing: response.span)
        #expect(message.messageClass == .success)
        #expect(message.xorMappedAddress?.isLoopback == true)

        let measured = await worker.takeMeasurements()
        #expect(measured.gauges.watchers == 1)
        #expect(measured.counters.sessionsOpened == 1)
        let count = await worker.sessionCount
        #expect(count == 1)

        try await worker.close(answer.id)
        let described = try? await worker.describe(room)
        #expect(described == nil)
        await worker.shutDown()
        source.finish()
        var labels: [String] = []
        for await event in events {
            switch event.kind {
            case .opened: labels.append("opened")
            case .closed(let reason): labels.append(reason.label)
            case .connected, .trackStarted: labels.append("other")
            }
        }
        #expect(labels == ["opened", "requested"])
    }

    @Test func `garbage is counted and harms nobody`() async throws {
        let (worker, _, _) = try Self.worker()
        try worker.start()
        let room = try #require(RoomID("room"))
        let answer = try await worker.open(.watch(nil), in: room, offer: offer)
        let port = worker.port
        var socket = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 64)
        outbox.reservePeers(1)
        var inbox = Inbox()
        append(
            [[0x40, 0], [0x80, 96, 0, 0], [UInt8](repeating: 0x80, count: 3000), check(answer.sdp)],
            to: .loopback(port: port), peer: 0, into: &outbox)
        _ = socket.flush(&outbox)
        // The answer to the last one says that the others were seen.
        let answers = receive(1, from: socket.descriptor, with: &inbox)
        #expect(answers.count == 1)
        let measured = await worker.takeMeasurements()
        let drops = measured.counters.drops
        #expect([drops[.unknownProtocol], drops[.unknownAddress], drops[.oversizedDatagram]] == [1, 1, 1])
        await worker.shutDown()
    }

    @Test func `many commands at a time are done one after the other`() async throws {
        let (worker, _, _) = try Self.worker()
        try worker.start()
        let ids = try await withThrowingTaskGroup(of: SessionID?.self) { group in
            for number in 0..<100 {
                group.addTask {
                    guard let room = RoomID("room-\(number % 7)") else { return nil }
                    return try await worker.open(.watch(nil), in: room, offer: offer).id
                }
            }
            var ids: Set<SessionID> = []
            for try await id in group { if let id { ids.insert(id) } }
            return ids
        }
        #expect(ids.count == 100)
        let measured = await worker.takeMeasurements()
        #expect(measured.gauges.watchers == 100)
        #expect(measured.gauges.rooms == 7)
        await worker.shutDown()
    }
}
