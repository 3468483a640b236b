import DTLS
import RTP
package import SDP
import SRTP
package import Wire

// RTP, both ways.
extension Endpoint {
    /// What a packet needs beyond its payload: header, extension block, RTX's two bytes.
    private static let headerRoom = 96
    /// The longest packet that can be padding alone: header, extensions, 255 bytes, tag.
    private static let longestPadding = RTPHeader.fixedLength + 32 + 255 + 16

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

    /// The stream in the section with this MID, by the SSRCs that the answer names; nil before its first packet.
    package func stream(in mid: String) -> IncomingStream? {
        incoming.first { $0.mid == mid }
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
                videoSources.append(
                    (
                        index,
                        SyntheticVideo(
                            source: stream.ssrc, layer: settings.video.layers[stream.layer],
                            settings: settings.video, pictureID: generator.next())
                    ))
            } else {
                audioSources.append((index, SyntheticAudio(source: stream.ssrc, settings: settings.audio)))
            }
        }
        if terms.hasTransportWideCC { ledger = FeedbackLedger() }
        if terms.arrivalExtension != nil {
            arrivals = TransportFeedbackRecorder(senderSSRC: ownSSRC, mediaSSRC: 0)
        }
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
                guard
                    let payload = audioSources[index].source.nextPacket(at: now, isSpeaking: audioLevel < 127)
                else { continue }
                sendFrame([payload], on: audioSources[index].stream, at: now, into: &outbox)
            }
            let interval = Duration.milliseconds(settings.audio.packetMilliseconds)
            nextSound = due + interval < now ? now + interval : due + interval
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
        var elements = ExtensionElements()
        elements.append(OfferLayout.absoluteSendTime, bytes: AbsoluteSendTime(now).rawValue, count: 3)
        if let transportNumber = ledger?.take() {
            elements.append(OfferLayout.transportWideCC, bytes: UInt32(transportNumber), count: 2)
        }
        if outgoing[index].kind == .audio {
            // The highest bit says that it is speech.
            let level = min(audioLevel, 127)
            elements.append(
                OfferLayout.audioLevel, bytes: UInt32(level < 127 ? level | 0x80 : level), count: 1)
        }
        if !outgoing[index].isAcknowledged || original != nil {
            elements.append(OfferLayout.mid, text: outgoing[index].mid)
            if let rid = outgoing[index].rid {
                elements.append(original == nil ? OfferLayout.rid : OfferLayout.repairedRID, text: rid)
            }
        }
        let capacity = packet.payload.count + Self.headerRoom + SRTPSession.overhead
        let isSent = outbox.append(to: target, peer: settings.slot, capacity: capacity) { output in
            output.append(0x90)
            output.append(payloadType | (packet.hasMarker ? 0x80 : 0))
            output.append(bigEndian: number)
            output.append(bigEndian: packet.timestamp)
            output.append(bigEndian: ssrc)
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
        noteArrival(packet, header.extensions, at: now)
        guard let role = terms?.routes.role(of: header.payloadType) else {
            counters.unexplained += 1
            return
        }
        if role.isRetransmission {
            guard header.payload.count >= 2 else {
                counters.padding += 1
                return
            }
            guard let primary = primary(of: header.ssrc) else {
                counters.unexplained += 1
                return
            }
            header.sequenceNumber = packet.uint16(at: header.payload.lowerBound)
            header.payload = header.payload.lowerBound + 2..<header.payload.upperBound
            header.ssrc = primary
        }
        guard let index = index(of: header.ssrc, role) else { return }
        incoming[index].receive(packet, header, isRetransmission: role.isRetransmission, at: now)
        if let data = header.extensions.range(of: OfferLayout.playoutDelay, in: packet), data.count == 3 {
            incoming[index].note(PlayoutDelay(rawValue: packet.uint24(at: data.lowerBound)))
        }
        if let due = incoming[index].deadline() { nextRepair = min(nextRepair ?? due, due) }
    }

    /// Counts a packet without decrypting it: the header (RFC 3550 section 5.1) and its extension are in the clear.
    mutating func countMedia(_ packet: Span<UInt8>, at now: Instant) {
        guard packet.count >= RTPHeader.fixedLength, packet[0] >> 6 == 2 else {
            counters.malformed += 1
            return
        }
        if let extensions = Self.extensions(of: packet) { noteArrival(packet, extensions, at: now) }
        guard let role = terms?.routes.role(of: packet[1] & 0x7F) else {
            counters.unexplained += 1
            return
        }
        let ssrc = packet.uint32(at: 8)
        // How much padding there is cannot be read without decryption: what could be nothing else is taken for it. Relays pad
        // long packets of media by a few bytes.
        let isPadding = packet[0] & 0x20 != 0 && packet.count <= Self.longestPadding
        guard !role.isRetransmission else {
            guard !isPadding else {
                counters.padding += 1
                return
            }
            guard let primary = primary(of: ssrc), let index = incomingSSRCs.firstIndex(of: primary) else {
                return
            }
            incoming[index].countRetransmission()
            return
        }
        guard let index = index(of: ssrc, role) else { return }
        incoming[index].count(
            packet.uint16(at: 2), timestamp: packet.uint32(at: 4), bytes: packet.count,
            hasMarker: packet[1] & 0x80 != 0, isPadding: isPadding, at: now)
    }

    /// The extension of a packet whose end, where the padding is told, cannot be read.
    private static func extensions(of packet: Span<UInt8>) -> HeaderExtensionBlock? {
        let offset = RTPHeader.fixedLength + Int(packet[0] & 0x0F) * 4
        guard packet[0] & 0x10 != 0, packet.count >= offset + 4, packet.uint16(at: offset) == 0xBEDE else {
            return nil
        }
        let length = Int(packet.uint16(at: offset + 2)) * 4
        guard packet.count >= offset + 4 + length else { return nil }
        return HeaderExtensionBlock(form: .oneByte, range: offset + 4..<offset + 4 + length)
    }

    /// The stream of an SSRC, begun now if it is a new one; nil if there are too many.
    private mutating func index(of ssrc: UInt32, _ role: PacketRoutes.Role) -> Int? {
        if let known = incomingSSRCs.firstIndex(of: ssrc) { return known }
        let named = terms?.routes.section(of: ssrc)
        guard incoming.count < 64, let section = terms?.sections[named ?? Int(role.section)] else {
            counters.unexplained += 1
            return nil
        }
        incoming.append(
            IncomingStream(
                ssrc: ssrc, kind: section.kind, mid: named == nil ? nil : section.mid,
                clockRate: section.kind == .audio ? 48000 : 90000, isRepairable: section.hasNACK,
                verifiesContent: settings.verifiesContent,
                requiresContent: settings.requiresSyntheticContent, codec: section.codec))
        incomingSSRCs.append(ssrc)
        return incoming.count - 1
    }

    private func primary(of retransmission: UInt32) -> UInt32? {
        if let primary = terms?.routes.primary(of: retransmission) { return primary }
        let candidates = incoming.filter { $0.kind == .video }
        return candidates.count == 1 ? candidates.first?.ssrc : nil
    }
}
