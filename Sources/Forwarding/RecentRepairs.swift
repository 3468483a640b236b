import Wire

/// When packets were sent again last: who is far away asks for a packet several times before the first repair can have come.
/// Chromium takes the round trip for 100 ms where nobody tells it, and asks every 100 ms.
///
/// Nothing is kept until a first packet is sent again, then 1 kB.
struct RecentRepairs: Sendable {
    private static let count = 64

    private struct Repair: Sendable {
        var sequenceNumber: UInt16
        var sentAt: Instant
    }

    private var repairs: [Repair?] = []

    init() {}

    /// Whether a packet is on its way already: it was sent again less than about a round trip ago.
    func isPending(_ sequenceNumber: UInt16, roundTrip: Duration?, at now: Instant) -> Bool {
        guard let roundTrip, !repairs.isEmpty, let last = repairs[Self.place(sequenceNumber)],
            last.sequenceNumber == sequenceNumber
        else { return false }
        // The way may have become shorter.
        return now - last.sentAt < roundTrip * 3 / 4
    }

    /// Takes note that a packet is sent again.
    mutating func sent(_ sequenceNumber: UInt16, at now: Instant) {
        if repairs.isEmpty { repairs = Array(repeating: nil, count: Self.count) }
        repairs[Self.place(sequenceNumber)] = Repair(sequenceNumber: sequenceNumber, sentAt: now)
    }

    private static func place(_ sequenceNumber: UInt16) -> Int { Int(sequenceNumber) % count }
}
