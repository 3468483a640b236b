import RTP
import Wire

/// One RTP stream of an up track: the only one, or one simulcast layer, with its losses, its store and its key frames.
struct Encoding: ~Copyable {
    let ssrc: UInt32
    /// The RID of a simulcast layer (RFC 8852), else nil.
    let rid: String?
    private(set) var nacks = NACKGenerator()
    private(set) var statistics = ReceptionStatistics()
    var keyFrames = KeyFrameRequester()
    private(set) var clock: SenderClock?
    private var rate = RateMeter()
    private(set) var lastArrival: Instant?
    private(set) var lastPayloadType: UInt8?
    private(set) var packetsReceived: UInt64 = 0
    private var store: RetransmissionBuffer?
    private var meter = LayerMeter()
    /// Of the dependency descriptor: it came with a key frame and explains the frames that follow.
    private var structure: DependencyStructure?
    private var keyFrameTimestamp: UInt32?
    private var keyFrameBytes = 0
    private(set) var keyFramesReceived: UInt64 = 0
    /// By `KeyFrameCause`.
    private(set) var keyFramesByCause = InlineArray<7, UInt32>(repeating: 0)
    /// The newest sequence number that was described.
    private var newest: UInt16?

    /// - Parameter isRepairable: whether losses are asked for and packets kept for those of subscribers.
    init(ssrc: UInt32, rid: String?, isRepairable: Bool) {
        self.ssrc = ssrc
        self.rid = rid
        store = isRepairable ? RetransmissionBuffer() : nil
    }

    /// Notes a packet, be it new or sent again.
    mutating func receive(
        _ packet: Span<UInt8>, _ header: RTPHeader, clockRate: UInt32, isRetransmission: Bool, at now: Instant
    ) -> UpTrack.Reception {
        var reception = UpTrack.Reception.accepted
        switch nacks.receive(header.sequenceNumber, at: now) {
        case .duplicate: return .refused(.duplicate)
        case .tooOld: return .refused(.beforeStart)
        case .reset:
            keyFrames.request(because: .restart, .broken)
            // The numbers may be used again for other packets.
            store?.removeAll()
            reception = .restarted
        case .inOrder: if packetsReceived == 0 { reception = .restarted }
        case .gap, .recovered: break
        }
        if !isRetransmission {
            statistics.receive(
                sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, clockRate: clockRate,
                at: now)
        }
        packetsReceived &+= 1
        lastArrival = now
        lastPayloadType = header.payloadType
        rate.add(bytes: packet.count, at: now)
        store?.store(packet, header, at: now)
        return reception
    }

    /// Describes a packet that was received, for all subscribers at once.
    ///
    /// - Parameter dependencies: where its dependency descriptor lies in it, if it has one.
    mutating func describe(
        _ packet: Span<UInt8>, _ header: RTPHeader, _ codec: VideoCodec, dependencies range: Range<Int>?,
        at now: Instant
    ) -> PacketDescription {
        let isNewest = newest.map { SequenceUnwrapper.isNewer(header.sequenceNumber, than: $0) } ?? true
        if isNewest { newest = header.sequenceNumber }
        var dependencies: DependencyDescriptor?
        if let range {
            if isNewest {
                dependencies = DependencyDescriptor(parsing: packet, range, structure: &structure)
            } else {
                // A late structure explains its own packet, and not those that came after.
                var known = structure
                dependencies = DependencyDescriptor(parsing: packet, range, structure: &known)
            }
        }
        var description = PacketDescription(codec, packet.extracting(header.payload), dependencies)
        // It tells them, but its structure is missing: nothing is known to begin here.
        if range != nil, dependencies == nil { description.tellsFrameStarts = true }
        if description.isKeyFrameStart, header.timestamp != keyFrameTimestamp {
            keyFrameTimestamp = header.timestamp
            keyFrameBytes = 0
            keyFramesReceived &+= 1
        }
        if header.timestamp == keyFrameTimestamp { keyFrameBytes += packet.count }
        meter.add(description, bytes: packet.count, timestamp: header.timestamp, at: now)
        return description
    }

    /// Describes a packet of a lane. Its layers say what depends on what; none can be left out.
    mutating func describe(
        _ packet: Span<UInt8>, _ header: RTPHeader, _ codec: VideoCodec,
        for audience: PacketDescription.Audience, at now: Instant
    ) -> PacketDescription {
        var description = PacketDescription(codec, packet.extracting(header.payload))
        description.audience = audience
        description.temporalID = 0
        description.temporalSwitch = .none
        // What only those get who join is no part of the stream's rate.
        if audience != .joining {
            meter.add(description, bytes: packet.count, timestamp: header.timestamp, at: now)
        }
        return description
    }

    /// Takes note of a key frame's beginning. Returns why it came.
    mutating func keyFrameArrived(at now: Instant) -> KeyFrameCause {
        let cause = keyFrames.keyFrameArrived(at: now)
        keyFramesByCause[cause.rawValue] &+= 1
        return cause
    }

    /// The short side of its pictures in pixels, once a key frame has told.
    var shortSide: Int? { meter.shortSide }

    /// Appends the layers that are being received.
    mutating func appendLayers(to options: inout [LayerOption], number: UInt8, at now: Instant) {
        meter.append(to: &options, of: number, at: now)
    }

    /// Calls `body` with a packet that arrived not long ago, or returns nil.
    func withStored<Result>(
        _ sequenceNumber: UInt16, _ body: (Span<UInt8>, RTPHeader) -> Result
    ) -> Result? {
        switch store {
        case .some(let store): store.withPacket(sequenceNumber, ssrc: ssrc, body)
        case nil: nil
        }
    }

    mutating func receive(_ report: SenderReport, at now: Instant) {
        clock = SenderClock(report, at: now)
        statistics.senderReport(ntp: report.ntpTimestamp, at: now)
    }

    mutating func reportBlock(at now: Instant) -> ReportBlock {
        statistics.reportBlock(ssrc: ssrc, at: now)
    }

    /// Whether the publisher is to be asked for a key frame now. It is taken as asked.
    mutating func takeKeyFrameRequest(at now: Instant, isStorm: Bool) -> Bool {
        keyFrames.takeRequest(
            at: now, keyFrameBits: keyFrameBytes * 8, bitsPerSecond: rate.bitsPerSecond(at: now),
            isStorm: isStorm)
    }

    /// What arrives at present.
    mutating func bitsPerSecond(at now: Instant) -> Int {
        rate.bitsPerSecond(at: now)
    }

    /// The packets to ask the publisher for now.
    mutating func dueRequests(at now: Instant, roundTrip: Duration, into list: inout [UInt16]) {
        nacks.dueRequests(at: now, roundTrip: roundTrip, into: &list)
    }

    mutating func postponeRepair(_ sequenceNumber: UInt16, until time: Instant) {
        nacks.postpone(sequenceNumber, until: time)
    }
}
