import Congestion
import Forwarding
import Peering
import RTP
import SDP
import Wire

// RTCP, both ways. The page RTCP of the documentation says of each type what becomes of it.
extension Node {
    /// RTCP goes in datagrams of at most this size.
    private static let controlSize = 1200
    private static let reportInterval = Duration.seconds(1)
    /// The same on a weak link, where a report costs as much as half a packet of sound.
    private static let sparseReportInterval = Duration.seconds(3)
    /// How long a report waits for media that it can go along with.
    private static let reportPatience = Duration.milliseconds(100)
    private static let feedbackInterval = Duration.milliseconds(50)
    /// The longest that libwebrtc itself waits: at 50 ms feedback alone would be 10 kbit/s.
    private static let sparseFeedbackInterval = Duration.milliseconds(250)
    /// How long to wait for a packet that was asked for again; the publisher's round trip is not known.
    private static let repairInterval = Duration.milliseconds(100)

    // MARK: - Arriving

    /// Takes a decrypted compound of the peer in `slot`.
    mutating func receiveControl(
        _ compound: Span<UInt8>, from slot: Int, at now: Instant, into outbox: inout Outbox
    ) {
        var packets: [RTCPPacket] = []
        let isWhole = RTCPReader.forEachPacket(in: compound) { packets.append($0) }
        if !isWhole { counters.drops[.malformedRTCP] += 1 }
        for packet in packets {
            switch packet {
            case .senderReport(let report, let blocks):
                if let source = sessions[slot]?.source(report.ssrc), !source.isRetransmission {
                    upTracks[source.track]?.receive(report, of: source.encoding, at: now)
                    copyToLinks(report, of: source, into: &outbox)
                    copyToLanes(report, of: source, at: now)
                }
                receive(blocks, in: compound, from: slot, at: now)
            case .receiverReport(_, let blocks):
                receive(blocks, in: compound, from: slot, at: now)
            case .nack(let nack):
                guard let index = downTrack(of: slot, ssrc: nack.media) else { continue }
                var asked: [UInt16] = []
                nack.forEachSequenceNumber(in: compound) { asked.append($0) }
                sessions[slot]?.losses.note(at: now)
                for number in asked {
                    counters.nacksReceived += 1
                    retransmit(number, on: index, at: now, into: &outbox)
                }
            case .pictureLossIndication(_, let media):
                pictureLost(on: downTrack(of: slot, ssrc: media), at: now)
            case .fullIntraRequest(let request):
                var sources: [UInt32] = []
                request.forEachEntry(in: compound) { ssrc, _ in sources.append(ssrc) }
                for ssrc in sources { pictureLost(on: downTrack(of: slot, ssrc: ssrc), at: now) }
            case .transportFeedback(let feedback):
                receive(feedback, in: compound, from: slot, at: now)
            case .receiverEstimatedMaximumBitrate(let advice):
                receive(remb: advice.bitsPerSecond, from: slot, at: now)
            case .sourceDescription, .goodbye, .extendedReport, .lossIndication, .other:
                continue
            }
        }
    }

    private mutating func receive(
        _ blocks: ReportBlocks, in compound: Span<UInt8>, from slot: Int, at now: Instant
    ) {
        var worst: UInt8?
        var roundTrip: Duration?
        for number in 0..<blocks.count {
            let block = blocks.block(number, in: compound)
            guard let index = downTrack(of: slot, ssrc: block.ssrc) else { continue }
            downTracks[index]?.receive(block, at: now)
            noteLoss(block.fractionLost, on: index)
            worst = max(worst ?? 0, block.fractionLost)
            roundTrip = downTracks[index]?.roundTrip ?? roundTrip
        }
        if let worst {
            receive(loss: Double(worst) / 256, roundTrip: roundTrip, from: slot, at: now)
        }
    }

    private mutating func downTrack(of slot: Int, ssrc: UInt32) -> Int? {
        let indices = sessions[slot]?.downTracks ?? []
        return indices.first { index in downTracks[index]?.ssrc == ssrc }
    }

    private mutating func pictureLost(on downTrack: Int?, at now: Instant) {
        guard let downTrack else { return }
        counters.keyFrameRequestsReceived += 1
        guard let source = downTracks[downTrack]?.source, isCurrent(source),
            downTracks[downTrack]?.takeKeyFrameRequest(at: now) == true
        else { return }
        // The anchor and a resync frame always bring a lane's viewer back; until then frames are kept from it.
        if upTracks[Int(source.track)]?.isLane == true { downTracks[downTrack]?.waitForKeyFrame() }
        upTracks[Int(source.track)]?.requestKeyFrame(of: Int(source.encoding), because: .loss, .broken)
    }

