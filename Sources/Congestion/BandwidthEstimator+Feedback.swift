package import RTP
package import Wire

extension BandwidthEstimator {
    /// Takes transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    ///
    /// Whatever it claims costs a bounded time: it is not read if it names more packets than are remembered, or packets
    /// that were never sent, or if feedback names more than 20,000 packets in a second.
    ///
    /// - Parameter compound: what `feedback` was read from.
    /// - Returns: whether it was taken. Otherwise nothing has changed but a counter.
    @discardableResult
    package mutating func receive(
        _ feedback: TransportFeedbackHeader, in compound: Span<UInt8>, at now: Instant
    ) -> Bool {
        let time = now.microseconds
        guard let base = acceptedBase(of: feedback, at: time) else {
            refusedFeedback &+= 1
            return false
        }
        var digest = Digest(time: time)
        let isWhole = feedback.forEachResult(in: compound) { number, arrival in
            // Nothing is delivered of a malformed report: what is told first tells that it is whole.
            if number == feedback.baseSequenceNumber { noteSkipped(before: base, into: &digest) }
            take(number, arrival: arrival, into: &digest)
        }
        guard isWhole else {
            refusedFeedback &+= 1
            return false
        }
        hasFeedback = true
        endSilence(at: time)
        reported = max(reported, base + Int64(feedback.statusCount) - 1)
        loss.add(arrived: digest.arrived, missing: digest.missing, at: time)
        if queue.standing < Self.tolerableQueue { loss.learnBackground() }
        if let newest = digest.newestSend { smoothRoundTrip(time - newest) }
        update(at: time)
        finishProbe()
        return true
    }

    /// What one feedback packet has told.
    struct Digest {
        let time: Int64
        var arrived = 0
        var missing = 0
        /// Bytes whose report was lost; they count with the next arrival.
        var skippedBytes = 0
        var newestSend: Int64?

        init(time: Int64) {
            self.time = time
        }
    }

    /// The number that the feedback begins with, if it is one to read.
    private mutating func acceptedBase(of feedback: TransportFeedbackHeader, at time: Int64) -> Int64? {
        guard feedback.statusCount > 0, feedback.statusCount <= SentPacketHistory.maximumCapacity,
            let base = history.position(of: feedback.baseSequenceNumber),
            base + Int64(feedback.statusCount) <= history.next
        else { return nil }
        let earned = min(max(time - statusCreditAt, 0), 1_000_000) * Self.statusesPerSecond / 1_000_000
        if earned > 0 {
            statusCredit = min(statusCredit + earned, Self.statusesPerSecond)
            statusCreditAt = time
        }
        let cost = Int64(max(feedback.statusCount, 16))
        guard statusCredit >= cost else { return nil }
        statusCredit -= cost
        return base
    }

    /// Packets between the last report and this one: the report on them was lost, and they are not.
    private mutating func noteSkipped(before base: Int64, into digest: inout Digest) {
        guard reported > 0 else { return }
        var position = max(reported + 1, history.oldest)
        while position < base {
            if history[position].fate == .inFlight {
                history[position].fate = .assumed
                digest.skippedBytes += history[position].bytes
            }
            position += 1
        }
    }

    private mutating func take(_ number: UInt16, arrival: Int64?, into digest: inout Digest) {
        guard let position = history.position(of: number), position >= history.oldest else { return }
        let packet = history[position]
        guard let arrival else {
            if packet.fate == .inFlight {
                history[position].fate = .missing
                digest.missing += 1
            }
            return
        }
        guard packet.fate != .arrived else { return }
        history[position].fate = .arrived
        let send = packet.time(before: digest.time)
        let arrived = unwrap(arrival)
        digest.arrived += 1
        if packet.fate == .missing { digest.missing -= 1 }
        if packet.fate != .assumed {
            arrivals.add(bytes: packet.bytes + digest.skippedBytes, at: arrived)
            digest.skippedBytes = 0
        }
        digest.newestSend = max(digest.newestSend ?? send, send)
        queue.add(send: send, arrival: arrived, bytes: packet.bytes)
        if packet.cluster != 0, packet.cluster == probe.cluster {
            if tally?.cluster != packet.cluster { tally = ProbeTally(cluster: packet.cluster) }
            tally?.add(bytes: packet.bytes, send: send, arrival: arrived)
        }
        // A probe queues by intention: its packets and those behind it tell nothing of the ordinary use.
        let isShadowed = probe.packets > 0 && send >= probe.first && send < probe.last + Self.probeShadow
        if !isShadowed, let delta = groups.add(send: send, arrival: arrived) { trend.add(delta) }
    }

    /// Turns the receiver's clock, which wraps after twelve days, into one that does not.
    private mutating func unwrap(_ arrival: Int64) -> Int64 {
        let wrap = TransportFeedbackHeader.arrivalWrapMicroseconds
        guard let last = lastRawArrival else {
            lastRawArrival = arrival
            lastArrival = (arrival % wrap + wrap) % wrap + wrap
            return lastArrival
        }
        var step = (arrival - last) % wrap
        if step > wrap / 2 { step -= wrap }
        if step < -wrap / 2 { step += wrap }
        lastRawArrival = arrival
        lastArrival += step
        return lastArrival
    }

    func acknowledged(over window: Int64) -> Double? {
        hasFeedback ? arrivals.bitsPerSecond(over: window) : sending.bitsPerSecond(over: window)
    }

