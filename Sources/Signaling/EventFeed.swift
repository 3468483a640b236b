internal import Hummingbird
internal import NodeCore
internal import ServiceLifecycle

/// Writes what a conference tells to one client, until there is no more to tell, the client goes away or the server
/// ends.
///
/// Back-pressure reaches from the socket to the media side: an event is read from there when the one before is
/// written, and the media side bounds what waits. No thread waits either.
struct EventFeed: Sendable {
    let events: AsyncStream<ConferenceEvent>
    let clock: any Clock<Duration>
    /// Closes the connection whatever is being written.
    let hangUp: @Sendable () -> Void

    /// Proxies close what is silent for longer, commonly 30 to 60 s.
    static let keepAliveInterval = Duration.seconds(15)
    /// A client that takes nothing for so many intervals is gone, or costs more than it is worth.
    static let patience = 4
    /// What a client gets to read the rest when the server ends: less than the server itself gets.
    static let farewell = Duration.seconds(3)

    /// Returns when all is written; throws when the connection breaks or the task is cancelled.
    func write(to writer: inout any ResponseBodyWriter) async throws {
        let handover = EventHandover()
        try await writer.write(ServerSentEvent.hint)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await read(into: handover) }
            tasks.addTask { try await keepAlive(handover) }
            tasks.addTask { try await hangUpAfterShutdown() }
            defer {
                handover.close()
                tasks.cancelAll()
            }
            while let item = await handover.take() {
                switch item {
                case .event(let event): try await writer.write(ServerSentEvent.bytes(event))
                case .keepAlive: try await writer.write(ServerSentEvent.keepAlive)
                }
            }
        }
        try Task.checkCancellation()
        try await writer.finish(nil)
    }

    /// On shutdown the reading task alone is cancelled: an `AsyncStream` then gives out what it holds and ends, so that
    /// a last `closed` or `move` is not lost.
    private func read(into handover: EventHandover) async {
        await cancelWhenGracefulShutdown {
            for await event in events {
                guard await handover.offer(event) else { break }
            }
        }
        handover.finish()
    }

    private func keepAlive(_ handover: EventHandover) async throws {
        while true {
            try await clock.sleep(for: Self.keepAliveInterval)
            if handover.remind() >= Self.patience { hangUp() }
        }
    }

    private func hangUpAfterShutdown() async throws {
        try await gracefulShutdown()
        try await clock.sleep(for: Self.farewell)
        hangUp()
    }
}
