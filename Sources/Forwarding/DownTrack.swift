package import RTP
package import SDP
package import Wire

/// One source's media as sent to one subscriber through one section of its answer: a slot whose source can change.
///
///     empty --attach--> waiting for a key frame --key frame--> forwarding --retarget--> forwarding, target waiting
///
/// A value in the node's table; nothing here is shared or allocated.
package struct DownTrack: Sendable {
    /// What is done with one packet for one subscriber.
    package enum Decision: Sendable {
        case send(Rewrite)
        case drop(DropReason)
    }

    /// The header fields of a packet on the way out.
    package struct Rewrite: Sendable {
        package let numbers: Munger.Numbers
        package let payloadType: UInt8
        /// The source that was given up for this packet's, if it is the first of a new one.
        package let replaced: SourceReference?
        package let carriesMID: Bool
        /// On the RTX stream: the number of the packet that is sent again (RFC 4588 section 4).
        package let originalSequenceNumber: UInt16?
    }

    /// Payload types of one codec: as it arrives, as it leaves, and of its RTX.
    private struct Route {
        var arriving: UInt8 = 0
        var leaving: UInt8 = 0
        var retransmission: UInt8?
    }

    /// A section's first packets carry its MID; SSRCs are signalled besides, so a few lost ones do no harm.
    private static let packetsWithMID: Int64 = 50
    /// How often one subscriber's picture losses reach the publisher.
    private static let keyFrameRequestInterval = Duration.seconds(1)

    /// The slot number of the subscriber's session.
    package let session: Int
    package let kind: MediaKind
    package let ssrc: UInt32
    package let retransmissionSSRC: UInt32?
    package let clockRate: UInt32
    package let mid: MIDText?
    package let identifiers: ExtensionIdentifiers
    /// Where the packets come from now, and where they shall come from as soon as that has a key frame.
    package private(set) var source: SourceReference?
    package private(set) var target: SourceReference?
    private let codecs: [NegotiatedCodec]
    private var routes = InlineArray<12, Route>(repeating: Route())
    private var routeCount = 0
    private var targetRoutes = InlineArray<12, Route>(repeating: Route())
    private var targetRouteCount = 0
    private var munger: Munger
    private var retransmissionSequence: UInt16
    private var budget = RetransmissionBudget()
    private var nextKeyFrameRequest: Instant?
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
        identifiers = ExtensionIdentifiers(section.extensions)
        codecs = section.codecs
        munger = Munger(firstSequenceNumber: generator.next() >> 1, firstTimestamp: generator.next())
        // In the lower half, so that nobody misses a rollover who loses the first packets (RFC 3711
        // section 3.3.1).
        retransmissionSequence = generator.next() >> 1
    }

    // MARK: - Sources

    /// Chooses the source; the present one goes on until the new one has a key frame. Returns false if the
    /// subscriber can receive none of its codecs.
    package mutating func retarget(to new: SourceReference, codecs arriving: [NegotiatedCodec]) -> Bool {
        guard new != source else {
            target = nil
            return true
        }
        target = new
        targetRouteCount = 0
        for codec in arriving {
            guard targetRouteCount < targetRoutes.count,
                let match = codecs.first(where: { $0.codec == codec.codec })
                    ?? codecs.first(where: { codec.codec.isReceivable(as: $0.codec) })
            else { continue }
            targetRoutes[targetRouteCount] = Route(
                arriving: codec.payloadType, leaving: match.payloadType,
                retransmission: match.retransmissionPayloadType)
            targetRouteCount += 1
        }
        return targetRouteCount > 0
    }

    /// Takes note that a source goes on with other numbers: the next key frame continues the stream.
    package mutating func restart(_ origin: SourceReference) {
        guard origin == source else { return }
        source = nil
        target = origin
        targetRoutes = routes
        targetRouteCount = routeCount
    }

    /// Takes note that a source has ended.
    package mutating func detach(track: UInt32) {
        if source?.track == track { source = nil }
        if target?.track == track { target = nil }
    }

    // MARK: - Packets

    /// Decides one packet. Nothing is remembered of a packet that is dropped.
    package mutating func decide(
        _ header: RTPHeader, of origin: SourceReference, isKeyFrameStart: Bool, at now: Instant
    ) -> Decision {
        var replaced: SourceReference?
        if origin != source {
            guard origin == target else { return .drop(.inactiveLayer) }
            guard kind == .audio || isKeyFrameStart else { return .drop(.waitingForKeyFrame) }
            guard Self.route(of: header.payloadType, in: targetRoutes, targetRouteCount) != nil else {
                return .drop(.codecNotNegotiated)
            }
            munger.begin(
                origin, sequenceNumber: header.sequenceNumber, timestamp: header.timestamp,
                clockRate: clockRate,
                at: now)
            routes = targetRoutes
            routeCount = targetRouteCount
            replaced = source
            source = origin
            target = nil
        }
        guard let route = Self.route(of: header.payloadType, in: routes, routeCount) else {
            return .drop(.codecNotNegotiated)
        }
        guard
            let numbers = munger.rewrite(
                sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, at: now)
        else { return .drop(.beforeStart) }
        return .send(
            Rewrite(
                numbers: numbers, payloadType: route.leaving, replaced: replaced,
                carriesMID: isEarly(numbers.sequenceNumber), originalSequenceNumber: nil))
    }

    /// Counts a packet that was handed to the outbox.
    package mutating func sent(payloadBytes: Int) {
        packetsSent &+= 1
        bytesSent &+= UInt64(payloadBytes)
        budget.forwarded(bytes: payloadBytes)
    }

    // MARK: - Retransmissions

    /// Where a packet that the subscriber lost came from.
    package func origin(of sequenceNumber: UInt16) -> Munger.Origin? {
        munger.origin(of: sequenceNumber)
    }

    /// Decides whether a stored packet is sent again as number `outgoing`: on the RTX stream (RFC 4588) if there is
    /// one, else byte for byte as it was, since SRTP must not seal two different packets under one number (RFC 7714
    /// section 9.1).
    package mutating func retransmit(
        _ header: RTPHeader, as outgoing: UInt16, of origin: Munger.Origin, at now: Instant
    ) -> Decision {
        guard origin.source == source, let route = Self.route(of: header.payloadType, in: routes, routeCount)
        else {
            return .drop(.retransmissionUnavailable)
        }
        guard budget.take(bytes: header.payload.count, at: now) else { return .drop(.retransmissionBudget) }
        let timestamp = header.timestamp &+ origin.timestampOffset
        guard retransmissionSSRC != nil, let payloadType = route.retransmission else {
            return .send(
                Rewrite(
                    numbers: .init(sequenceNumber: outgoing, timestamp: timestamp),
                    payloadType: route.leaving,
                    replaced: nil, carriesMID: isEarly(outgoing), originalSequenceNumber: nil))
        }
        retransmissionSequence &+= 1
        return .send(
            Rewrite(
                numbers: .init(sequenceNumber: retransmissionSequence, timestamp: timestamp),
                payloadType: payloadType, replaced: nil, carriesMID: true, originalSequenceNumber: outgoing))
    }

    /// Whether the subscriber's loss of pictures may reach the publisher now.
    package mutating func takeKeyFrameRequest(at now: Instant) -> Bool {
        if let nextKeyFrameRequest, now < nextKeyFrameRequest { return false }
        nextKeyFrameRequest = now + Self.keyFrameRequestInterval
        return true
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

    private func isEarly(_ outgoing: UInt16) -> Bool {
        munger.distanceFromStart(of: outgoing) < Self.packetsWithMID
    }

    private static func route(of payloadType: UInt8, in routes: InlineArray<12, Route>, _ count: Int)
        -> Route?
    {
        for index in 0..<count where routes[index].arriving == payloadType { return routes[index] }
        return nil
    }
}
