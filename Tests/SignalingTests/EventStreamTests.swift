import Logging
import NodeCore
import ServiceLifecycle
import Synchronization
import Testing
import Wire

@testable import Signaling

/// Event streams through a socket.
@Suite(.timeLimit(.minutes(1))) struct EventStreamTests {
    private static let path = "/sessions/session-1/events"

    /// Runs `body` with a server that listens.
    private static func serve<Value: Sendable>(
        _ plane: FakePlane, _ clock: ManualClock = ManualClock(),
        _ body: (UInt16, ServiceGroup) async throws -> Value
    ) async throws -> Value {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, continuation) = AsyncStream.makeStream(of: UInt16.self)
        let server = try SignalingServer(
            SignalingConfiguration(address: Wire.SocketAddress(ipv4: 0x7F00_0001, port: 0)), plane: plane,
            logger: logger, frameworkLogger: logger, clock: clock
        ) { address in
            continuation.yield(address.port)
        }
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let value = try await body(port, group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
    }

    private static func event(_ number: UInt64) -> ConferenceEvent {
        ConferenceEvent(number: number, kind: .bandwidth(Int(truncatingIfNeeded: number)))
    }

    private static func openStreams(port: UInt16) async throws -> String {
        try await Connection.open(port: port) { connection in
            try await connection.send("GET", "/metrics", ["Connection: close"])
            let text = try await connection.readAll()
            let line = text.split(separator: "\n").first { $0.hasPrefix("smartc_http_event_streams ") }
            return String(line?.split(separator: " ").last ?? "")
        }
    }

    @Test func `the head comes at once and every event when it happens`() async throws {
        let events = EventSource()
        try await Self.serve(FakePlane(events: events)) { port, _ in
            try await Connection.open(port: port) { connection in
                try await connection.send("GET", Self.path)
                let head = try await connection.read(to: "\r\n\r\n")
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(head.contains("Content-Type: text/event-stream\r\n"))
                #expect(head.contains("transfer-encoding: chunked\r\n"))
                _ = try await connection.read(to: "retry: 2000\n\n")
                events.send(Self.event(5))
                _ = try await connection.read(to: "id: 5\nevent: bandwidth\ndata: {\"bitsPerSecond\":5}\n\n")
                events.send(Self.event(6))
                _ = try await connection.read(to: "id: 6\nevent: bandwidth\ndata: {\"bitsPerSecond\":6}\n\n")
                #expect(try await Self.openStreams(port: port) == "1")
            }
        }
    }

    @Test func `a stream ends when the media side's does, and the connection with it`() async throws {
        let events = EventSource([Self.event(1)])
        try await Self.serve(FakePlane(events: events)) { port, _ in
            try await Connection.open(port: port) { connection in
                try await connection.send("GET", Self.path)
                _ = try await connection.read(to: "\"bitsPerSecond\":1}\n\n")
                events.send(ConferenceEvent(number: 2, kind: .closed(reason: "left")))
                events.finish()
                let rest = try await connection.readAll()
                #expect(rest.contains("event: closed\ndata: {\"reason\":\"left\"}\n\n"))
                #expect(rest.hasSuffix("\r\n0\r\n\r\n"))
            }
            #expect(try await Self.openStreams(port: port) == "0")
        }
    }

    @Test func `a client that comes back tells the last event that it has seen`() async throws {
        let plane = FakePlane()
        try await Self.serve(plane) { port, _ in
            for (path, fields) in [
                (Self.path, ["Last-Event-ID: 12"]), ("\(Self.path)?lastEventId=11", []),
                ("/rooms/lobby/events?lastEventId=11", ["Last-Event-ID: 13"]),
            ] {
                try await Connection.open(port: port) { connection in
                    try await connection.send("GET", path, fields)
                    _ = try await connection.read(to: "retry: 2000\n\n")
                }
            }
        }
        #expect(
            plane.calls == [
                .sessionEvents("session-1", after: 12), .sessionEvents("session-1", after: 11),
                .roomEvents("lobby", after: 13),
            ])
    }

    @Test func `a comment comes every 15 s, whatever else comes`() async throws {
        let events = EventSource()
        let clock = ManualClock()
        try await Self.serve(FakePlane(events: events), clock) { port, _ in
            try await Connection.open(port: port) { connection in
                try await connection.send("GET", Self.path)
                _ = try await connection.read(to: "retry: 2000\n\n")
                for number in 1...6 as ClosedRange<UInt64> {
                    await clock.sleepers(1)
                    clock.advance(by: .milliseconds(14_999))
                    events.send(Self.event(number))
                    let event = try await connection.read(to: "}\n\n")
                    #expect(!event.contains(": keep-alive"))
                    clock.advance(by: .milliseconds(1))
                    _ = try await connection.read(to: ": keep-alive\n\n")
                }
            }
        }
    }

    @Test func `the media side's stream is let go when the client goes away`() async throws {
        let events = EventSource()
        try await Self.serve(FakePlane(events: events)) { port, _ in
            var endings = events.endings.makeAsyncIterator()
            for _ in 0..<10 {
                try await Connection.open(port: port) { connection in
                    try await connection.send("GET", Self.path)
                    _ = try await connection.read(to: "retry: 2000\n\n")
                }
                // No event and no keep-alive is needed to notice.
                await endings.next()
            }
        }
    }

    /// More than sockets and the connection's buffers take from a client that does not read.
    private static func hugeEvent(_ number: UInt64) -> ConferenceEvent {
        ConferenceEvent(number: number, kind: .closed(reason: String(repeating: "x", count: 1 << 24)))
    }

    @Test func `what a client does not read waits with the media side`() async throws {
        let events = EventSource(limit: 8)
        try await Self.serve(FakePlane(events: events)) { port, _ in
            try await Connection.open(port: port) { connection in
                try await connection.send("GET", Self.path)
                _ = try await connection.read(to: "retry: 2000\n\n")
                events.send(Self.hugeEvent(1))
                var accepted = 0
                for number in 2...5000 as ClosedRange<UInt64> {
                    if events.send(Self.event(number)) { accepted += 1 }
                    await Task.yield()
                }
                #expect(accepted < 2500, "the stream takes without end")
            }
        }
    }

    @Test func `a client that reads nothing for a minute is cut off`() async throws {
        let events = EventSource()
        let clock = ManualClock()
        try await Self.serve(FakePlane(events: events), clock) { port, _ in
            try await Connection.open(port: port) { connection in
                try await connection.send("GET", Self.path)
                _ = try await connection.read(to: "retry: 2000\n\n")
                for number in 1...2 as ClosedRange<UInt64> { events.send(Self.hugeEvent(number)) }
                for number in 3...10 as ClosedRange<UInt64> { events.send(Self.event(number)) }
                let hasEnded = Mutex(false)
                async let ending: Void = {
                    var endings = events.endings.makeAsyncIterator()
                    await endings.next()
                    hasEnded.withLock { $0 = true }
                }()
                while !hasEnded.withLock({ $0 }) {
                    clock.advance(by: EventFeed.keepAliveInterval)
                    await Task.yield()
                }
                await ending
            }
        }
    }

    @Test func `the server's end ends streams in order, after what they still hold`() async throws {
        let events = EventSource()
        let plane = FakePlane(events: events)
        try await Self.serve(plane) { port, group in
            try await Connection.open(port: port) { connection in
                try await connection.send("GET", Self.path)
                _ = try await connection.read(to: "retry: 2000\n\n")
                events.send(ConferenceEvent(number: 1, kind: .move(deadline: .seconds(5), target: nil)))
                events.send(ConferenceEvent(number: 2, kind: .closed(reason: "draining")))
                await group.triggerGracefulShutdown()
                let rest = try await connection.readAll()
                #expect(rest.contains("event: move\ndata: {\"deadlineSeconds\":5,\"url\":null}\n\n"))
                #expect(rest.contains("event: closed\ndata: {\"reason\":\"draining\"}\n\n"))
                #expect(rest.hasSuffix("\r\n0\r\n\r\n"))
            }
        }
    }

    @Test func `a client that reads nothing does not hold up the server's end`() async throws {
        let events = EventSource()
        let clock = ManualClock()
        try await Self.serve(FakePlane(events: events), clock) { port, group in
            try await Connection.open(port: port) { connection in
                try await connection.send("GET", Self.path)
                _ = try await connection.read(to: "retry: 2000\n\n")
                for number in 1...2 as ClosedRange<UInt64> { events.send(Self.hugeEvent(number)) }
                for number in 3...10 as ClosedRange<UInt64> { events.send(Self.event(number)) }
                await clock.sleepers(1)
                await group.triggerGracefulShutdown()
                await clock.sleepers(2)
                clock.advance(by: EventFeed.farewell)
                var endings = events.endings.makeAsyncIterator()
                await endings.next()
            }
        }
    }

    @Test func `HEAD has the fields of GET, no body, and opens no stream for long`() async throws {
        let events = EventSource()
        try await Self.serve(FakePlane(events: events)) { port, _ in
            try await Connection.open(port: port) { connection in
                try await connection.send("HEAD", Self.path)
                let answer = try await connection.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.contains("Content-Type: text/event-stream\r\n"))
                #expect(!answer.lowercased().contains("content-length"))
                #expect(answer.hasSuffix("\r\n\r\n"))
                #expect(answer.split(separator: "\r\n\r\n", omittingEmptySubsequences: false).count == 2)
            }
            var endings = events.endings.makeAsyncIterator()
            await endings.next()
            #expect(try await Self.openStreams(port: port) == "0")
        }
    }
}
