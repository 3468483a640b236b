import NodeCore
import Synchronization

/// Streams of events that a test feeds, bounded as a media side bounds them.
final class EventSource: Sendable {
    private struct State {
        var streams: [AsyncStream<ConferenceEvent>.Continuation] = []
        /// What every stream starts with.
        var backlog: [ConferenceEvent]
        var isFinished: Bool
    }

    private let state: Mutex<State>
    private let limit: Int
    /// One element for each stream that was opened.
    let openings: AsyncStream<Void>
    private let openingsSource: AsyncStream<Void>.Continuation
    /// One element for each stream that has ended, however it ended.
    let endings: AsyncStream<Void>
    private let endingsSource: AsyncStream<Void>.Continuation

    /// Streams hold `limit` events; they end after `backlog` if they are `finished`.
    init(_ backlog: [ConferenceEvent] = [], finished isFinished: Bool = false, limit: Int = 16) {
        state = Mutex(State(backlog: backlog, isFinished: isFinished))
        self.limit = limit
        (openings, openingsSource) = AsyncStream.makeStream()
        (endings, endingsSource) = AsyncStream.makeStream()
    }

    func open() -> AsyncStream<ConferenceEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ConferenceEvent.self, bufferingPolicy: .bufferingOldest(limit))
        continuation.onTermination = { [endingsSource] _ in endingsSource.yield() }
        state.withLock { state in
            for event in state.backlog { continuation.yield(event) }
            if state.isFinished { continuation.finish() } else { state.streams.append(continuation) }
        }
        openingsSource.yield()
        return stream
    }

    /// True when all streams have taken the event, false when one of them is full.
    @discardableResult
    func send(_ event: ConferenceEvent) -> Bool {
        state.withLock { $0.streams }.allSatisfy { stream in
            switch stream.yield(event) {
            case .enqueued: true
            case .dropped, .terminated: false
            @unknown default: false
            }
        }
    }

    func finish() {
        for stream in state.withLock({ $0.streams }) { stream.finish() }
    }
}
