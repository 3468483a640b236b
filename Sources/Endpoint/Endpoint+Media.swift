import DTLS
import RTP
package import SDP
import SRTP
package import Wire

// RTP, both ways.
extension Endpoint {
    /// What a packet needs beyond its payload: header, extension block, RTX's two bytes.
    private static let headerRoom = 96

    /// Whether a simulcast layer is sent; nil names the only one.
    package mutating func setLayer(_ rid: String?, isActive: Bool) {
        for index in outgoing.indices where outgoing[index].kind == .video && outgoing[index].rid == rid {
            outgoing[index].isActive = isActive
        }
    }

    /// The frames that have been made of a layer, and how many of them were key frames.
    package func framesSent(rid: String? = nil) -> (all: Int, key: Int) {
        for (stream, source) in videoSources where outgoing[stream].rid == rid {
            return (Int(source.frames), Int(source.keyFrames))
        }
        for (stream, source) in clipSources where outgoing[stream].rid == rid {
            return (Int(source.frames), Int(source.keyFrames))
        }
        return (0, 0)
    }

    /// The statistics of the first stream of a kind that is received.
    package func received(_ kind: MediaKind) -> StreamStatistics {
        incoming.first { $0.kind == kind }?.statistics ?? StreamStatistics()
    }

    /// Sends bytes of the caller's making as an RTP packet or RTCP compound, protected like any other: for tests of how
    /// the relay takes what no client should send. Returns false if SRTP cannot protect them.
    @discardableResult
    package mutating func sendProtected(_ bytes: [UInt8], isControl: Bool, into outbox: inout Outbox) -> Bool
    {
        guard isConnected, let target = ice.target else { return false }
        return outbox.append(to: target, peer: settings.slot, capacity: bytes.count + SRTPSession.overhead) {
            output in
            output.append(copying: bytes.span, 0..<bytes.count)
            return (isControl ? outbound?.protectControl(&output) : outbound?.protect(&output)) == true
        }
    }

    // MARK: - Leaving

    mutating func prepareStreams(for terms: RemoteTerms) {
        for stream in layout.streams {
            guard let section = terms.sections.first(where: { $0.mid == String(stream.section) }),
                section.receives
            else { continue }
            if let rid = stream.rid, !section.rids.contains(rid) { continue }
            let index = outgoing.count
            outgoing.append(
                OutgoingStream(
                    kind: section.kind, mid: section.mid, rid: stream.rid, ssrc: stream.ssrc,
                    retransmissionSSRC: stream.retransmissionSSRC, payloadType: section.payloadType,
                    retransmissionPayloadType: section.retransmissionPayloadType, using: &generator))
            if section.kind == .video, settings.clips.indices.contains(stream.layer) {
                let clip = ClipVideo(
                    settings.clips[stream.layer], packetBytes: settings.video.packetBytes,
                    pictureID: generator.next())
                clipSources.append((index, clip))
            } else if section.kind == .video {
                let layer = SyntheticVideo.Layer(rid: stream.rid, bitsPerSecond: stream.bitsPerSecond)
                videoSources.append(
                    (
                        index,
                        SyntheticVideo(
                            source: stream.ssrc, layer: layer, settings: settings.video,
                            pictureID: generator.next())
                    ))
            } else {
                audioSources.append((index, SyntheticAudio(source: stream.ssrc, settings: settings.audio)))
            }
        }
        if terms.hasTransportWideCC { ledger = FeedbackLedger() }
    }

    mutating func sendMedia(at now: Instant, into outbox: inout Outbox) {
        guard isSending else { return }
        if let due = nextFrame, due <= now {
            for index in videoSources.indices where outgoing[videoSources[index].stream].isActive {
                let payloads = videoSources[index].source.nextFrame(at: now)
                sendFrame(payloads, on: videoSources[index].stream, at: now, into: &outbox)
            }
            let interval = Duration.nanoseconds(1_000_000_000 / Int64(max(settings.video.framesPerSecond, 1)))
            // After a pause the frames in between are left out.
            nextFrame = due + interval < now ? now + interval : due + interval
        }
        for index in clipSources.indices where outgoing[clipSources[index].stream].isActive {
            while let frame = clipSources[index].source.nextFrame(at: now) {
                let stream = clipSources[index].stream
                sendFrame(frame.payloads, on: stream, shownAt: frame.shownAt, at: now, into: &outbox)
            }
        }
        if let due = nextSound, due <= now {
            for index in audioSources.indices {
                let payload = audioSources[index].source.nextPacket(at: now)
                sendFrame([payload], on: audioSources[index].stream, at: now, into: &outbox)
            }
            nextSound =
                due + SyntheticAudio.interval < now
                ? now + SyntheticAudio.interval : due + SyntheticAudio.interval
        }
    }

    private mutating func sendFrame(
        _ payloads: [[UInt8]], on stream: Int, shownAt: Instant? = nil, at now: Instant,
        into outbox: inout Outbox
    ) {
        let timestamp = outgoing[stream].timestamp(at: shownAt ?? now, since: origin)
        for (index, payload) in payloads.enumerated() {
            let isLast = index == payloads.count - 1 && outgoing[stream].kind == .video
            let packet = outgoing[stream].add(payload, timestamp: timestamp, hasMarker: isLast)
            send(packet, on: stream, asRetransmission: false, at: now, into: &outbox)
        }
    }

