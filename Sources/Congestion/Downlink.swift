package import RTP
package import Wire

/// The way to one remote: how much it takes, when the next packet may go, and when to find out whether there is more.
///
/// It sees the size and the kind of every packet that goes to the remote, and the feedback that comes back; it holds
/// no packet. One per subscriber, 4 kB at first, and half of that
/// if its remote never tells of arrivals. The caller owns the media:
///
///     // For every packet that goes out, of whatever kind; the number goes into the transport-wide extension.
///     let number = downlink.sent(bytes: datagram.count, kind: .video, at: now)
///
///     // Audio goes at once. Video and retransmissions go at once if nothing is ahead and there is room, else they wait.
///     if !queue.hasAhead(of: kind), downlink.canSend(at: now) { send(packet) } else {
///         if !queue.append(entry) || queue.slotToDrop(pacing: downlink.pacingBitsPerSecond) != nil {
///             // Drop that slot's packets, and all that follow until its next key frame, which is asked for.
///         }
///     }
///
///     // For every RTCP packet of the kind. Then the choices are made anew: some microseconds.
///     downlink.receive(feedback, in: compound, at: now)
///     let summary = allocator.allocate(downlink.videoBitsPerSecond(at: now), at: now)
///     downlink.wish(for: summary, at: now)
///     if summary.hasChanged { /* selectors learn the layers of allocator.slots; pauses are told */ }
///
///     // At `downlink.deadline(isQueueEmpty:)`, and the same from time to time:
///     downlink.advance(to: now, isQueueEmpty: queue.isEmpty)
///     while downlink.canSend(at: now), let entry = queue.removeFirst() { send(entry) }
///     while let bytes = downlink.padding(at: now), sendPadding(about: bytes) {}
///
/// Padding is RTX: an old packet sent again under its RTX source, or one that is padding only. It is counted with
/// `sent(kind: .padding)`; a caller that has none yet sends none, and is asked again later. Congestion.md explains
/// the constants.
package struct Downlink: ~Copyable {
    /// How long after overuse video is held to the estimate itself, in microseconds.
    private static let congestedTime: Int64 = 500_000
    /// Longer, while such a queue stands.
    private static let standingTime: Int64 = 3_000_000
    private static let standingQueue: Int64 = 50_000
    /// Repairs are taken out of the budget up to this share: beyond, they are cut by their own budget.
    private static let largestRepairShare = 0.1

    package private(set) var estimator: BandwidthEstimator
    private var pacer: Pacer
    private var prober: ProbeController
    private var ramp = PaddingRamp()
    private let canPad: Bool
    private var audio = ArrivalRate()
    private var repairs = ArrivalRate()
    /// The repairs' rate, smoothed over some seconds: a burst of losses is no reason for another layer.
    private var repairBitsPerSecond = 0.0
    private var repairsSmoothedAt: Int64?
    private var videoWish: BitrateAllocator.Summary?
    /// Whether video always leaves at hardly more than the estimate: for links on which a key frame takes so long that a voice
    /// would have to wait for it.
    package var isGentle = false

    /// - Parameters:
    ///   - expectsFeedback: whether the remote has agreed to transport-wide feedback.
    ///   - canPad: whether padding can be sent to it where an estimate of its own asks for that.
    package init(
        limits: BandwidthEstimator.Limits = BandwidthEstimator.Limits(), expectsFeedback: Bool = true,
        canPad: Bool = true
    ) {
        self.canPad = canPad
        estimator = BandwidthEstimator(limits: limits, expectsFeedback: expectsFeedback)
        pacer = Pacer(estimate: limits.start)
        prober = ProbeController(estimate: limits.start)
    }

    /// What may be sent, everything and all headers included.
    package var bitsPerSecond: Int { estimator.bitsPerSecond }

    /// The rate at which video leaves; see `PacingQueue.slotToDrop`.
    package var pacingBitsPerSecond: Int { pacer.bitsPerSecond }

    /// Takes no more than that from now on, whatever the link carries; nothing larger is probed for either.
    package mutating func limit(to bitsPerSecond: Int, at now: Instant) {
        estimator.limits.ceiling = max(bitsPerSecond, estimator.limits.floor)
        follow(at: now)
    }

    /// What is left for video: audio and repairs are taken out.
    ///
    /// - Parameter reserve: what audio is left even while less of it is sent.
    package mutating func videoBitsPerSecond(at now: Instant, reservingForAudio reserve: Int = 0) -> Int {
        let time = now.microseconds
        let estimate = Double(estimator.bitsPerSecond)
        smoothRepairs(at: time)
        let repairs = min(repairBitsPerSecond, estimate * Self.largestRepairShare)
        return max(0, Int(estimate - max(audio.bitsPerSecond(at: time), Double(reserve)) - repairs))
    }

    /// What audio takes, all headers included.
    package mutating func audioBitsPerSecond(at now: Instant) -> Int {
        Int(audio.bitsPerSecond(at: now.microseconds))
    }

    /// Whether a video packet or a retransmission may go out now. Nothing changes here nor in the others that only look and
    /// are `mutating`: through a table the compiler would call them on a copy of everything.
    package mutating func canSend(at now: Instant) -> Bool { pacer.canSend(at: now) }

    /// Counts a packet that is about to go out.
    ///
    /// - Parameter bytes: the UDP payload.
    /// - Returns: its transport-wide sequence number.
    package mutating func sent(bytes: Int, kind: PacketKind, at now: Instant) -> UInt16 {
        let size = bytes + BandwidthEstimator.headerBytes
        switch kind {
        case .audio: audio.add(bytes: size, at: now.microseconds)
        case .retransmission: repairs.add(bytes: size, at: now.microseconds)
        case .video, .padding: break
        }
        pacer.sent(bytes: size, at: now)
        ramp.sent(bytes: size, at: now)
        let cluster = prober.cluster
        if cluster != 0 { prober.sent(bytes: size, at: now) }
        let number = estimator.sent(bytes: bytes, kind: kind, cluster: cluster, at: now)
        if prober.cluster != cluster { estimator.endProbe() }
        return number
    }

    /// The size of the padding packet to send now, if one is due: UDP payload, to be met by about a tenth.
    package mutating func padding(at now: Instant) -> Int? {
        prober.padding(at: now) ?? ramp.padding(at: now)
    }

    /// Whether what was told of late shows that the link is overfull; see `BandwidthEstimator.isOverfull`.
    package mutating func isOverfull(at now: Instant) -> Bool { estimator.isOverfull(at: now) }

    /// Takes transport-wide feedback; see `BandwidthEstimator.receive`.
    @discardableResult
    package mutating func receive(
        _ feedback: TransportFeedbackHeader, in compound: Span<UInt8>, at now: Instant
    ) -> Bool {
        let isTaken = estimator.receive(feedback, in: compound, at: now)
        if let result = estimator.takeProbeResult() {
            prober.finish(result, estimate: estimator.bitsPerSecond, at: now)
        }
        follow(at: now)
        return isTaken
    }

    /// Takes a receiver report; see `BandwidthEstimator.receive`.
    package mutating func receive(lossFraction: Double, roundTrip: Duration?, at now: Instant) {
        estimator.receive(lossFraction: lossFraction, roundTrip: roundTrip, at: now)
        follow(at: now)
    }

    /// Takes a receiver's own estimate; see `BandwidthEstimator.receive`.
    package mutating func receive(remb bitsPerSecond: UInt64, at now: Instant) {
        estimator.receive(remb: bitsPerSecond, at: now)
        follow(at: now)
    }

    /// Learns what the allocator would do with more.
    package mutating func wish(for summary: BitrateAllocator.Summary, at now: Instant) {
        videoWish = summary
        follow(at: now)
    }

    /// When `advance` is due.
    package mutating func deadline(isQueueEmpty: Bool) -> Instant? {
        var earliest = estimator.deadline
        if let padding = prober.deadline(isQueueEmpty: isQueueEmpty) {
            earliest = min(earliest ?? padding, padding)
        }
        if let padding = ramp.deadline { earliest = min(earliest ?? padding, padding) }
        if !isQueueEmpty { earliest = min(earliest ?? pacer.deadline, pacer.deadline) }
        return earliest
    }

    /// Begins and ends probes, and notices that feedback stays away.
    package mutating func advance(to now: Instant, isQueueEmpty: Bool) {
        estimator.advance(to: now)
        follow(at: now)
        prober.advance(to: now, isQueueEmpty: isQueueEmpty)
    }

    // MARK: - Private

    private mutating func follow(at now: Instant) {
        let time = now.microseconds
        let estimate = estimator.bitsPerSecond
        let sinceOveruse = time - (estimator.lastOveruse ?? .min / 2)
        let isCongested =
            sinceOveruse < Self.congestedTime
            || (sinceOveruse < Self.standingTime && estimator.queue.standing > Self.standingQueue)
        let strain: Pacer.Strain =
            isCongested ? .congested : sinceOveruse < Self.standingTime || isGentle ? .recovering : .none
        pacer.update(estimate: estimate, strain: strain)
        var wish: ProbeController.Wish?
        if let videoWish, let next = videoWish.nextBitsPerSecond {
            let other = estimate - videoBitsPerSecond(at: now)
            let most = estimator.limits.ceiling
            let all = Int(Double(videoWish.desiredBitsPerSecond) * BitrateAllocator.headroom) + other
            wish = ProbeController.Wish(next: min(next + other, most), all: min(all, most))
        }
        ramp.update(
            estimate: estimate, wish: canPad && estimator.isAdvised(at: time) ? wish : nil,
            isOverfull: estimator.isOverfull(at: now), at: now)
        // Without arrivals there is nothing to measure a probe by; the first come before the first feedback.
        if !estimator.hasFeedback, prober.begun >= 3 { wish = nil }
        prober.update(estimate: estimate, wish: wish, isCongested: isCongested, at: now)
    }

    private mutating func smoothRepairs(at time: Int64) {
        let elapsed = time - (repairsSmoothedAt ?? time)
        repairsSmoothedAt = time
        let weight = Double(min(max(elapsed, 0), 3_000_000)) / 3_000_000
        repairBitsPerSecond += weight * (repairs.bitsPerSecond(at: time) - repairBitsPerSecond)
    }
}
