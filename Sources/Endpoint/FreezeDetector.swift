import Wire

/// Finds the moments at which a viewer sees the picture stand still: no new one for more than three usual intervals and
/// more than 150 ms (the limits of `freezeCount` in webrtc-stats).
struct FreezeDetector: Sendable {
    private static let shortest = Duration.milliseconds(150)
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
        if pause > Self.shortest, pause > interval * 3 { return pause }
        interval += (pause - interval) / 8
        return nil
    }

    /// What comes next follows nothing: a measurement begins.
    mutating func beginAnew() {
        lastShown = nil
    }
}
