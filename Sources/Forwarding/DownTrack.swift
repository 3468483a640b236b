package import RTP
package import SDP
package import Wire

/// One source's media as sent to one subscriber through one section of its answer: a slot whose source can change.
///
/// The selector says which packets, the munger with which numbers. A value in the node's table; nothing here is shared or
/// allocated.
package struct DownTrack: Sendable {
    /// A section's first packets carry its MID; SSRCs are signalled besides, so a few lost ones do no harm.
    private static let packetsWithMID: Int64 = 50

    /// The slot number of the subscriber's session.
    package let session: Int
    package let kind: MediaKind
    package let ssrc: UInt32
    package let retransmissionSSRC: UInt32?
    package let clockRate: UInt32
    package let mid: MIDText?
    /// Those of its header extensions that it writes.
    package private(set) var identifiers: ExtensionIdentifiers
    private let agreedIdentifiers: ExtensionIdentifiers
    /// What the subscriber is to be given; the encoding of it takes effect when the source is chosen accordingly.
    package private(set) var layerTarget = LayerTarget.best
    private let codecs: [NegotiatedCodec]
    var selector = LayerSelector()
    var routes = CodecRoutes()
    private var targetRoutes = CodecRoutes()
    var munger: Munger
    var retransmissionSequence: UInt16
    var budget = RetransmissionBudget()
    var weakLink = WeakLink()
    var persistentLoss = PersistentLoss()
    var repairs = RecentRepairs()
    private let isRepeatedAsItWas: Bool
    /// The timestamp of the anchor by which it joined a lane.
    private var joined: UInt32?
    private var pictureLosses = PictureLossLimiter()
    /// The sender report sent last: the middle of its NTP time, and when.
    private var lastReport: (reference: UInt32, at: Instant)?
    package private(set) var roundTrip: Duration?
    package private(set) var packetsSent: UInt64 = 0
    package private(set) var bytesSent: UInt64 = 0

    /// - Parameters:
    ///   - session: the subscriber's slot number.
    ///   - section: what was agreed on.
    ///   - retransmissionSSRC: nil when the subscriber has no RTX.
    package init(
        session: Int, section: NegotiatedSection, ssrc: UInt32, retransmissionSSRC: UInt32?,
        using generator: inout some RandomNumberGenerator
    ) {
        self.session = session
        kind = section.kind
        self.ssrc = ssrc
        self.retransmissionSSRC = retransmissionSSRC
        clockRate = section.codecs.first?.codec.clockRate ?? 90000
        mid = MIDText(section.mid)
        // A packet that is sent again without an RTX stream has to be the same byte for byte, number and all.
        let isRepeatedAsItWas =
            retransmissionSSRC == nil && section.codecs.contains { $0.feedback.contains(.nack) }
        agreedIdentifiers = ExtensionIdentifiers(
            section.extensions.filter {
                !isRepeatedAsItWas || ($0.kind != .transportWideCC && $0.kind != .absoluteSendTime)
            })
        identifiers = agreedIdentifiers
        self.isRepeatedAsItWas = isRepeatedAsItWas
        codecs = section.codecs
        munger = Munger(firstSequenceNumber: generator.next() >> 1, firstTimestamp: generator.next())
        // In the lower half, so that nobody misses a rollover who loses the first packets (RFC 3711
        // section 3.3.1).
        retransmissionSequence = generator.next() >> 1
    }

    // MARK: - Sources

    /// Where the packets come from now; nil while there is none, or while it is paused.
    package var source: SourceReference? { selector.source }

    /// Where they shall come from as soon as that has a key frame.
    package var target: SourceReference? { selector.target }

    /// Both at once. It changes nothing, but is called by address: through a table, the others are called on a copy of
    /// everything.
    package mutating func sources() -> (present: SourceReference?, target: SourceReference?) {
        (selector.source, selector.target)
    }

    /// Whether packets of a track can be sent, now or after the next key frame. It changes nothing, but is called by address.
    package mutating func follows(track: UInt32) -> Bool {
        source?.track == track || target?.track == track
    }

    /// How much a key frame of a source is missed here.
    package func urgency(of wanted: SourceReference) -> KeyFrameUrgency {
        source?.track == wanted.track ? .other : .nothing
    }

    /// Chooses the source; the present one goes on until the new one has a key frame. Returns false if the
    /// subscriber can receive none of its codecs.
    package mutating func retarget(to new: SourceReference, codecs arriving: [NegotiatedCodec]) -> Bool {
        let isPresent = new == source
        selector.retarget(to: new)
        guard !isPresent else { return true }
        targetRoutes = CodecRoutes(of: new, arriving, to: codecs)
        return targetRoutes.count > 0
    }

    /// How a packet of a source leaves, be it the present one or a former one.
    func route(
        of payloadType: UInt8, from arriving: [NegotiatedCodec], of origin: SourceReference
    ) -> CodecRoutes.Route? {
        // Another encoding of the same track has the same payload types.
        let all = routes.belong(to: origin) ? routes : CodecRoutes(of: origin, arriving, to: codecs)
        return all.route(of: payloadType)
    }

    /// Takes note that a source goes on with other numbers: the next key frame continues the stream.
    package mutating func restart(_ origin: SourceReference) {
        guard origin == source else { return }
        selector.restart(origin)
        munger.forgetOrigins()
    }

    /// Gives up what was not sent yet: the next key frame continues the stream.
    package mutating func waitForKeyFrame() {
        guard let source else { return }
        selector.restart(source)
        munger.forgetOrigins()
    }

    /// Takes note that a source has ended.
    package mutating func detach(track: UInt32) {
        selector.detach(track: track)
    }

    // MARK: - Layers

    /// Chooses what the subscriber is given of its source. Layers below the present ones are left at the next picture; more
    /// spatial layers come with a key frame, which is asked for while their packets arrive. Whoever names another encoding
    /// has to `retarget` to it, too.
    ///
    /// - Parameter isEasing: whether what plays is cut to its base temporal layer until another encoding or a lane takes over.
    package mutating func aim(at new: LayerTarget, isEasing: Bool = false) {
        layerTarget = new
        switch new {
        case .best, .lane, .layer:
            selector.want(new.limits)
            if isEasing { selector.ease() }
            selector.resume()
        case .paused:
            selector.pause()
        }
    }

    /// The encoding that was asked for; nil if it is for the up track to choose.
    package var wantedEncoding: UInt8? {
        if case .layer(let layer) = layerTarget { layer.encoding } else { nil }
    }

    /// The codec in which the subscriber prefers what a lane makes: the first that it negotiated of those that lanes have.
    package var laneCodec: Codec? {
        codecs.first { $0.codec == .vp8 || $0.codec == .vp9(profile: 0) }?.codec
    }

    package var isPaused: Bool { selector.isPaused }

    /// What is being forwarded: the limits may be higher than what the stream has. Nil before the first key frame.
    package var layer: Layer? {
        guard let source, munger.timestampOffset != nil else { return nil }
        return Layer(
            encoding: source.encoding, spatial: selector.limits.spatial, temporal: selector.limits.temporal)
    }

    /// For how long nothing new was sent; nil before the first packet. A source that has gone silent while its successor
    /// waits for a key frame shows here.
    package func silence(at now: Instant) -> Duration? {
        munger.lastSent.map { now - $0 }
    }

    // MARK: - Packets

    /// Decides one packet, as its source's encoding describes it.
    package mutating func decide(
        _ header: RTPHeader, _ packet: PacketDescription, of origin: SourceReference, at now: Instant
    ) -> Decision {
        var replaced: SourceReference?
        var canBegin = packet.isKeyFrameStart
        if case .settled = packet.audience { canBegin = false }
        if case .audio = kind { canBegin = true }
        switch selector.admission(of: origin, canBegin: canBegin, timestamp: header.timestamp)
        {
        case .refused(let reason):
            return .drop(reason)
        case .begins:
            let isRouted = targetRoutes.belong(to: origin)
            guard (isRouted ? targetRoutes : routes).route(of: header.payloadType) != nil else {
                return .drop(.codecNotNegotiated)
            }
            if isRouted { routes = targetRoutes }
            replaced = selector.begin(origin, at: munger.nextPosition, timestamp: header.timestamp)
            joined = packet.audience == .joining ? header.timestamp : nil
            begin(origin, header, packet, at: now)
        case .current where isForOthers(packet, header):
            leaveOut(header, packet)
            return .drop(.forOthers)
        case .current:
            // An encoder that began anew goes on with older picture identifiers.
            if packet.isKeyFrameStart, munger.hasOlderPicture(packet),
                case .newest = munger.place(of: header.sequenceNumber)
            {
                begin(origin, header, packet, at: now)
            }
        }
        let route = routes.route(of: header.payloadType)
        let position: Int64
        let endsPicture: Bool
        switch munger.place(of: header.sequenceNumber) {
        case .outside: return .drop(.beforeStart)
        case .leftOut: return .drop(.layerNotWanted)
        case .newest(let newest):
            position = newest
            let gap =
                munger.hasGap(before: newest)
                ? selector.isGapUnwanted(
                    before: packet, timestamp: header.timestamp, isNextPicture: munger.isNextPicture(packet))
                : (packets: false, pictures: false)
            switch verdict(of: header, hasRoute: route != nil)
                ?? selector.decideNewest(
                    packet, timestamp: header.timestamp, hasMarker: header.hasMarker, at: newest)
            {
            case .leaveOut(let reason):
                munger.omit(
                    newest, packet, gapIsOmitted: gap.packets, picturesAreOmitted: gap.pictures)
                return .drop(reason)
            case .forward(let ends):
                endsPicture = ends
                munger.admit(
                    newest, packet, timestamp: header.timestamp, isMarked: ends && !header.hasMarker,
                    gapIsOmitted: gap.packets, picturesAreOmitted: gap.pictures, at: now)
            }
        case .late(let late):
            position = late
            switch verdict(of: header, hasRoute: route != nil) ?? selector.decideLate(packet, at: late) {
            case .leaveOut(let reason):
                munger.withhold(late)
                return .drop(reason)
            case .forward(let ends):
                endsPicture = ends
                if ends, !header.hasMarker { munger.mark(late) }
            }
        }
        guard let route, let rewritten = munger.numbers(of: position, packet, timestamp: header.timestamp)
        else {
            munger.withhold(position)
            return .drop(.beforeStart)
        }
        return .send(
            Rewrite(
                session: session, ssrc: ssrc, numbers: rewritten.numbers, payloadType: route.leaving,
                hasMarker: header.hasMarker || endsPicture, replaced: replaced,
                mid: midIfEarly(rewritten.numbers.sequenceNumber), identifiers: identifiers,
                playoutDelay: playoutDelay(
                    for: rewritten.numbers.sequenceNumber, isKeyFrame: packet.isKeyFrameStart),
                originalSequenceNumber: nil, patch: rewritten.patch,
                frameNumberOffset: rewritten.frameNumberOffset,
                mayBePadded: retransmissionSSRC != nil && route.retransmission != nil))
    }

    /// Counts a packet that was handed to the outbox.
    package mutating func sent(payloadBytes: Int) {
        packetsSent &+= 1
        bytesSent &+= UInt64(payloadBytes)
        budget.forwarded(bytes: payloadBytes)
    }

    // MARK: - The link

    /// Fits the stream to its link.
    ///
    /// - Parameter roundTrip: nil while it is not known.
    package mutating func fit(to quality: LinkQuality, roundTrip: Duration?) {
        guard quality != .good || weakLink.isHolding else { return }
        let next = UInt16(truncatingIfNeeded: munger.highestSequenceNumber + 1)
        guard
            weakLink.fit(to: quality, roundTrip: roundTrip, next: munger.distanceFromStart(of: next))
        else { return }
        // What is sent again as it was keeps its extensions.
        if !isRepeatedAsItWas { identifiers = weakLink.isOn ? agreedIdentifiers.spared : agreedIdentifiers }
        budget.isTight = weakLink.isOn
    }

    /// What a packet tells the receiver of the delay that it is to play with.
    func playoutDelay(for outgoing: UInt16, isKeyFrame: Bool) -> PlayoutDelay? {
        // The same bytes when it is sent again, whatever has changed meanwhile.
        guard weakLink.playoutDelay != nil, !isRepeatedAsItWas, case .video = kind else { return nil }
        return weakLink.playoutDelay(
            at: munger.distanceFromStart(of: outgoing), outgoing, isKeyFrame: isKeyFrame)
    }

    // MARK: - Retransmissions

    /// Where a packet that the subscriber lost came from.
    package func origin(of sequenceNumber: UInt16) -> Munger.Origin? {
        munger.origin(of: sequenceNumber)
    }

    /// Whether the subscriber's loss of pictures may reach the publisher now.
    package mutating func takeKeyFrameRequest(at now: Instant) -> Bool {
        pictureLosses.take(at: now)
    }

    // MARK: - Reports

    /// The sender report for this subscriber: the publisher's own clock readings carried on to `now`, with the
    /// timestamp that its media has here, so that sound and picture of one publisher keep together.
    package mutating func senderReport(from clock: SenderClock, at now: Instant) -> SenderReport? {
        guard packetsSent > 0, let offset = munger.timestampOffset else { return nil }
        let reading = clock.reading(at: now, clockRate: clockRate)
        lastReport = (reading.ntp.middle32, now)
        return SenderReport(
            ssrc: ssrc, ntpTimestamp: reading.ntp.rawValue, rtpTimestamp: reading.timestamp &+ offset,
            packetCount: UInt32(truncatingIfNeeded: packetsSent),
            octetCount: UInt32(truncatingIfNeeded: bytesSent))
    }

    /// Takes the subscriber's report on this stream: the round trip (RFC 3550 section 6.4.1).
    package mutating func receive(_ block: ReportBlock, at now: Instant) {
        guard let lastReport, block.lastSenderReport == lastReport.reference, block.lastSenderReport != 0
        else {
            return
        }
        let trip = (now - lastReport.at) - NTPTime.duration(short: block.delaySinceLastSenderReport)
        roundTrip = max(trip, .zero)
    }

    // MARK: - Private

    func midIfEarly(_ outgoing: UInt16) -> MIDText? {
        munger.distanceFromStart(of: outgoing) < Self.packetsWithMID ? mid : nil
    }

    /// Whether a packet of a lane is for those who join when this one does not, or for the others when it does.
    private func isForOthers(_ packet: PacketDescription, _ header: RTPHeader) -> Bool {
        switch packet.audience {
        case .everybody: false
        case .joining: joined != header.timestamp
        case .settled: joined == header.timestamp
        }
    }

    /// Leaves out a packet that is for others: no number tells of it.
    private mutating func leaveOut(_ header: RTPHeader, _ packet: PacketDescription) {
        guard case .newest(let position) = munger.place(of: header.sequenceNumber) else { return }
        munger.omit(position, packet, gapIsOmitted: false, picturesAreOmitted: false)
    }

    /// What is decided without looking at layers.
    private func verdict(of header: RTPHeader, hasRoute: Bool) -> LayerSelector.Verdict? {
        if header.payload.isEmpty { return .leaveOut(.padding) }
        return hasRoute ? nil : .leaveOut(.codecNotNegotiated)
    }

    /// Continues the stream with a packet of other numbers.
    private mutating func begin(
        _ origin: SourceReference, _ header: RTPHeader, _ packet: PacketDescription, at now: Instant
    ) {
        munger.begin(
            origin, sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, packet,
            clockRate: clockRate, at: now)
    }
}
