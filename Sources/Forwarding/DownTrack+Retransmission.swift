package import RTP
package import SDP
package import Wire

// What is sent again, or later than it was decided on.
extension DownTrack {
    /// Whether a packet that was asked for is to be sent again, and is not on its way already or waits for its turn. It is taken as
    /// sent from now on.
    package mutating func takeRepair(of outgoing: UInt16, at now: Instant) -> Bool {
        let trip = roundTrip ?? (weakLink.isOn ? WeakLink.assumedRoundTrip : nil)
        guard !repairs.isPending(outgoing, roundTrip: trip, at: now) else { return false }
        repairs.sent(outgoing, at: now)
        return true
    }

    /// Decides whether a stored packet is sent again as number `outgoing`: on the RTX stream (RFC 4588) if there is
    /// one, else byte for byte as it was, since SRTP must not seal two different packets under one number (RFC 7714
    /// section 9.1). What came of the source before the present one is still waited for: who lost its last pictures would
    /// else see none until the present one's first.
    ///
    /// - Parameters:
    ///   - payload: what was stored after the header.
    ///   - arriving: what the packet's source can send.
    package mutating func retransmit(
        _ header: RTPHeader, payload: Span<UInt8>, codec: Codec?, from arriving: [NegotiatedCodec],
        as outgoing: UInt16, of origin: Munger.Origin, at now: Instant
    ) -> Decision {
        guard source != nil, let route = route(of: header.payloadType, from: arriving, of: origin.source)
        else { return .drop(.retransmissionUnavailable) }
        let packet = codec?.video.map { PacketDescription($0, payload) } ?? PacketDescription()
        guard let rewritten = munger.patch(packet, of: origin) else {
            return .drop(.retransmissionUnavailable)
        }
        let timestamp = header.timestamp &+ origin.timestampOffset
        if weakLink.isOn, !showsStills, weakLink.isTooLate(age: age(of: timestamp, at: now), at: now) {
            return .drop(.retransmissionTooLate)
        }
        budget.isTight = weakLink.isOn && !showsStills
        guard budget.take(bytes: header.payload.count, at: now) else { return .drop(.retransmissionBudget) }
        let hasMarker = header.hasMarker || origin.isMarked
        guard let retransmissionSSRC, let payloadType = route.retransmission else {
            return .send(
                Rewrite(
                    session: session, ssrc: ssrc,
                    numbers: .init(sequenceNumber: outgoing, timestamp: timestamp),
                    payloadType: route.leaving, hasMarker: hasMarker, replaced: nil,
                    mid: midIfEarly(outgoing), identifiers: identifiers, playoutDelay: nil,
                    originalSequenceNumber: nil, patch: rewritten.patch,
                    frameNumberOffset: rewritten.frameNumberOffset, mayBePadded: false))
        }
        retransmissionSequence &+= 1
        return .send(
            Rewrite(
                session: session, ssrc: retransmissionSSRC,
                numbers: .init(sequenceNumber: retransmissionSequence, timestamp: timestamp),
                payloadType: payloadType, hasMarker: hasMarker, replaced: nil, mid: mid,
                identifiers: identifiers, playoutDelay: weakLink.isHolding ? weakLink.playoutDelay : nil,
                originalSequenceNumber: outgoing, patch: rewritten.patch,
                frameNumberOffset: rewritten.frameNumberOffset, mayBePadded: false))
    }

    /// A packet that was decided on and has waited since: what changes in it on the way out. Its source may have been given
    /// up meanwhile.
    ///
    /// - Parameters:
    ///   - payload: what was stored after the header.
    ///   - payloadType: as it was decided.
    package func rewrite(
        _ header: RTPHeader, payload: Span<UInt8>, codec: Codec?, as outgoing: UInt16, payloadType: UInt8,
        of origin: Munger.Origin
    ) -> Rewrite? {
        let packet = codec?.video.map { PacketDescription($0, payload) } ?? PacketDescription()
        guard let rewritten = munger.patch(packet, of: origin) else { return nil }
        return Rewrite(
            session: session, ssrc: ssrc,
            numbers: .init(
                sequenceNumber: outgoing, timestamp: header.timestamp &+ origin.timestampOffset),
            payloadType: payloadType, hasMarker: header.hasMarker || origin.isMarked, replaced: nil,
            mid: midIfEarly(outgoing), identifiers: identifiers,
            playoutDelay: playoutDelay(for: outgoing, isKeyFrame: packet.isKeyFrameStart),
            originalSequenceNumber: nil, patch: rewritten.patch,
            frameNumberOffset: rewritten.frameNumberOffset, mayBePadded: false)
    }

    /// The next packet of padding; nil without an RTX stream, and before the first picture.
    package mutating func padding() -> PaddingHeader? {
        guard let retransmissionSSRC, packetsSent > 0, let payloadType = routes.retransmission else {
            return nil
        }
        retransmissionSequence &+= 1
        return PaddingHeader(
            payloadType: payloadType, sequenceNumber: retransmissionSequence,
            timestamp: munger.lastTimestamp, ssrc: retransmissionSSRC)
    }

    /// Takes note that a lost packet is not sent again. Returns whether a picture that does without it is to be asked for.
    package mutating func takeResync(at now: Instant) -> Bool {
        !showsStills && weakLink.takeResync(at: now)
    }

    /// Takes note that a packet is asked for, and sent again. Returns whether a picture that does without it is to be asked for,
    /// since it does not get through.
    package mutating func isHopeless(_ outgoing: UInt16, at now: Instant) -> Bool {
        !showsStills && persistentLoss.isHopeless(outgoing, roundTrip: roundTrip, at: now)
    }

    /// Whether pictures come so far apart that the loss of one shows with the next: then late is better than never.
    private var showsStills: Bool {
        if case .lane(_, grade: .still) = layerTarget { true } else { false }
    }

    /// How long ago the packets of a time were sent, by the media's clock.
    private func age(of timestamp: UInt32, at now: Instant) -> Duration {
        let ticks = Int32(bitPattern: munger.lastTimestamp &- timestamp)
        let behind = Duration.microseconds(Int64(max(ticks, 0)) * 1_000_000 / Int64(clockRate))
        return behind + (munger.lastSent.map { now - $0 } ?? .zero)
    }
}
