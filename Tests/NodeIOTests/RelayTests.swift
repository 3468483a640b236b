import Glibc
import Logging
import NodeCore
import STUN
import Testing
import Wire

@testable import NodeIO

@RealTime
@Suite struct RelayTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func start(
        port: UInt16 = 0, workers: Int = 1, limits: NodeConfiguration.Limits = .init()
    ) async throws -> Relay {
        try await Relay.start(
            RelayConfiguration(
                udpPort: port, workers: workers, advertised: [.loopback(port: 0)], limits: limits),
            logger: logger)
    }

    private static func room(_ name: String) throws -> RoomID {
        try #require(RoomID(name))
    }

    private static func value(_ name: String, _ families: [MetricFamily], label: String? = nil) -> Double? {
        families.first { $0.name == name }?.samples.first { label == nil || $0.labels.first?.value == label }?
            .value
    }

    @Test func `every worker has a port of its own`() async throws {
        let relay = try await Self.start(workers: 3)
        #expect(relay.udpPorts.count == 3)
        #expect(Set(relay.udpPorts).count == 3)
        #expect(!relay.udpPorts.contains(0))
        let isReady = await relay.isReady()
        #expect(isReady)
        await relay.shutdown()
    }

    @Test func `a room lives on one worker, and a session's name tells which`() async throws {
        let relay = try await Self.start(workers: 3)
        var workers: Set<String> = []
        for number in 0..<20 {
            let room = try Self.room("room-\(number)")
            let first = try await relay.open(.watch(nil), in: room, offer: offer)
            let second = try await relay.open(.watch(nil), in: room, offer: offer)
            let names = [first, second].map { String($0.id.description.prefix { $0 != "-" }) }
            #expect(names[0] == names[1])
            workers.insert(names[0])
            let port = try #require(Int(names[0]).map { relay.udpPorts[$0] })
            #expect(
                NodeIOTests.value("a=candidate:", in: first.sdp)?.contains("127.0.0.1 \(port) typ host")
                    == true)
            let response = try #require(try ask(check(first.sdp), port: port))
            #expect(try STUNMessage(parsing: response.span).messageClass == .success)
            let described = try await relay.describe(room)
            #expect(described.watchers == 2)
            guard case .accepted = try await relay.patch(first.id, etag: first.etag, fragment: "") else {
                Issue.record("an empty fragment restarted ICE")
                return
            }
            try await relay.close(first.id)
            let left = try await relay.describe(room)
            #expect(left.watchers == 1)
        }
        #expect(workers == ["0", "1", "2"])
        let families = await relay.metrics()
        #expect(Self.value("smartc_sessions", families, label: "watch") == 20)
        #expect(Self.value("smartc_sessions_opened_total", families) == 40)
        #expect(Self.value("smartc_rooms", families) == 20)
        await relay.shutdown()
    }

    @Test(arguments: ["9-abc", "abc", "-1-abc", "0-abc", "x-abc", "0"])
    func `a session of no worker is unknown`(name: String) async throws {
        let relay = try await Self.start()
        let id = try #require(SessionID(name))
        var refusals: [SessionError?] = []
        do { try await relay.close(id) } catch { refusals.append(error) }
        do { _ = try await relay.patch(id, etag: nil, fragment: "") } catch { refusals.append(error) }
        #expect(refusals == [.unknownSession, .unknownSession])
        await relay.shutdown()
    }

    @Test func `the limit counts the sessions of all workers`() async throws {
        let relay = try await Self.start(workers: 2, limits: .init(sessions: 3))
        for number in 0..<3 {
            let isReady = await relay.isReady()
            #expect(isReady)
            _ = try await relay.open(.watch(nil), in: try Self.room("r\(number)"), offer: offer)
        }
        let isReady = await relay.isReady()
        #expect(!isReady)
        var refusal: SessionError?
        do {
            _ = try await relay.open(.watch(nil), in: try Self.room("r9"), offer: offer)
        } catch { refusal = error as? SessionError }
        #expect(refusal == .limitReached(what: "This node takes 3 sessions.", retryAfter: .seconds(30)))
        await relay.shutdown()
    }

    @Test func `a relay that drains refuses`() async throws {
        let relay = try await Self.start()
        _ = try await relay.open(.watch(nil), in: try Self.room("room"), offer: offer)
        await relay.shutdown()
        let isReady = await relay.isReady()
        #expect(!isReady)
        var refusal: SessionError?
        do {
            _ = try await relay.open(.watch(nil), in: try Self.room("room"), offer: offer)
        } catch { refusal = error as? SessionError }
        #expect(refusal == .draining)
        // Ends at once, as there will be no more events.
        await relay.run()
    }

    @Test(.timeLimit(.minutes(1)))
    func `while it drains participants are told to move, nobody comes, and it ends with the last`()
        async throws
    {
        let relay = try await Self.start(workers: 2)
        let room = try Self.room("room")
        let participant = try await relay.open(.participate(as: nil), in: room, offer: offer)
        let watcher = try await relay.open(.watch(nil), in: try Self.room("other"), offer: offer)
        let told = try await relay.events(of: participant.id, after: nil)
        async let drained: Void = relay.drain(for: .seconds(3600), to: "https://b.example")
        var events = told.makeAsyncIterator()
        var move: ConferenceEvent.Kind?
        while move == nil, let event = await events.next() {
            if case .move = event.kind { move = event.kind }
        }
        #expect(move == .move(deadline: .seconds(3600), target: "https://b.example"))
        let isReady = await relay.isReady()
        #expect(!isReady)
        var refusal: SessionError?
        do { _ = try await relay.open(.watch(nil), in: room, offer: offer) } catch { refusal = error }
        #expect(refusal == .draining)

        // Whoever reads from now on is told besides the state.
        let late = try await relay.events(in: room, after: nil)
        var lateEvents = late.makeAsyncIterator()
        var kinds: [ConferenceEvent.Kind] = []
        for _ in 0..<2 { if let event = await lateEvents.next() { kinds.append(event.kind) } }
        guard case .snapshot = kinds.first, case .move(let rest, "https://b.example") = kinds.last else {
            Issue.record("told \(kinds)")
            return
        }
        #expect(rest <= .seconds(3600) && rest > .zero)

        try await relay.close(participant.id)
        try await relay.close(watcher.id)
        await drained
        await relay.shutdown()
    }

    @Test func `a drain that is over leaves the rest to the shutdown`() async throws {
        let relay = try await Self.start()
        _ = try await relay.open(.watch(nil), in: try Self.room("room"), offer: offer)
        await relay.drain(for: .zero, to: nil)
        let families = await relay.metrics()
        #expect(Self.value("smartc_sessions", families, label: "watch") == 1)
        await relay.shutdown()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a relay without sessions has drained at once`() async throws {
        let relay = try await Self.start(workers: 2)
        await relay.drain(for: .seconds(3600), to: nil)
        await relay.shutdown()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a relay that was shut down still answers`() async throws {
        let relay = try await Self.start(workers: 2)
        let answer = try await relay.open(.watch(nil), in: try Self.room("room"), offer: offer)
        await relay.shutdown()
        let families = await relay.metrics()
        #expect(Self.value("smartc_sessions", families, label: "watch") == 0)
        #expect(Self.value("smartc_sessions_closed_total", families, label: "shutdown") == 1)
        var refusals: [SessionError?] = []
        do { try await relay.close(answer.id) } catch { refusals.append(error) }
        do { _ = try await relay.describe(try Self.room("room")) } catch {
            refusals.append(error as? SessionError)
        }
        #expect(refusals == [.unknownSession, .unknownRoom])
        await relay.shutdown()
    }

    @Test func `a second relay cannot have the port`() async throws {
        let relay = try await Self.start()
        let port = relay.udpPorts[0]
        var refusal: RelayError?
        do { _ = try await Self.start(port: port) } catch { refusal = error as? RelayError }
        guard case .bind(let address, EADDRINUSE) = refusal else {
            Issue.record("two relays have one port: \(String(describing: refusal))")
            return
        }
        #expect(address.port == port)
        #expect(
            refusal?.description
                == "UDP \(address) cannot be bound: address already in use. Another program has the port: choose "
                + "another with --udp-port, or stop that program.")
        await relay.shutdown()
    }

    @Test func `names of metrics are unique over nodes and process`() async throws {
        let relay = try await Self.start(workers: 2)
        let families = await relay.metrics()
        let names = families.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(families.allSatisfy { ($0.kind == .counter) == $0.name.hasSuffix("_total") })
        let lags = families.first { $0.name == "smartc_worker_loop_lag_seconds" }?.samples.map(
            \.labels[0].value)
        #expect(lags == ["0", "1"])
        #expect(Self.value("smartc_process_resident_bytes", families).map { $0 > 1_000_000 } == true)
        await relay.shutdown()
    }
}
