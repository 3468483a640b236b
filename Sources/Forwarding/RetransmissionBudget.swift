import Wire

/// How many bytes may be sent again: a share of what is forwarded, so that a link that is too narrow is not filled up
/// further by answers to its own losses.
struct RetransmissionBudget: Sendable {
    /// Losses of a fifth are beyond repair anyway.
    private static let share = 0.25
    /// What may always be sent, bytes a second: the loss of a whole small frame on a quiet stream.
    private static let allowance = 8000.0
    private static let limit = 96_000.0

    private var bytes = Self.limit / 4
    private var lastTaken: Instant?

    mutating func forwarded(bytes count: Int) {
        bytes = min(bytes + Double(count) * Self.share, Self.limit)
    }

    mutating func take(bytes count: Int, at now: Instant) -> Bool {
        if let lastTaken {
            bytes = min(bytes + (now - lastTaken).inSeconds * Self.allowance, Self.limit)
        }
        lastTaken = now
        guard bytes >= Double(count) else { return false }
        bytes -= Double(count)
        return true
    }
}
