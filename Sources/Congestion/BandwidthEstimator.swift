package import Wire

/// How many bits per second the way to one remote takes, from what the remote tells of arrivals.
///
/// One number, and two reasons to lower it: a queue that grows (draft-ietf-rmcat-gcc-02 section 5) and losses
/// (section 6). It rises by itself only up to what has been seen to arrive and half as much again, so that an
/// estimate is never just hope; beyond that, probes raise it. It never falls because little is sent.
///
///     packets --history--> feedback --groups--> delay trend ---.
///                             |                standing queue -+--> overuse: 0.85 of what arrives
///                             |--> loss share -----------------+--> a tenth lost: less by half of the losses
///                             |--> arrival rate ---------------+--> otherwise: a little more, up to the cap
///                             '--> probe tally ----------------'--> up to what the probe has shown
///
/// A remote without transport-wide feedback is estimated by its receiver reports and its REMB: see
/// `receive(lossFraction:roundTrip:at:)`. Feedback takes over as soon as the first comes.
package struct BandwidthEstimator: ~Copyable {
    /// In bits per second, headers of IP and UDP included.
    package struct Limits: Sendable {
        package var start: Int
        package var floor: Int
        package var ceiling: Int

        package init(start: Int = 300_000, floor: Int = 30_000, ceiling: Int = 20_000_000) {
            self.start = start
            self.floor = floor
            self.ceiling = ceiling
        }
    }

    /// IPv4 and UDP, which the link carries as well.
    package static let headerBytes = 28

    static let backoff = 0.85
    /// This many times what arrives was sent.
    static let severeOverload = 1.4
    static let growthPerSecond = 1.08
    /// A queue shorter than this is no reason to send less, in microseconds.
    static let tolerableQueue: Int64 = 12_000
    /// A queue longer than this is not waited for to last.
    static let alarmingQueue: Int64 = 120_000
    static let lossToLower = 0.1
    static let lossToRaise = 0.02
    /// How long a probe's own queue is not held against the link, in microseconds.
    static let probeShadow: Int64 = 250_000
    static let statusesPerSecond: Int64 = 20_000
    /// What shows that a link is overfull.
    static let overfullQueue: Int64 = 50_000
    static let overfullLoss = 0.05
    /// A silence that may be one of the reports alone, in microseconds.
    static let longestDoubt: Int64 = 4_000_000
    /// A receiver that measures overuse advises 0.85 of what it gets.
    static let adviceForLess = 0.95
    /// For so long a report or an advice is believed, in microseconds.
    static let reportLifetime: Int64 = 3_000_000

    var limits: Limits
    var history: SentPacketHistory
    var groups = PacketGroups()
    var trend = DelayTrend()
    var queue = QueueingDelay()
    var arrivals = ArrivalRate()
    var capacity = LinkCapacity()
    var loss = LossShare()
    var tally: ProbeTally?
    /// The cluster that is being sent or was sent last.
    var probe = SentProbe()
    var result: ProbeResult?
    var rate: Double
    /// Of what is sent, for remotes that do not tell of arrivals.
    var sending = ArrivalRate()
    /// Of the highest number that a report covered.
    var reported: Int64 = 0
    var lastRawArrival: Int64?
    var lastArrival: Int64 = 0
    var lastUpdate: Int64?
    var lastLowered: Int64?
    var lastOveruse: Int64?
    /// How many packet statuses may still be read.
    var statusCredit = BandwidthEstimator.statusesPerSecond
    var statusCreditAt: Int64 = 0
    /// When the first packet was sent after the last feedback.
    var unansweredSince: Int64?
    var lastTimeout: Int64 = 0
    /// What the estimate was before it was lowered since no feedback came.
    var rateBeforeSilence: Double?
    /// The receiver's own limit (REMB), whether it is less than what was sent, and when that was told.
    var advice: Double?
    var isAdvisedToSendLess = false
    var advisedAt: Int64?
    /// What the last receiver report told, of remotes that do not tell of arrivals.
    var reportedLoss = 0.0
    var reportedAt: Int64?
    /// In microseconds: the shortest of late, and smoothed.
    var roundTripMicroseconds: Int64 = 200_000
    package internal(set) var hasFeedback = false
    /// Feedback packets that made no sense, or came in such numbers that they were not read.
    package internal(set) var refusedFeedback: UInt64 = 0

    /// - Parameter expectsFeedback: whether the remote has agreed to tell of arrivals; else no packet is remembered.
    package init(limits: Limits = Limits(), expectsFeedback: Bool = true) {
        self.limits = limits
        history = SentPacketHistory(isUsed: expectsFeedback)
        rate = Double(min(max(limits.start, limits.floor), limits.ceiling))
    }

    /// What may be sent, all kinds of packets and all headers together.
    package var bitsPerSecond: Int {
        let bound = hasFeedback ? rate : min(rate, advice ?? rate)
        return Int(min(max(bound, Double(limits.floor)), Double(limits.ceiling)))
    }

    /// What arrived of late, or went out if the remote does not tell; `nil` until there is enough of it.
    package var acknowledgedBitsPerSecond: Int? {
        acknowledged(over: ArrivalRate.longWindow).map { Int($0) }
    }

    /// The queue that stands in the network.
    package var queueingDelay: Duration { .microseconds(queue.standing) }

    package var roundTrip: Duration { .microseconds(roundTripMicroseconds) }

    /// The share of packets lost of late, 0...1.
    package var lossShare: Double { hasFeedback ? loss.share ?? 0 : reportedLoss }

    /// Notes a packet that is about to be sent, whatever its kind, and returns the number to write into it.
    ///
    /// - Parameters:
    ///   - bytes: the UDP payload; headers are added here.
    ///   - cluster: the probe that it is part of, or 0.
    package mutating func sent(
        bytes: Int, kind: PacketKind, cluster: UInt8 = 0, at now: Instant
    ) -> UInt16 {
        let time = now.microseconds
        let size = bytes + Self.headerBytes
        if unansweredSince == nil { unansweredSince = time }
        if cluster != 0 {
            probe.add(bytes: size, cluster: cluster, position: history.next, at: time)
        } else {
            probe.isComplete = true
        }
        if !hasFeedback { sending.add(bytes: size, at: time) }
        return history.append(bytes: size, kind: kind, cluster: cluster, at: time, mayGrow: hasFeedback)
    }

    /// The burst is over: what is told of it from now on is complete.
    package mutating func endProbe() {
        probe.isComplete = true
    }

    /// What the last probe has found, once; the estimate has been raised by it already.
    package mutating func takeProbeResult() -> ProbeResult? {
        defer { result = nil }
        return result
    }
}

/// What was sent of a probe.
struct SentProbe: Sendable {
    private(set) var cluster: UInt8 = 0
    private(set) var bytes = 0
    private(set) var packets = 0
    private(set) var first: Int64 = 0
    private(set) var last: Int64 = 0
    /// Of its last packet in the history.
    private(set) var lastPosition: Int64 = 0
    /// Whether no more packets of it will come.
    var isComplete = false

    mutating func add(bytes count: Int, cluster: UInt8, position: Int64, at time: Int64) {
        if cluster != self.cluster {
            self = SentProbe()
            self.cluster = cluster
            first = time
        }
        bytes += count
        packets += 1
        last = time
        lastPosition = position
    }
}

extension Instant {
    /// Microseconds since the origin, rounded towards it.
    var microseconds: Int64 { nanoseconds / 1000 }
}
