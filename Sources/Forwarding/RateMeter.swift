import Wire

/// Bits per second over the last half to one second.
struct RateMeter: Sendable {
    private static let window = Duration.milliseconds(500)

    private var start: Instant?
    private var bytes = 0
    private var previous = 0

    init() {}

    mutating func add(bytes count: Int, at now: Instant) {
        roll(to: now)
        bytes += count
    }

    /// The rate at `now`; it falls to 0 when nothing comes any more.
    mutating func bitsPerSecond(at now: Instant) -> Int {
        roll(to: now)
        guard let start else { return 0 }
        let elapsed = Self.window + (now - start)
        return Int(Double((bytes + previous) * 8) / elapsed.inSeconds)
    }

    private mutating func roll(to now: Instant) {
        guard let begun = start else {
            start = now
            return
        }
        let elapsed = now - begun
        guard elapsed >= Self.window else { return }
        previous = elapsed < Self.window * 2 ? bytes : 0
        bytes = 0
        start = elapsed < Self.window * 2 ? begun + Self.window : now
    }
}
