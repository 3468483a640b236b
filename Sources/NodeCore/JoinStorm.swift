import Wire

/// Tells when so many have joined a room of late that what they need of its sources had better be shared.
///
/// Of each encoding alone only a few may wait, as who joined first has a layer that the next ones do not begin with; seen by
/// encoding the storm would go unnoticed until it has cost a key frame.
struct JoinStorm {
    /// So many who have joined within `memory` are a storm.
    static let crowd = 6
    static let memory = Duration.seconds(3)

    /// When the last ones joined; the oldest is at `next`.
    private var joins = InlineArray<6, Instant?>(repeating: nil)
    private var next = 0

    /// Somebody has joined.
    mutating func joined(at now: Instant) {
        joins[next] = now
        next = (next + 1) % Self.crowd
    }

    func isRaging(at now: Instant) -> Bool {
        joins[next].map { now - $0 <= Self.memory } ?? false
    }
}
