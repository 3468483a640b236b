import Wire

/// Finds the moments at which a viewer sees the picture stand still: no new one for three usual intervals, and for 150 ms
/// longer than one (the limits of `freezeCount` in webrtc-stats).
struct FreezeDetector: Sendable {
    private static let tolerance = Duration.milliseconds(150)
    /// Until the stream shows its own.
    private static let usualInterval = Duration.milliseconds(40)

    private var lastShown: Instant?
    /// Smoothed over some eight pictures.
    private var interval = usualInterval

    /// Takes a picture that is shown. Returns how long the one before stood still, if it was too long.
    mutating func shown(at now: Instant) -> Duration? {
        defer { lastShown = now }
        guard let lastShown else { return nil }
        let pause = now - lastShown
        let isFrozen = pause > max(interval * 3, interval + Self.tolerance)
        // Whoever sends fewer pictures from now on is not frozen for ever, and one freeze hides no other.
        interval += ((isFrozen ? interval * 2 : pause) - interval) / 8
        return isFrozen ? pause : nil
    }

    /// What comes next follows nothing: a measurement begins.
    mutating func beginAnew() {
        lastShown = nil
    }
}
