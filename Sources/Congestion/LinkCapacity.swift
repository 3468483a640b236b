/// What the link was seen to carry each time it was full (draft-ietf-rmcat-gcc-02 section 5.5).
struct LinkCapacity: Sendable {
    private static let weight = 0.3
    /// A rate within this share of the capacity is near it.
    private static let nearness = 0.25

    private(set) var bitsPerSecond: Double?

    init() {}

    mutating func observe(full rate: Double) {
        guard let known = bitsPerSecond, abs(rate - known) < 2 * Self.nearness * known else {
            bitsPerSecond = rate
            return
        }
        bitsPerSecond = known + Self.weight * (rate - known)
    }

    /// What to believe of a probe: jitter can compress a burst, so that a result a little above the known capacity is
    /// believed by half. A link that has become another shows that clearly.
    func plausible(_ probed: Double) -> Double {
        guard let known = bitsPerSecond, probed > known, probed < 1.5 * known else { return probed }
        return (known + probed) / 2
    }

    mutating func observe(probe rate: Double, isLimit: Bool) {
        if isLimit {
            observe(full: rate)
        } else if let known = bitsPerSecond, rate > known {
            bitsPerSecond = rate >= 1.5 * known ? nil : rate
        }
    }

    /// More went through than was believed possible: the link has changed, nothing is known of it.
    mutating func forget(ifBelow rate: Double) {
        if let known = bitsPerSecond, rate > known * (1 + Self.nearness) { bitsPerSecond = nil }
    }

    /// Whether an estimate comes near to what filled the link before, so that it is raised with care.
    func isNear(_ estimate: Double) -> Bool {
        guard let known = bitsPerSecond else { return false }
        return estimate > known * (1 - Self.nearness)
    }
}