    /// Whether the track that a reference names still exists.
    func isCurrent(_ source: SourceReference) -> Bool {
        upTracks.isOccupied(Int(source.track))
            && upTracks.generation(of: Int(source.track)) == source.generation
    }

    private mutating func isLane(_ source: SourceReference?) -> Bool {
        guard let source, isCurrent(source) else { return false }
        return upTracks[Int(source.track)]?.isLane == true
    }

    /// Sends a packet again that a subscriber has lost, when its link has room.
    private mutating func retransmit(
        _ outgoing: UInt16, on index: Int, at now: Instant, into outbox: inout Outbox
    ) {
        guard let bytes = repairSize(of: outgoing, on: index) else {
            counters.drops[.retransmissionUnavailable] += 1
            return
        }
        guard downTracks[index]?.takeRepair(of: outgoing, at: now) == true else {
            counters.drops[.retransmissionPending] += 1
            return
        }
        if hold(
            outgoing, payloadType: 0, bytes: bytes, .retransmission, of: index, at: now)
        {
            return
        }
        sendStored(outgoing, payloadType: 0, .retransmission, on: index, at: now, into: &outbox)
    }

    /// How large the packet is that went out under a number; nil if it is not stored any more, and of pictures that were given up
    /// for a lane's: what a link was too narrow for would only be in their way.
    private mutating func repairSize(of outgoing: UInt16, on index: Int) -> Int? {
        guard let origin = downTracks[index]?.origin(of: outgoing), isCurrent(origin.source),
            isLane(origin.source) || !isLane(downTracks[index]?.sources().present)
        else { return nil }
        return upTracks[Int(origin.source.track)]?.withStored(
            origin.sequenceNumber, of: Int(origin.source.encoding)
        ) { packet, _ in packet.count }
    }

    /// Sends a stored packet: for the first time after it was held back, or again.
    mutating func sendStored(
        _ outgoing: UInt16, payloadType: UInt8, _ kind: PacketKind, on index: Int, at now: Instant,
        into outbox: inout Outbox
    ) {
        guard let origin = downTracks[index]?.origin(of: outgoing), isCurrent(origin.source) else {
            counters.drops[.retransmissionUnavailable] += 1
            return
        }
        let track = Int(origin.source.track)
        // The packet is copied out of the store: such packets are rare, and the node stays free to change.
        let stored = upTracks[track]?.withStored(origin.sequenceNumber, of: Int(origin.source.encoding)) {
            packet, header in
            (
                bytes: [UInt8](capacity: packet.count) { $0.append(copying: packet, 0..<packet.count) },
                header: header
            )
        }
        guard let stored = stored, let identifiers = upTracks[track]?.identifiers else {
            counters.drops[.retransmissionUnavailable] += 1
            return
        }
        let codec = upTracks[track]?.codec(of: stored.header.payloadType)
        let payload = stored.bytes.span.extracting(stored.header.payload)
        let decision: DownTrack.Decision =
            if kind == .retransmission {
                downTracks[index]?.retransmit(
                    stored.header, payload: payload, codec: codec, from: upTracks[track]?.codecs ?? [],
                    as: outgoing, of: origin, at: now)
                    ?? .drop(.retransmissionUnavailable)
            } else {
                downTracks[index]?.rewrite(
                    stored.header, payload: payload, codec: codec, as: outgoing, payloadType: payloadType,
                    of: origin
                ).map { .send($0) } ?? .drop(.retransmissionUnavailable)
            }
        switch decision {
        case .drop(let reason):
            counters.drops[reason] += 1
            if kind == .retransmission { replaceLost(on: index, of: track, reason, at: now) }
        case .send(let rewrite):
            let extensions = ForwardedExtensions(
                in: stored.bytes.span, stored.header.extensions, identifiers: identifiers)
            if let refusal = send(
                stored.bytes.span, stored.header, extensions, as: rewrite, kind, on: index, at: now,
                into: &outbox)
            {
                counters.drops[refusal] += 1
            } else if kind == .retransmission {
                counters.retransmissionsSent += 1
                noteRepair(of: outgoing, on: index, of: track, at: now)
            } else {
                counters.packetsForwarded += 1
                counters.bytesForwarded += UInt64(stored.header.payload.count)
            }
        }
    }