    /// Sends a packet for the first time or, on the RTX stream if there is one, again.
    mutating func send(
        _ packet: OutgoingStream.Stored, on index: Int, asRetransmission: Bool, at now: Instant,
        into outbox: inout Outbox
    ) {
        guard let target = ice.target else { return }
        var ssrc = outgoing[index].ssrc
        var payloadType = outgoing[index].payloadType
        var number = packet.sequenceNumber
        var original: UInt16?
        if asRetransmission, let rtx = outgoing[index].retransmissionSSRC,
            let type = outgoing[index].retransmissionPayloadType
        {
            ssrc = rtx
            payloadType = type
            number = outgoing[index].takeRetransmissionNumber()
            original = packet.sequenceNumber
        }
        let transportNumber = ledger?.take()
        let stream = outgoing[index]
        let level = stream.kind == .audio ? settings.audio.level | 0x80 : nil
        let isNamed = !stream.isAcknowledged || original != nil
        let capacity = packet.payload.count + Self.headerRoom + SRTPSession.overhead
        let isSent = outbox.append(to: target, peer: settings.slot, capacity: capacity) { output in
            output.append(0x90)
            output.append(payloadType | (packet.hasMarker ? 0x80 : 0))
            output.append(bigEndian: number)
            output.append(bigEndian: packet.timestamp)
            output.append(bigEndian: ssrc)
            var elements = ExtensionElements()
            elements.append(OfferLayout.absoluteSendTime, bytes: AbsoluteSendTime(now).rawValue, count: 3)
            if let transportNumber {
                elements.append(OfferLayout.transportWideCC, bytes: UInt32(transportNumber), count: 2)
            }
            if let level { elements.append(OfferLayout.audioLevel, bytes: UInt32(level), count: 1) }
            if isNamed {
                elements.append(OfferLayout.mid, text: stream.mid)
                if let rid = stream.rid {
                    elements.append(original == nil ? OfferLayout.rid : OfferLayout.repairedRID, text: rid)
                }
            }
            elements.write(into: &output)
            if let original { output.append(bigEndian: original) }
            output.append(copying: packet.payload.span, 0..<packet.payload.count)
            return outbound?.protect(&output) == true
        }
        if !isSent { counters.unsent += 1 }
    }

    // MARK: - Arriving

    mutating func receiveMedia(_ packet: Span<UInt8>, at now: Instant) {
        guard var header = RTPHeader(parsing: packet) else {
            counters.malformed += 1
            return
        }
        guard let terms else { return }
        let section = terms.sections.first {
            $0.payloadType == header.payloadType || $0.retransmissionPayloadType == header.payloadType
        }
        guard let section else {
            counters.unexplained += 1
            return
        }
        let isRetransmission = section.payloadType != header.payloadType
        if isRetransmission {
            guard header.payload.count >= 2, let primary = primary(of: header.ssrc, section.kind) else {
                counters.unexplained += 1
                return
            }
            header.sequenceNumber = packet.uint16(at: header.payload.lowerBound)
            header.payload = header.payload.lowerBound + 2..<header.payload.upperBound
            header.payloadType = section.payloadType
            header.ssrc = primary
        }
        guard let index = index(of: header.ssrc, in: section) else { return }
        incoming[index].receive(packet, header, isRetransmission: isRetransmission, at: now)
    }

    /// Counts a packet without decrypting it: the fixed header (RFC 3550 section 5.1) is in the clear.
    mutating func countMedia(_ packet: Span<UInt8>, at now: Instant) {
        guard packet.count >= RTPHeader.fixedLength, packet[0] >> 6 == 2 else {
            counters.malformed += 1
            return
        }
        let payloadType = packet[1] & 0x7F
        let ssrc = packet.uint32(at: 8)
        guard let terms else { return }
        if let section = terms.sections.first(where: { $0.payloadType == payloadType }) {
            guard let index = index(of: ssrc, in: section) else { return }
            incoming[index].count(
                packet.uint16(at: 2), timestamp: packet.uint32(at: 4), bytes: packet.count, at: now)
        } else if let section = terms.sections.first(where: { $0.retransmissionPayloadType == payloadType }) {
            guard let primary = primary(of: ssrc, section.kind),
                let index = incoming.firstIndex(where: { $0.ssrc == primary })
            else { return }
            incoming[index].countRetransmission()
        } else {
            counters.unexplained += 1
        }
    }

    /// The stream of an SSRC, begun now if it is a new one; nil if there are too many.
    private mutating func index(of ssrc: UInt32, in section: RemoteTerms.Section) -> Int? {
        if let known = incoming.firstIndex(where: { $0.ssrc == ssrc }) { return known }
        guard incoming.count < 64 else {
            counters.unexplained += 1
            return nil
        }
        incoming.append(
            IncomingStream(
                ssrc: ssrc, kind: section.kind, clockRate: section.kind == .audio ? 48000 : 90000,
                isRepairable: section.hasNACK, verifiesContent: settings.verifiesContent,
                requiresContent: settings.requiresSyntheticContent, codec: section.codec))
        return incoming.count - 1
    }

    private func primary(of retransmission: UInt32, _ kind: MediaKind) -> UInt32? {
        if let group = terms?.retransmissionGroups.first(where: { $0.rtx == retransmission }) {
            return group.primary
        }
        let candidates = incoming.filter { $0.kind == kind }
        return candidates.count == 1 ? candidates.first?.ssrc : nil
    }
}
