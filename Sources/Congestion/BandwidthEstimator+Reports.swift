package import Wire

// What is known of the way to remotes that do not tell when packets arrive: losses, and the receiver's own estimate.
extension BandwidthEstimator {
    /// Takes a receiver report of a remote without transport-wide feedback; of no effect with it.
    ///
    /// Without arrivals the rise has no other bound than losses: four times what is sent, which is the step from one
    /// simulcast layer to the next.
    ///
    /// - Parameter lossFraction: since the previous report, 0...1, the worst or the average of all sources.
    package mutating func receive(lossFraction: Double, roundTrip: Duration?, at now: Instant) {
        let time = now.microseconds
        if let roundTrip { smoothRoundTrip(roundTrip.nanoseconds / 1000) }
        guard !hasFeedback else { return }
        unansweredSince = nil
        reportedLoss = min(max(lossFraction, 0), 1)
        reportedAt = time
        let sent = sending.bitsPerSecond(at: time)
        if reportedLoss > Self.lossToLower {
            // What was sent met the losses, whatever was believed to fit.
            let tried = sent > 0 ? min(rate, sent) : rate
            lower(to: tried * (1 - 0.5 * reportedLoss), at: time)
        } else if reportedLoss < Self.lossToRaise {
            raise(upTo: 4 * sent, at: time)
        }
        lastUpdate = time
    }

    /// Takes the bitrate that a remote without transport-wide feedback advises (REMB). It bounds the estimate.
    package mutating func receive(remb bitsPerSecond: UInt64, at now: Instant) {
        let time = now.microseconds
        unansweredSince = nil
        advisedAt = time
        guard !hasFeedback else { return }
        let sent = sending.bitsPerSecond(at: time)
        isAdvisedToSendLess = Double(bitsPerSecond) < Self.adviceForLess * sent
        // Receivers count no headers of IP and UDP. And what is sent already is not doubted for a few per cent.
        advice = isAdvisedToSendLess ? Double(bitsPerSecond) : max(Double(bitsPerSecond) * 1.05, sent)
        // What the receiver has measured itself needs no slow approach. It does not count losses, though.
        let isLosing = reportedLoss > Self.lossToRaise && isRecent(reportedAt, at: time)
        if !isLosing, let advice { rate = min(max(rate, advice), Double(limits.ceiling)) }
    }

    /// Whether the remote tells an estimate of its own, and nothing better.
    func isAdvised(at time: Int64) -> Bool { !hasFeedback && isRecent(advisedAt, at: time) }

    /// Whether it has been told of late that more is sent than the link carries: a queue that stands, losses, or a receiver
    /// that advises less than it is sent. An estimate that is low because little was sent is no such evidence.
    package func isOverfull(at now: Instant) -> Bool {
        if hasFeedback { return queue.standing > Self.overfullQueue || loss.share ?? 0 > Self.overfullLoss }
        let time = now.microseconds
        let isLosing = reportedLoss > Self.overfullLoss && isRecent(reportedAt, at: time)
        return isLosing || (isAdvisedToSendLess && isRecent(advisedAt, at: time))
    }

    private func isRecent(_ told: Int64?, at time: Int64) -> Bool {
        told.map { time - $0 < Self.reportLifetime } ?? false
    }

    /// What is sent at present, all kinds of packets, to a remote that does not tell of arrivals.
    func sentBitsPerSecond(at now: Instant) -> Double { sending.bitsPerSecond(at: now.microseconds) }
}
