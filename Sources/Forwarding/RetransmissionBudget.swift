import Wire

/// How many bytes may be sent again: a share of what is forwarded, so that a link that is too narrow is not filled up
/// further by answers to its own losses.
struct RetransmissionBudget: Sendable {
    /// Losses of a fifth are beyond repair anyway.
    private static let share = 0.25
    /// What may always be sent, bytes a second: the loss of a whole small frame on a quiet stream.
    private static let allowance = 8000.0
    private static let limit = 96_000.0

    /// On a weak link repairs take what is left beside one small picture and one voice. A burst of five packets of 400 bytes
    /// is repaired.
    private static let tightShare = 0.1
    private static let tightAllowance = 1000.0
    private static let tightLimit = 6000.0

    /// Whether the link is weak.
    var isTight = false {
        didSet { bytes = min(bytes, limit) }
    }
    private var bytes = Self.limit / 4
    private var lastTaken: Instant?

    mutating func forwarded(bytes count: Int) {
        bytes = min(bytes + Double(count) * (isTight ? Self.tightShare : Self.share), limit)
    }

    mutating func take(bytes count: Int, at now: Instant) -> Bool {
        if let lastTaken {
            let allowance = isTight ? Self.tightAllowance : Self.allowance
            bytes = min(bytes + (now - lastTaken).inSeconds * allowance, limit)
        }
        lastTaken = now
        guard bytes >= Double(count) else { return false }
        bytes -= Double(count)
        return true
    }

    private var limit: Double { isTight ? Self.tightLimit : Self.limit }
}
