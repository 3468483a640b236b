import Wire

/// Whether what a subscriber has lost does not get through, however often it is sent again: it keeps asking for the same packet.
///
/// Receivers name all that they miss, the oldest first, again and again until it comes; so the oldest alone is watched.
struct PersistentLoss: Sendable {
    /// Repairs that were asked for so often, for so long, and for two round trips at least, do not get through.
    private static let askings = 4
    private static let shortest = Duration.milliseconds(200)
    /// What nobody has asked for since is settled.
    private static let memory = Duration.seconds(1)
    /// Between two pictures that are asked for instead.
    private static let interval = Duration.seconds(2)

    private var number: UInt16 = 0
    private var times = 0
    private var first = Instant(nanoseconds: .min / 2)
    private var last = Instant(nanoseconds: .min / 2)
    private var lastReplaced: Instant?

    init() {}

    /// Takes note that a packet is asked for. Returns whether a picture that does without it is to be asked for now; it is taken
    /// as asked for.
    ///
    /// - Parameter number: its sequence number (RFC 3550 section 5.1).
    mutating func isHopeless(_ number: UInt16, roundTrip: Duration?, at now: Instant) -> Bool {
        if number != self.number || now - last > Self.memory {
            let isNewer = (number &- self.number) < 0x8000
            if isNewer, now - last <= Self.memory { return false }
            self.number = number
            times = 0
            first = now
        }
        times += 1
        last = now
        let patience = max(Self.shortest, (roundTrip ?? .zero) * 2)
        guard times >= Self.askings, now - first >= patience,
            now >= lastReplaced.map({ $0 + Self.interval }) ?? now
        else { return false }
        lastReplaced = now
        return true
    }
}