    mutating func smoothRoundTrip(_ sample: Int64) {
        guard sample >= 0, sample < 10_000_000 else { return }
        roundTripMicroseconds =
            sample < roundTripMicroseconds ? sample : (7 * roundTripMicroseconds + sample) / 8
    }

    // MARK: - Rate

    private mutating func update(at time: Int64) {
        defer { lastUpdate = time }
        let hasQueue = queue.lasting > Self.tolerableQueue || queue.standing > Self.alarmingQueue
        if trend.usage == .over, hasQueue {
            lastOveruse = time
            guard let measured = fullRate else { return }
            // One measurement is off by a packet or two: what fits the others is averaged with them.
            capacity.observe(full: measured)
            let full = capacity.bitsPerSecond ?? measured
            // Less than arrives, if that is much less than was sent. Else at least 15 % less than before, but not less
            // than arrives: a subscriber that leaves room does not give way to one that takes it.
            let isSevere = queue.overload > Self.severeOverload
            let target =
                isSevere ? Self.backoff * full : max(Self.backoff * full, min(Self.backoff * rate, full))
            let isSoon = time - (lastLowered ?? .min / 2) < 300_000 + roundTripMicroseconds
            if !isSoon || target < 0.6 * rate { lower(to: target, at: time) }
            return
        }
        let share = loss.share ?? 0
        if share > Self.lossToLower {
            guard time - (lastLowered ?? .min / 2) > 300_000 + roundTripMicroseconds else { return }
            // What arrives is known to fit, whatever else is lost.
            let fits = Self.backoff * (acknowledged(over: ArrivalRate.shortWindow) ?? 0)
            lower(to: max(rate * (1 - 0.5 * share), fits), at: time)
            loss.restart()
            return
        }
        guard trend.usage == .normal || !hasQueue, share - loss.background < Self.lossToRaise,
            let arrived = acknowledged(over: ArrivalRate.longWindow)
        else { return }
        var cap = 1.5 * arrived + 10_000
        // What filled the link before would fill it again; more is believed when it arrives, or by a probe.
        if let known = capacity.bitsPerSecond { cap = min(cap, max(known, 1.1 * arrived + 10_000)) }
        raise(upTo: cap, at: time)
    }

    /// What the link carries now that it is full.
    private var fullRate: Double? {
        let recent = acknowledged(over: ArrivalRate.shortWindow)
        guard let drained = queue.drainRate else { return recent }
        // Jitter can make a queue look older than it is; then the last quarter of a second is more to the point.
        return queue.busyTime > ArrivalRate.shortWindow ? max(drained, recent ?? 0) : drained
    }

    mutating func lower(to target: Double, at time: Int64) {
        lastLowered = time
        rate = max(min(rate, target), Double(limits.floor))
    }

    /// A little more, as the time since the last update allows, but not above `cap`; never less.
    mutating func raise(upTo cap: Double, at time: Int64) {
        capacity.forget(ifBelow: acknowledged(over: ArrivalRate.longWindow) ?? 0)
        guard let lastUpdate, rate < cap else { return }
        let elapsed = Double(min(max(time - lastUpdate, 0), 1_000_000)) / 1e6
        let raised: Double
        if capacity.isNear(rate) {
            // Section 5.5: about one packet per response time.
            let response = Double(roundTripMicroseconds) / 1e6 + 0.1
            raised = rate + max(4000, 8 * 1000 / response * 0.5) * elapsed
        } else {
            raised = rate + rate * (Self.growthPerSecond - 1) * elapsed
        }
        rate = min(raised, max(cap, rate), Double(limits.ceiling))
    }

    // MARK: - Probes

    private mutating func finishProbe() {
        guard let tally, tally.cluster == probe.cluster, probe.isComplete, reported >= probe.lastPosition
        else { return }
        self.tally = nil
        guard let found = tally.result(sentBytes: probe.bytes, sentPackets: probe.packets) else { return }
        result = found
        // Nothing is believed of a link that loses or queues already.
        guard loss.share ?? 0 < Self.lossToLower else { return }
        let shown = capacity.plausible(Double(found.bitsPerSecond))
        rate = min(max(rate, shown), Double(limits.ceiling))
        capacity.observe(probe: shown, isLimit: found.isLimit)
    }

    // MARK: - Silence

    /// How long packets may go unanswered. Reports get lost in runs as well, and where little is sent few are.
    private var patience: Int64 { 1_000_000 + 3 * roundTripMicroseconds }

    /// Reports come again. Those that were lost say nothing of the way there: how that was the new ones tell, and an estimate that
    /// was lowered on suspicion is judged by them as it was before. After a long silence it may be another way.
    private mutating func endSilence(at time: Int64) {
        if let former = rateBeforeSilence, time - (unansweredSince ?? time) < Self.longestDoubt {
            rate = max(rate, min(former, Double(limits.ceiling)))
        }
        rateBeforeSilence = nil
        unansweredSince = nil
    }

    /// When `advance` should be called next; `nil` while nothing is unanswered.
    package var deadline: Instant? {
        guard hasFeedback, let unansweredSince else { return nil }
        let due = max(unansweredSince + patience, lastTimeout + 500_000)
        return Instant(nanoseconds: due * 1000)
    }

    /// Lowers the estimate by a fifth every half second while packets go out and no feedback comes.
    package mutating func advance(to now: Instant) {
        guard let deadline, now >= deadline else { return }
        lastTimeout = now.microseconds
        if rateBeforeSilence == nil { rateBeforeSilence = rate }
        rate = max(rate * 0.8, Double(limits.floor))
    }
}
