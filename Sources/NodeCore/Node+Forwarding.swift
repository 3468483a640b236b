import Congestion
import Forwarding
import Peering
import RTP
import SDP
import Wire

// The router: from a decrypted packet to the batch that is offered to subscribers.
extension Node {
    /// Takes a decrypted RTP packet of the publisher in `slot`.
    mutating func receiveMedia(
        _ packet: Span<UInt8>, from slot: Int, at now: Instant, into outbox: inout Outbox
    ) {
        guard var header = RTPHeader(parsing: packet) else {
            counters.drops[.malformedRTP] += 1
            return
        }
        guard sessions[slot]?.isPublishing == true else {
            counters.drops[.notPublishing] += 1
            return
        }
        counters.packetsReceived += 1
        counters.bytesReceived += UInt64(packet.count)
        recordArrival(of: header, in: packet, from: slot, at: now)

        guard
            let source = sessions[slot]?.source(header.ssrc)
                ?? identify(header, in: packet, from: slot, at: now)
        else {
            counters.drops[.unknownSource] += 1
            return
        }
        if source.isRetransmission {
            guard restore(&header, of: source, in: packet) else {
                counters.drops[header.payload.isEmpty ? .padding : .unusableRetransmission] += 1
                return
            }
            counters.retransmissionsReceived += 1
        }
        accept(packet, header, of: source, from: slot, at: now, into: &outbox)
    }

    /// Takes a packet whose encoding is known, from a publisher or over a link, from a mix, or from a lane, which says whom it is for.
    /// It is offered to subscribers by the next `forward`.
    mutating func accept(
        _ packet: Span<UInt8>, _ header: RTPHeader, of source: Session.Source, from slot: Int,
        audience: PacketDescription.Audience? = nil, at now: Instant, into outbox: inout Outbox
    ) {
        let track = source.track
        guard let codec = upTracks[track]?.codec(of: header.payloadType) else {
            counters.drops[.unknownPayloadType] += 1
            return
        }
        guard upTracks[track]?.isMuted != true else {
            counters.drops[.muted] += 1
            return
        }
        let reference = SourceReference(
            track: UInt32(truncatingIfNeeded: track), generation: upTracks.generation(of: track),
            encoding: UInt8(truncatingIfNeeded: source.encoding))
        var isRestart = false
        switch upTracks[track]?.receive(
            packet, header, of: source.encoding, isRetransmission: source.isRetransmission, at: now)
        {
        case .refused(let reason):
            counters.drops[reason] += 1
            return
        case .restarted:
            isRestart = true
            encodingBegan(source.encoding, of: track, from: slot)
        case .accepted, nil:
            break
        }
        if let transcoder = upTracks[track]?.transcoder {
            collect(packet, header, of: source.encoding, for: transcoder, at: now)
        }
        if let voice = upTracks[track]?.voice {
            collect(packet, header, for: voice, of: track, at: now)
        }
        let description =
            if let audience {
                upTracks[track]?.describe(packet, header, for: audience, at: now) ?? PacketDescription()
            } else {
                upTracks[track]?.describe(packet, header, of: source.encoding, at: now) ?? PacketDescription()
            }
        if description.isKeyFrameStart, audience == nil {
            counters.keyFramesReceived += 1
            let cause = upTracks[track]?.keyFrameArrived(of: source.encoding, at: now) ?? .unasked
            counters.keyFrameCauses[cause.rawValue] += 1
        }
        if codec.kind == .audio {
            listen(to: header, in: packet, of: track, from: slot, at: now)
        }
        guard let identifiers = upTracks[track]?.identifiers else { return }
        if batch.isFull { _ = forward(at: now, into: &outbox) }
        batch.append(
            packet, header, description,
            ForwardedExtensions(in: packet, header.extensions, identifiers: identifiers),
            upTracks[track]?.kind == .audio ? .audio : .video, from: reference, isRestart: isRestart,
            at: now)
    }

    // MARK: - Sources

    /// Notes the arrival for transport-wide feedback.
    private mutating func recordArrival(
        of header: RTPHeader, in packet: Span<UInt8>, from slot: Int, at now: Instant
    ) {
        guard let id = sessions[slot]?.transportSequenceID, id != 0,
            let data = header.extensions.range(of: id, in: packet), data.count >= 2
        else { return }
        sessions[slot]?.feedback?.record(sequenceNumber: packet.uint16(at: data.lowerBound), at: now)
    }

    /// Turns a packet of an RTX stream back into the one that it carries (RFC 4588 section 4): only offsets change.
    private mutating func restore(
        _ header: inout RTPHeader, of source: Session.Source, in packet: Span<UInt8>
    ) -> Bool {
        guard header.payload.count >= 2, let track = upTracks.isOccupied(source.track) ? source.track : nil,
            let payloadType = upTracks[track]?.associatedPayloadType(of: header.payloadType),
            let ssrc = upTracks[track]?.ssrc(of: source.encoding)
        else { return false }
        header.sequenceNumber = packet.uint16(at: header.payload.lowerBound)
        header.payload = header.payload.lowerBound + 2..<header.payload.upperBound
        header.payloadType = payloadType
        header.ssrc = ssrc
        return true
    }

    /// Finds out what a new SSRC stands for, by MID and RID (RFC 9143, RFC 8852), by the offer's a=ssrc lines, or by the
    /// payload type where only one section has it, and remembers it.
    private mutating func identify(
        _ header: RTPHeader, in packet: Span<UInt8>, from slot: Int, at now: Instant
    ) -> Session.Source? {
        let tracks = sessions[slot]?.upTracks ?? []
        var match: (track: Int, hint: SourceHint)?
        for track in tracks {
            guard let hint = upTracks[track]?.hint(for: header, in: packet) else { continue }
            if match == nil || hint.isCertain { match = (track, hint) }
            if hint.isCertain { break }
        }
        guard let (track, hint) = match else { return nil }
        let source: Session.Source
        switch hint.stream {
        case .encoding(let rid):
            guard let encoding = upTracks[track]?.add(ssrc: header.ssrc, rid: rid) else { return nil }
            source = .init(ssrc: header.ssrc, track: track, encoding: encoding, isRetransmission: false)
            if encoding == 0 {
                let codec = upTracks[track]?.codec(of: header.payloadType)
                report(.trackStarted(kind: hint.kind.rawValue, codec: codec?.name ?? "unknown"), of: slot)
                announce(codec: codec?.name ?? "unknown", of: track, from: slot)
            }
        case .retransmission(let encoding):
            source = .init(ssrc: header.ssrc, track: track, encoding: encoding, isRetransmission: true)
        }
        sessions[slot]?.latch(source)
        sessions[slot]?.feedback?.mediaSSRC = header.ssrc
        if !source.isRetransmission, let room = sessions[slot]?.room {
            // The first packet of a track is often that of a key frame, which those who wait for it should get.
            if source.encoding == 0 { assignSources(in: room) } else { rooms[room]?.isStale = true }
        }
        return source
    }

    /// Follows who speaks.
    private mutating func listen(
        to header: RTPHeader, in packet: Span<UInt8>, of track: Int, from slot: Int, at now: Instant
    ) {
        guard let id = upTracks[track]?.identifiers.audioLevel, id != 0,
            let data = header.extensions.range(of: id, in: packet),
            let level = AudioLevel(parsing: packet, at: data), let room = sessions[slot]?.room
        else { return }
        // Slots are assigned anew with the next tick: nothing that takes long happens between two packets.
        if rooms[room]?.heard(slot, level: level.level, at: now) == true { rooms[room]?.isStale = true }
    }
}
