internal import NodeCore
internal import Synchronization

/// Hands one event at a time from a task that reads them to the task that writes them, and tells the writer when it is
/// time for a sign of life.
///
/// Whoever offers an event waits until it is taken: what a slow client has not read stays where it is bounded, with the
/// media side. There is one task for each of the four roles: offering, reminding, taking, ending.
final class EventHandover: Sendable {
    enum Item: Equatable {
        case event(ConferenceEvent)
        case keepAlive
    }

    private struct State {
        var offer: (event: ConferenceEvent, offerer: CheckedContinuation<Bool, Never>)?
        var taker: CheckedContinuation<Item?, Never>?
        var isKeepAliveDue = false
        /// Reminders since something was taken.
        var unansweredReminders = 0
        /// No event comes any more.
        var isFinished = false
        /// Nothing is taken any more.
        var isClosed = false

        /// What there is to take, `.some(nil)` at the end; nil when `taker` has to wait.
        mutating func take(
            _ taker: CheckedContinuation<Item?, Never>
        ) -> (item: Item??, offerer: CheckedContinuation<Bool, Never>?) {
            unansweredReminders = 0
            if isClosed { return (.some(nil), nil) }
            if let (event, offerer) = offer {
                offer = nil
                return (.event(event), offerer)
            }
            if isFinished { return (.some(nil), nil) }
            if isKeepAliveDue {
                isKeepAliveDue = false
                return (.keepAlive, nil)
            }
            self.taker = taker
            return (nil, nil)
        }
    }

    private let state = Mutex(State())

    /// Waits until `event` is taken; false when nobody takes it.
    func offer(_ event: ConferenceEvent) async -> Bool {
        await withCheckedContinuation { offerer in
            let (taker, isSettled) = state.withLock { state -> (CheckedContinuation<Item?, Never>?, Bool?) in
                guard !state.isClosed else { return (nil, false) }
                guard let taker = state.taker else {
                    state.offer = (event, offerer)
                    return (nil, nil)
                }
                state.taker = nil
                return (taker, true)
            }
            // Continuations are resumed without the lock: cancellation takes both locks in the other order.
            taker?.resume(returning: .event(event))
            if let isSettled { offerer.resume(returning: isSettled) }
        }
    }

    /// Says that no event comes after those that were offered.
    func finish() {
        let taker = state.withLock { state in
            state.isFinished = true
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume(returning: nil)
    }

    /// Says that it is time for a sign of life; returns how many times this was said since something was taken.
    func remind() -> Int {
        let (taker, count) = state.withLock { state -> (CheckedContinuation<Item?, Never>?, Int) in
            if let taker = state.taker {
                state.taker = nil
                return (taker, 0)
            }
            state.isKeepAliveDue = true
            state.unansweredReminders &+= 1
            return (nil, state.unansweredReminders)
        }
        taker?.resume(returning: .keepAlive)
        return count
    }

    /// The next thing to write, waiting for it if need be; nil at the end, and when the task is cancelled.
    func take() async -> Item? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { taker in
                let (item, offerer) = state.withLock { $0.take(taker) }
                offerer?.resume(returning: true)
                if let item { taker.resume(returning: item) }
            }
        } onCancel: {
            close()
        }
    }

    /// Says that nothing is taken any more.
    func close() {
        let (offerer, taker) = state.withLock { state in
            state.isClosed = true
            defer {
                state.offer = nil
                state.taker = nil
            }
            return (state.offer?.offerer, state.taker)
        }
        offerer?.resume(returning: false)
        taker?.resume(returning: nil)
    }
}
