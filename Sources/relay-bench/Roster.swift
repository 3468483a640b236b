import Endpoint
import Synchronization

/// Who takes part in a load, and what went wrong: shared by everything that joins and leaves at the same time.
final class Roster: Sendable {
    /// An endpoint whose session the server has taken.
    struct Attendee: Sendable {
        let fleet: Fleet
        let seat: Fleet.Seat
        let session: SignalingClient.Session
        let publisher: Int
    }

    private struct State {
        /// The oldest first.
        var publishers: [Attendee] = []
        /// The oldest first.
        var subscribers: [Attendee] = []
        var failures: [String: Int] = [:]
        var firstFailure: String?
        var failuresInARow = 0
        var deletes = 0
        var failedDeletes = 0
        var controls = 0
        var failedControls = 0
        var stopReason: String?
    }

    /// So many joins in a row for which nobody was there mean that the server has gone.
    private static let patience = 10

    private let state = Mutex(State())

    var failures: [String: Int] { state.withLock { $0.failures } }
    var firstFailure: String? { state.withLock { $0.firstFailure } }
    var publisherCount: Int { state.withLock { $0.publishers.count } }
    var subscriberCount: Int { state.withLock { $0.subscribers.count } }
    var deletes: (all: Int, failed: Int) { state.withLock { ($0.deletes, $0.failedDeletes) } }
    var controls: (all: Int, failed: Int) { state.withLock { ($0.controls, $0.failedControls) } }
    /// Why the load ends early, once it does.
    var stopReason: String? { state.withLock { $0.stopReason } }

    func admit(_ attendee: Attendee, asPublisher isPublisher: Bool) {
        state.withLock { state in
            if isPublisher { state.publishers.append(attendee) } else { state.subscribers.append(attendee) }
            state.failuresInARow = 0
        }
    }

    func refuse(_ cause: String, _ description: String, isServerGone: Bool) {
        state.withLock { state in
            state.failures[cause, default: 0] += 1
            state.firstFailure = state.firstFailure ?? description
            state.failuresInARow = isServerGone ? state.failuresInARow + 1 : 0
            if state.failuresInARow >= Self.patience { state.stopReason = state.stopReason ?? description }
        }
    }

    /// Ends the load early; the first reason counts.
    func stop(_ reason: String) {
        state.withLock { $0.stopReason = $0.stopReason ?? reason }
    }

    func noteDelete(succeeded: Bool) {
        state.withLock { state in
            state.deletes += 1
            if !succeeded { state.failedDeletes += 1 }
        }
    }

    func noteControl(succeeded: Bool) {
        state.withLock { state in
            state.controls += 1
            if !succeeded { state.failedControls += 1 }
        }
    }

    /// Anybody who publishes.
    func randomPublisher() -> Attendee? {
        state.withLock { $0.publishers.randomElement() }
    }

    /// Takes out the publisher that has been there the longest.
    func takeOldestPublisher() -> Attendee? {
        state.withLock { $0.publishers.isEmpty ? nil : $0.publishers.removeFirst() }
    }

    /// Takes out the subscriber that has been there the longest.
    func takeOldestSubscriber() -> Attendee? {
        state.withLock { $0.subscribers.isEmpty ? nil : $0.subscribers.removeFirst() }
    }

    /// Takes out everybody, subscribers first.
    func takeAll() -> [Attendee] {
        state.withLock { state in
            defer {
                state.subscribers = []
                state.publishers = []
            }
            return state.subscribers + state.publishers
        }
    }
}
