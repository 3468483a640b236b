import Wire

/// Whether a remote loses packets so often that its pictures should wait for repairs.
///
/// Three losses in twenty seconds tell that, and it is believed for a minute after the last three of the kind: a link that loses
/// one packet in a hundred does so all the time, and each change of the delay shows.
struct LossWatch: Sendable {
    private static let window = Duration.seconds(20)
    private static let memory = Duration.seconds(60)
    /// What is asked for within this time is one loss: a queue that has overflowed once is no lossy link.
    private static let burst = Duration.seconds(1)

    /// The last losses, the latest first.
    private var latest: Instant?
    private var second: Instant?
    private var frequentUntil: Instant?

    init() {}

    /// Takes note that the remote has asked for lost packets.
    mutating func note(at now: Instant) {
        if let latest, now - latest < Self.burst { return }
        if let second, now - second <= Self.window { frequentUntil = now + Self.memory }
        second = latest
        latest = now
    }

    func isFrequent(at now: Instant) -> Bool { frequentUntil.map { now < $0 } ?? false }
}
