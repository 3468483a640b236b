import Wire

/// How long a lane's pictures take: from the packet that made the source's picture whole to the lane's own packets.
struct LaneDelay {
    /// Some 17 s at 15 pictures a second.
    private static let capacity = 256

    private var recent: [Duration] = []
    private var next = 0

    mutating func note(_ delay: Duration) {
        if recent.count < Self.capacity {
            recent.append(delay)
        } else {
            recent[next] = delay
        }
        next = (next + 1) % Self.capacity
    }

    /// The delay that this share of the last pictures did not exceed; nil before the first.
    func quantile(_ share: Double) -> Duration? {
        guard !recent.isEmpty else { return nil }
        let place = Int((Double(recent.count) * share).rounded(.up)) - 1
        return recent.sorted()[min(max(place, 0), recent.count - 1)]
    }
}

/// When a source's last pictures were whole, by their RTP timestamps.
struct PictureArrivals {
    /// Pictures that may wait for a busy thread; more are dropped there.
    private static let capacity = 64

    private var pictures: [(timestamp: UInt32, at: Instant)] = []
    private var next = 0

    mutating func note(_ timestamp: UInt32, at now: Instant) {
        if pictures.count < Self.capacity {
            pictures.append((timestamp, now))
        } else {
            pictures[next] = (timestamp, now)
        }
        next = (next + 1) % Self.capacity
    }

    func time(of timestamp: UInt32) -> Instant? {
        pictures.last { $0.timestamp == timestamp }?.at
    }
}
