import RTP
package import SDP
package import Wire

/// One received stream: puts packets in order, asks for what is missing, and checks what comes.
package struct IncomingStream: Sendable {
    /// A frame of which the beginning was seen.
    private struct OpenFrame {
        let timestamp: UInt32
        var packets: Int
        let isKeyFrame: Bool
    }

    /// A packet that is missing for so long is given up, and the frames behind it are shown.
    private static let patience = Duration.milliseconds(1200)
    private static let waitingLimit = 1000
    private static let keyFrameRetry = Duration.milliseconds(500)
    /// Adds the nanoseconds since 1970 that simulations and loads alike take their origin for.
    static let wallClockOrigin: Int64 = 1_700_000_000_000_000_000

    package let ssrc: UInt32
    package let kind: MediaKind
    /// The section that the answer put the stream into; nil if it does not name the SSRC.
    package let mid: String?
    package private(set) var statistics = StreamStatistics()
    private let clockRate: UInt32
    private let isRepairable: Bool
    private let verifiesContent: Bool
    private let requiresContent: Bool
    private let codec: Codec
    private var nacks = NACKGenerator()
    private var reception = ReceptionStatistics()
    private var unwrapper = SequenceUnwrapper()
    /// The next sequence number to be taken, extended.
    private var next: Int64?
    /// Sorted by number.
    private var waiting: [Arrival] = []
    private var waitingSince: Instant?
    /// The first number of a stream that is only counted, extended.
    private var firstCounted: Int64?
    private var frame: OpenFrame?
    /// Whether packets were given up behind the beginning of the last frame.
    private var hasLostOpenFrame = false
    private var lastNumber: UInt32?
    private var lastFrameTimestamp: UInt32?
    private var clock: (ntp: NTPTime, timestamp: UInt32)?
    private var pictureNumbers = PictureNumberCheck()
    private var freezes = FreezeDetector()
    private var meter = ArrivalMeter()
    /// The source of the last complete frame.
    private var shownSource: UInt32?
    private var needsKeyFrame: Bool
    private var nextKeyFrameRequest: Instant?

    /// - Parameters:
    ///   - requiresContent: whether a payload that is not synthetic is a corrupted one.
    init(
        ssrc: UInt32, kind: MediaKind, mid: String? = nil, clockRate: UInt32, isRepairable: Bool,
        verifiesContent: Bool,
        requiresContent: Bool = true, codec: Codec = .vp8
    ) {
        self.ssrc = ssrc
        self.kind = kind
        self.mid = mid
        self.clockRate = clockRate
        self.isRepairable = isRepairable
        self.verifiesContent = verifiesContent
        self.requiresContent = requiresContent
        self.codec = codec
        needsKeyFrame = kind == .video
    }

    /// Packets that are missing at this moment and not yet given up, and so not yet in `statistics.lost`.
    package var missingPackets: Int {
        guard let next, let last = waiting.last else { return 0 }
        return Int(last.sequence - next) + 1 - waiting.count
    }

    /// What has come in the last second.
    package func bitsPerSecond(at now: Instant) -> Int { meter.bitsPerSecond(at: now) }

    /// When packets have to be asked for, given up, or a key frame requested. Mutating, so that an array's element is
    /// asked where it lies instead of being copied for every packet.
    mutating func deadline() -> Instant? {
        var earliest = isRepairable ? nacks.deadline : nil
        if let waitingSince {
            let expiry = waitingSince + Self.patience
            earliest = min(earliest ?? expiry, expiry)
        }
        if needsKeyFrame, let nextKeyFrameRequest {
            earliest = min(earliest ?? nextKeyFrameRequest, nextKeyFrameRequest)
        }
        return earliest
    }

    /// Takes note of what a packet says of the delay to play with.
    mutating func note(_ delay: PlayoutDelay) {
        statistics.playoutDelay = delay
        statistics.playoutDelaysTold += 1
    }

    // MARK: - Packets

    /// Takes a packet; of a retransmission the header is the one that it restores.
    mutating func receive(_ packet: Span<UInt8>, _ header: RTPHeader, isRetransmission: Bool, at now: Instant)
    {
        if isRetransmission {
            statistics.retransmissions += 1
        } else {
            reception.receive(
                sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, clockRate: clockRate,
                at: now)
        }
        switch nacks.receive(header.sequenceNumber, at: now) {
        case .duplicate:
            statistics.duplicates += 1
            return
        case .tooOld:
            statistics.tooOld += 1
            return
        case .reset:
            statistics.resets += 1
            beginAnew()
        case .recovered:
            if isRetransmission { statistics.recovered += 1 } else { statistics.reordered += 1 }
        case .inOrder, .gap:
            break
        }
        let arrival = examine(packet, header, at: now)
        let expected = next ?? arrival.sequence
        guard arrival.sequence >= expected else {
            // It was given up before it came after all.
            statistics.tooOld += 1
            return
        }
        if arrival.isPadding {
            statistics.padding += 1
        } else {
            statistics.packets += 1
            statistics.bytes += header.payload.count
            meter.add(header.payload.count, at: now)
        }
        if arrival.sequence == expected {
            next = expected + 1
            take(arrival, at: now)
            takeWaiting(at: now)
        } else {
            let index = waiting.lastIndex { $0.sequence < arrival.sequence }.map { $0 + 1 } ?? 0
            waiting.insert(arrival, at: index)
            waitingSince = waitingSince ?? now
            if waiting.count > Self.waitingLimit { giveUp(at: now) }
        }
    }

    /// Counts a packet of which only the header can be read. What is missing is lost until it comes.
    ///
    /// - Parameter hasMarker: whether it ends a picture.
    mutating func count(
        _ sequenceNumber: UInt16, timestamp: UInt32, bytes: Int, hasMarker: Bool = false,
        isPadding: Bool = false, at now: Instant
    ) {
        reception.receive(sequenceNumber: sequenceNumber, timestamp: timestamp, clockRate: clockRate, at: now)
        let highest = unwrapper.highest
        let sequence = unwrapper.unwrap(sequenceNumber)
        let first = firstCounted ?? sequence
        firstCounted = first
        guard sequence >= first else {
            statistics.tooOld += 1
            return
        }
        if isPadding {
            statistics.padding += 1
        } else {
            statistics.packets += 1
            statistics.bytes += bytes
            meter.add(bytes, at: now)
        }
        if let highest, sequence < highest { statistics.reordered += 1 }
        let seen = statistics.packets + statistics.padding
        statistics.lost = max(0, Int(max(highest ?? sequence, sequence) - first) + 1 - seen)
        guard hasMarker, kind == .video else { return }
        statistics.firstFrameAt = statistics.firstFrameAt ?? now
        noteFreeze(at: now)
    }

    /// Counts a retransmission of which only the header can be read.
    mutating func countRetransmission() {
        statistics.retransmissions += 1
    }

    /// Forgets the latencies so far, for a measurement that begins; a pause that goes on is no freeze.
    mutating func resetLatency() {
        statistics.latency = LatencyHistogram()
        statistics.switchPauses = LatencyHistogram()
        freezes.beginAnew()
    }

    mutating func receive(_ report: SenderReport, at now: Instant) {
        statistics.senderReports += 1
        reception.senderReport(ntp: report.ntpTimestamp, at: now)
        clock = (NTPTime(rawValue: report.ntpTimestamp), report.rtpTimestamp)
    }

    // MARK: - Feedback

    /// Gives up what has been missing for too long; appends the numbers to ask for.
    mutating func advance(to now: Instant, roundTrip: Duration, missing list: inout [UInt16]) {
        if let waitingSince, now >= waitingSince + Self.patience { giveUp(at: now) }
        guard isRepairable else { return }
        let before = list.count
        nacks.dueRequests(at: now, roundTrip: roundTrip, into: &list)
        statistics.nacksSent += list.count - before
    }

    /// Whether to ask for a key frame now. It is taken as asked.
    mutating func takeKeyFrameRequest(at now: Instant) -> Bool {
        guard needsKeyFrame, let due = nextKeyFrameRequest, due <= now else { return false }
        nextKeyFrameRequest = now + Self.keyFrameRetry
        statistics.keyFrameRequestsSent += 1
        return true
    }

    mutating func reportBlock(at now: Instant) -> ReportBlock {
        reception.reportBlock(ssrc: ssrc, at: now)
    }

    // MARK: - In order

    private mutating func examine(_ packet: Span<UInt8>, _ header: RTPHeader, at now: Instant) -> Arrival {
        let payload = packet.extracting(header.payload)
        let arrival = Arrival(
            payload, header, sequence: unwrapper.unwrap(header.sequenceNumber), kind, codec)
        if let size = arrival.size { statistics.size = size }
        if let content = arrival.content {
            statistics.latency.add(now - content.sentAt)
            if verifiesContent, !content.isIntact(in: payload, at: arrival.contentOffset) {
                statistics.corrupted += 1
            }
        } else if arrival.isMalformed || requiresContent, !arrival.isPadding {
            statistics.corrupted += 1
        }
        return arrival
    }

    private mutating func takeWaiting(at now: Instant) {
        var count = 0
        while count < waiting.count, waiting[count].sequence == next {
            next = waiting[count].sequence + 1
            take(waiting[count], at: now)
            count += 1
        }
        waiting.removeFirst(count)
        waitingSince = waiting.isEmpty ? nil : count > 0 ? now : waitingSince
    }

    private mutating func giveUp(at now: Instant) {
        guard !waiting.isEmpty, let expected = next else { return }
        // Behind a key frame nothing older is of use.
        let index = waiting.lastIndex { $0.isFrameStart && $0.isKeyFrame } ?? 0
        let first = waiting[index]
        statistics.lost += Int(first.sequence - expected) - index
        waiting.removeFirst(index)
        next = first.sequence
        hasLostOpenFrame = hasLostOpenFrame || frame != nil
        frame = nil
        lastNumber = nil
        pictureNumbers.beginAnew()
        requireKeyFrame(at: now)
        takeWaiting(at: now)
    }

    private mutating func beginAnew() {
        next = nil
        waiting = []
        waitingSince = nil
        frame = nil
        hasLostOpenFrame = false
        lastNumber = nil
        pictureNumbers.beginAnew()
        unwrapper = SequenceUnwrapper()
        needsKeyFrame = kind == .video
    }

    private mutating func requireKeyFrame(at now: Instant) {
        guard kind == .video, !needsKeyFrame else { return }
        needsKeyFrame = true
        nextKeyFrameRequest = now
    }

    /// Takes the packet that is next in the order of sequence numbers.
    private mutating func take(_ arrival: Arrival, at now: Instant) {
        guard !arrival.isPadding else { return }
        if let content = arrival.content { follow(content, of: arrival) }
        if arrival.isFrameStart {
            if frame != nil || hasLostOpenFrame { statistics.brokenFrames += 1 }
            hasLostOpenFrame = false
            if let numbers = arrival.numbers,
                !pictureNumbers.follow(numbers, isKeyFrame: arrival.isKeyFrame)
            {
                statistics.pictureNumberErrors += 1
            }
            frame = OpenFrame(timestamp: arrival.timestamp, packets: 0, isKeyFrame: arrival.isKeyFrame)
            if let lastFrameTimestamp {
                let step = arrival.timestamp &- lastFrameTimestamp
                if step == 0 || step > .max / 2 {
                    statistics.timestampRegressions += 1
                } else {
                    statistics.largestTimestampStep = max(statistics.largestTimestampStep, step)
                }
            }
            lastFrameTimestamp = arrival.timestamp
            if arrival.isKeyFrame {
                needsKeyFrame = false
            } else if needsKeyFrame, nextKeyFrameRequest == nil {
                nextKeyFrameRequest = now
            }
        }
        frame?.packets += 1
        guard arrival.hasMarker || kind == .audio else { return }
        hasLostOpenFrame = false
        guard let finished = frame else {
            // The end of a frame whose beginning was lost, not of one from before the stream was joined.
            if lastFrameTimestamp != nil { statistics.brokenFrames += 1 }
            return
        }
        frame = nil
        guard finished.timestamp == arrival.timestamp,
            arrival.content.map({ Int($0.count) == finished.packets }) ?? true
        else {
            statistics.brokenFrames += 1
            return
        }
        finish(finished, arrival.content, at: now)
    }

    private mutating func finish(_ frame: OpenFrame, _ content: SyntheticContent?, at now: Instant) {
        statistics.frames += 1
        if frame.isKeyFrame { statistics.keyFrames += 1 }
        if let last = statistics.lastFrameAt {
            statistics.longestPause = max(statistics.longestPause, now - last)
        }
        if kind == .video { noteFreeze(of: content?.source, at: now) }
        statistics.firstFrameAt = statistics.firstFrameAt ?? now
        statistics.lastFrameAt = now
        statistics.firstFrameNumber = statistics.firstFrameNumber ?? content?.frame
        statistics.lastFrameNumber = content?.frame ?? statistics.lastFrameNumber
    }

    /// Takes a picture that is shown, and the source that its content names.
    private mutating func noteFreeze(of source: UInt32? = nil, at now: Instant) {
        let frozen = freezes.shown(at: now)
        defer { shownSource = source ?? shownSource }
        if let source, let shownSource, source != shownSource {
            if let last = statistics.lastFrameAt { statistics.switchPauses.add(now - last) }
        } else if let frozen {
            statistics.freezes += 1
            statistics.frozen += frozen
        }
    }

    /// Compares a packet's content with that of the one before.
    private mutating func follow(_ content: SyntheticContent, of arrival: Arrival) {
        if content.source == statistics.source {
            if let lastNumber, content.number != lastNumber &+ 1 { statistics.contentGaps += 1 }
        } else {
            if statistics.source != nil {
                statistics.sourceChanges += 1
                if kind == .video, !arrival.isKeyFrame { statistics.sourceChangesWithoutKeyFrame += 1 }
            }
            statistics.source = content.source
            statistics.firstFrameNumber = nil
        }
        lastNumber = content.number
        if let clock {
            let ticks = Int64(Int32(bitPattern: arrival.timestamp &- clock.timestamp))
            let shown = clock.ntp + .nanoseconds(ticks * 1_000_000_000 / Int64(clockRate))
            statistics.clockOffset =
                shown - NTPTime(nanosecondsSince1970: content.sentAt.nanoseconds &+ Self.wallClockOrigin)
        }
    }
}
