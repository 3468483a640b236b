import Wire

/// When a subscriber that is starved is given its smallest layers again to see whether they arrive now: for remotes that do
/// not tell of arrivals, where no probe could show it. After five seconds, then less and less often, down to once a minute.
struct StarvationTrial: Sendable {
    private static let shortestPatience = Duration.seconds(5)
    private static let longestPatience = Duration.seconds(60)
    /// Whoever was given all for so long has got over it.
    private static let recovery = Duration.seconds(30)

    private enum State: Sendable {
        case fed(since: Instant?)
        case starving(until: Instant)
    }

    private var state = State.fed(since: nil)
    private var patience = StarvationTrial.shortestPatience

    /// Whether to try now. To be asked from time to time, whether the subscriber is starving or not.
    mutating func isDue(isStarving: Bool, at now: Instant) -> Bool {
        switch (state, isStarving) {
        case (.fed(let since), true):
            if let since, now - since > Self.recovery { patience = Self.shortestPatience }
            state = .starving(until: now + patience)
            return false
        case (.starving(let until), true):
            guard now >= until else { return false }
            patience = min(patience * 2, Self.longestPatience)
            state = .starving(until: now + patience)
            return true
        case (.starving, false):
            state = .fed(since: now)
            return false
        case (.fed, false):
            return false
        }
    }
}
