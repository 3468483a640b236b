import NodeCore
import Wire

/// What participants of a node that is being drained are told.
struct Draining: Sendable {
    let deadline: Instant
    let target: String?
}

// A worker whose sessions are to go elsewhere.
extension Worker {
    /// Tells participants to move within `duration`. The stream that is returned ends when no session is left; it has no
    /// elements.
    package func drain(for duration: Duration, to target: String?) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        draining = Draining(deadline: MonotonicClock.now() + duration, target: target)
        whenEmpty.append(continuation)
        node.tellMove(deadline: duration, target: target)
        passOnEvents()
        return stream
    }

    /// What a reader of events that comes while the node is being drained is told besides.
    var lateMove: ConferenceEvent.Kind? {
        draining.map { draining in
            .move(deadline: max(draining.deadline - MonotonicClock.now(), .zero), target: draining.target)
        }
    }

    /// Ends the streams of those who wait for the last session to end.
    func noteEmpty() {
        guard !whenEmpty.isEmpty, node.sessionCount == 0 else { return }
        for waiting in whenEmpty { waiting.finish() }
        whenEmpty = []
    }
}
