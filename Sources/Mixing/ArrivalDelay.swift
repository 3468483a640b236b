import Wire

/// How evenly a voice's packets arrive, and how long they should wait so that few come too late.
///
/// The way of a packet is the difference of its arrival and its timestamp; how much longer than the shortest it was is the
/// packet's lateness. The target is what all but a few of the late ones need, and changes slowly.
package struct ArrivalDelay: Sendable {
    /// Between these the target stays, in samples of 48 kHz: 20 ms for the mixer's own step, and what makes talking to each other
    /// hard.
    package static let targets: ClosedRange<Int64> = 960...11_520
    /// What is assumed before anything is known.
    private static let usual: Int64 = 1920
    /// One in so many packets may be late.
    private static let allowed = 0.03
    /// With every packet what was known before counts this much less: half is forgotten in 7 s of packets of 20 ms.
    private static let memory = 0.998
    /// Of 10 ms.
    private static let bucket: Int64 = 480
    private static let bucketCount = 26
    /// The shortest way is looked for over so many packets, twice: clocks drift.
    private static let windowLength = 250

    private var buckets = [Double](repeating: 0, count: ArrivalDelay.bucketCount)
    private var weight = 0.0
    private var shortest: (present: Int64?, former: Int64?) = (nil, nil)
    private var packetsInWindow = 0
    /// In samples.
    private(set) package var target = ArrivalDelay.usual

    package init() {}

    /// The shortest way of late, in samples; nil before the first packet. What was sent at `position` arrives at
    /// `position + base` if nothing holds it up.
    package var base: Int64? {
        switch (shortest.present, shortest.former) {
        case (let present?, let former?): min(present, former)
        case (let present, let former): present ?? former
        }
    }

    /// Takes note of a packet.
    ///
    /// - Parameters:
    ///   - arrival: samples since whenever, as `Instant.samples` says.
    ///   - position: its timestamp, unwrapped.
    package mutating func note(arrival: Int64, position: Int64) {
        let way = arrival - position
        shortest.present = min(shortest.present ?? way, way)
        packetsInWindow += 1
        if packetsInWindow >= Self.windowLength {
            packetsInWindow = 0
            shortest = (nil, shortest.present)
        }
        let lateness = way - (base ?? way)
        let index = min(Int(lateness / Self.bucket), Self.bucketCount - 1)
        weight = weight * Self.memory + 1
        for other in buckets.indices { buckets[other] *= Self.memory }
        buckets[index] += 1
        var above = 0.0
        var needed = 0
        for other in buckets.indices.reversed() {
            above += buckets[other]
            if above > weight * Self.allowed {
                needed = other + 1
                break
            }
        }
        // The mixer fetches in steps of 20 ms: so much more a packet may have to be early.
        let wanted = Int64(needed) * Self.bucket + 960
        target = min(max(wanted, Self.targets.lowerBound), Self.targets.upperBound)
    }
}

extension Instant {
    /// Samples of 48 kHz since the origin.
    var samples: Int64 { nanoseconds / 1000 * 48 / 1000 }
}