    // MARK: - Leaving

    /// Asks the publisher in `slot` for what is missing and tells it what arrives.
    mutating func sendFeedback(to slot: Int, at now: Instant, into outbox: inout Outbox) {
        for track in sessions[slot]?.upTracks ?? [] {
            if upTracks[track]?.choosePreferred(at: now) == true, let room = sessions[slot]?.room {
                assignSources(in: room)
            }
            let count = upTracks[track]?.encodingCount ?? 0
            for encoding in 0..<count {
                repair(track, encoding, of: slot, at: now, into: &outbox)
                requestKeyFrame(track, encoding, of: slot, at: now, into: &outbox)
            }
        }
        guard let due = sessions[slot]?.nextFeedback, due <= now else { return }
        let isSpared = sessions[slot]?.profile.isWeak == true
        sessions[slot]?.nextFeedback = now + (isSpared ? Self.sparseFeedbackInterval : Self.feedbackInterval)
        guard sessions[slot]?.feedback?.hasReport == true, sessions[slot]?.feedback?.mediaSSRC != 0,
            var recorder = sessions[slot]?.feedback
        else {
            return
        }
        // Taken out while it is written from, so that its memory is not copied.
        sessions[slot]?.feedback = nil
        var hasMore = true
        while hasMore {
            hasMore = false
            sendControl(to: slot, into: &outbox) { output in hasMore = recorder.writeFeedback(into: &output) }
        }
        sessions[slot]?.feedback = recorder
    }

    /// Receiver reports to publishers and sender reports to subscribers, once a second, and on a weak link every three.
    ///
    /// - Parameter isPatient: whether they may wait for media to go along with.
    mutating func sendReports(
        to slot: Int, at now: Instant, into outbox: inout Outbox, isPatient: Bool = false
    ) {
        guard let due = sessions[slot]?.nextReport, due <= (isPatient ? now - Self.reportPatience : now)
        else { return }
        let isSpared = sessions[slot]?.profile.isWeak == true
        sessions[slot]?.nextReport = now + (isSpared ? Self.sparseReportInterval : Self.reportInterval)
        sendReceiverReport(to: slot, at: now, into: &outbox)
        // On a weak link two go in one datagram, whose headers are as long as a report.
        var waiting: SenderReport?
        for index in sessions[slot]?.downTracks ?? [] {
            guard let source = downTracks[index]?.sources().present, isCurrent(source),
                let clock = upTracks[Int(source.track)]?.clock(of: Int(source.encoding)),
                let report = downTracks[index]?.senderReport(from: clock, at: now)
            else { continue }
            if isSpared, waiting == nil {
                waiting = report
            } else {
                send(report, behind: waiting, to: slot, into: &outbox)
                waiting = nil
            }
        }
        if let waiting { send(waiting, behind: nil, to: slot, into: &outbox) }
    }

    /// Sends a sender report, and another one before it, as one compound.
    private mutating func send(
        _ report: SenderReport, behind other: SenderReport?, to slot: Int, into outbox: inout Outbox
    ) {
        let cname = sessions[slot]?.cname ?? ""
        sessions[slot]?.peer.sendControl(capacity: Self.controlSize, into: &outbox) { output in
            if let other { Self.write(other, into: &output) }
            Self.write(report, into: &output)
            if let other { RTCPWriter.sourceDescription(ssrc: other.ssrc, cname: cname, into: &output) }
            RTCPWriter.sourceDescription(ssrc: report.ssrc, cname: cname, into: &output)
            return true
        }
    }

    private static func write(_ report: SenderReport, into output: inout OutputSpan<UInt8>) {
        RTCPWriter.senderReport(
            ssrc: report.ssrc, ntpTimestamp: report.ntpTimestamp, rtpTimestamp: report.rtpTimestamp,
            packetCount: report.packetCount, octetCount: report.octetCount, into: &output)
    }

