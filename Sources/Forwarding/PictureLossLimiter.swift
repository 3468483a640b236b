import Wire

/// How often one subscriber's picture losses reach the publisher: at first once a second, and less and less when they go on,
/// since whoever asks again and again has a link that key frames do not help.
struct PictureLossLimiter: Sendable {
    private static let shortestInterval = Duration.seconds(1)
    private static let longestInterval = Duration.seconds(16)

    private var next: Instant?
    private var interval = PictureLossLimiter.shortestInterval

    init() {}

    /// Whether a loss may be passed on now. It is taken as passed on.
    mutating func take(at now: Instant) -> Bool {
        if let next {
            guard now >= next else { return false }
            let isCalm = now >= next + interval * 4
            interval = isCalm ? Self.shortestInterval : min(interval * 2, Self.longestInterval)
        }
        next = now + interval
        return true
    }
}