    private mutating func sendReceiverReport(to slot: Int, at now: Instant, into outbox: inout Outbox) {
        var blocks: [ReportBlock] = []
        var received = 0
        for track in sessions[slot]?.upTracks ?? [] {
            for encoding in 0..<(upTracks[track]?.encodingCount ?? 0) {
                if let block = upTracks[track]?.reportBlock(of: encoding, at: now) { blocks.append(block) }
                received += upTracks[track]?.bitsPerSecond(of: encoding, at: now) ?? 0
            }
        }
        guard !blocks.isEmpty, let ssrc = sessions[slot]?.ssrc, let cname = sessions[slot]?.cname else {
            return
        }
        var advised: UInt64?
        if sessions[slot]?.wantsREMB == true {
            let worst = blocks.map(\.fractionLost).max() ?? 0
            sessions[slot]?.advice.update(lossShare: Double(worst) / 256, receivedBitsPerSecond: received)
            advised = UInt64(sessions[slot]?.advice.bitsPerSecond ?? 0)
        }
        let reported = Array(blocks.prefix(RTCPWriter.maximumReportBlocks))
        sessions[slot]?.peer.sendControl(capacity: Self.controlSize, into: &outbox) { output in
            RTCPWriter.receiverReport(sender: ssrc, blocks: reported, into: &output)
            RTCPWriter.sourceDescription(ssrc: ssrc, cname: cname, into: &output)
            if let advised {
                RTCPWriter.receiverEstimatedMaximumBitrate(
                    sender: ssrc, bitsPerSecond: advised, ssrcs: reported.map(\.ssrc), into: &output)
            }
            return true
        }
    }

    private mutating func repair(
        _ track: Int, _ encoding: Int, of slot: Int, at now: Instant, into outbox: inout Outbox
    ) {
        missing.removeAll(keepingCapacity: true)
        // On a long way an answer takes longer than the usual wait, and asking again meanwhile would only cost.
        let patience = max(Self.repairInterval, sessions[slot]?.repairPatience ?? .zero)
        upTracks[track]?.dueRepairs(of: encoding, roundTrip: patience, into: &missing, at: now)
        guard !missing.isEmpty, let media = upTracks[track]?.ssrc(of: encoding),
            let ssrc = sessions[slot]?.ssrc
        else { return }
        counters.nacksSent += UInt64(missing.count)
        let asked = missing
        sendControl(to: slot, into: &outbox) { output in
            RTCPWriter.nack(
                sender: ssrc, media: media, sequenceNumbers: Array(asked.prefix(RTCPWriter.maximumNACKPairs)),
                into: &output)
        }
    }

    private mutating func requestKeyFrame(
        _ track: Int, _ encoding: Int, of slot: Int, at now: Instant, into outbox: inout Outbox
    ) {
        guard let feedback = upTracks[track]?.feedback,
            let room = sessions[slot]?.room, let isStorm = rooms[room]?.storm.isRaging(at: now),
            upTracks[track]?.takeKeyFrameRequest(of: encoding, at: now, isStorm: isStorm) == true,
            let media = upTracks[track]?.ssrc(of: encoding), let ssrc = sessions[slot]?.ssrc
        else { return }
        counters.keyFrameRequestsSent += 1
        let number = UInt8(truncatingIfNeeded: counters.keyFrameRequestsSent)
        sendControl(to: slot, into: &outbox) { output in
            if feedback.contains(.pli) {
                RTCPWriter.pictureLossIndication(sender: ssrc, media: media, into: &output)
            } else {
                RTCPWriter.fullIntraRequest(sender: ssrc, media: media, sequenceNumber: number, into: &output)
            }
        }
    }

    /// Sends feedback: alone if the peer agreed to that (RFC 5506), else behind an empty receiver report. For a publisher
    /// elsewhere it goes over the link.
    private mutating func sendControl(
        to slot: Int, into outbox: inout Outbox, _ write: (inout OutputSpan<UInt8>) -> Void
    ) {
        if let link = sessions[slot]?.mirrored?.link {
            sendLinkControl(on: link, into: &outbox, write)
            return
        }
        guard let ssrc = sessions[slot]?.ssrc, let cname = sessions[slot]?.cname,
            let isReduced = sessions[slot]?.usesReducedSizeRTCP
        else { return }
        sessions[slot]?.peer.sendControl(capacity: Self.controlSize, into: &outbox) { output in
            if !isReduced {
                RTCPWriter.receiverReport(sender: ssrc, blocks: [], into: &output)
                RTCPWriter.sourceDescription(ssrc: ssrc, cname: cname, into: &output)
            }
            write(&output)
            return true
        }
    }
}
