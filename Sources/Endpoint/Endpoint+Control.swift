import DTLS
import RTP
import SDP
import SRTP
package import Wire

// RTCP, both ways.
extension Endpoint {
    private static let controlSize = 1200
    private static let reportInterval = Duration.seconds(1)
    private static let usualRoundTrip = Duration.milliseconds(100)

    /// The SSRC under which feedback goes.
    var ownSSRC: UInt32 { outgoing.first?.ssrc ?? 1 }

    /// Asks for a key frame of every picture that is received, without a reason.
    package mutating func requestKeyFrames(into outbox: inout Outbox) {
        for stream in incoming where stream.kind == .video { requestKeyFrame(of: stream.ssrc, into: &outbox) }
    }

    // MARK: - Arriving

    mutating func receiveControl(_ compound: Span<UInt8>, at now: Instant, into outbox: inout Outbox) {
        var packets: [RTCPPacket] = []
        if !RTCPReader.forEachPacket(in: compound, { packets.append($0) }) { counters.malformed += 1 }
        for packet in packets {
            switch packet {
            case .senderReport(let report, let blocks):
                for index in incoming.indices where incoming[index].ssrc == report.ssrc {
                    incoming[index].receive(report, at: now)
                }
                receive(blocks, in: compound)
            case .receiverReport(_, let blocks):
                receive(blocks, in: compound)
            case .nack(let nack):
                var asked: [UInt16] = []
                nack.forEachSequenceNumber(in: compound) { asked.append($0) }
                for number in asked { retransmit(number, of: nack.media, at: now, into: &outbox) }
            case .pictureLossIndication(_, let media):
                keyFrameRequested(of: media)
            case .fullIntraRequest(let request):
                var sources: [UInt32] = []
                request.forEachEntry(in: compound) { ssrc, _ in sources.append(ssrc) }
                for ssrc in sources { keyFrameRequested(of: ssrc) }
            case .transportFeedback(let header):
                ledger?.receive(header, in: compound, at: now)
            case .receiverEstimatedMaximumBitrate(let estimate):
                advisedBitsPerSecond = estimate.bitsPerSecond
            case .goodbye:
                counters.goodbyes += 1
            case .sourceDescription, .extendedReport, .lossIndication, .other:
                continue
            }
        }
    }

    private mutating func receive(_ blocks: ReportBlocks, in compound: Span<UInt8>) {
        for number in 0..<blocks.count {
            let block = blocks.block(number, in: compound)
            for index in outgoing.indices where outgoing[index].ssrc == block.ssrc {
                outgoing[index].isAcknowledged = true
                outgoing[index].report = block
            }
        }
    }

    private mutating func retransmit(
        _ number: UInt16, of media: UInt32, at now: Instant, into outbox: inout Outbox
    ) {
        guard let index = outgoing.firstIndex(where: { $0.ssrc == media }) else { return }
        outgoing[index].nacksReceived += 1
        guard let packet = outgoing[index].stored(number) else {
            outgoing[index].nacksUnanswered += 1
            return
        }
        send(packet, on: index, asRetransmission: true, at: now, into: &outbox)
    }

    private mutating func keyFrameRequested(of media: UInt32) {
        guard let stream = outgoing.firstIndex(where: { $0.ssrc == media }) else { return }
        outgoing[stream].keyFrameRequestsReceived += 1
        for index in videoSources.indices where videoSources[index].stream == stream {
            videoSources[index].source.requestKeyFrame()
        }
        for index in clipSources.indices where clipSources[index].stream == stream {
            clipSources[index].source.requestKeyFrame()
        }
    }

    // MARK: - Leaving

    /// Asks for what is missing.
    mutating func sendFeedback(at now: Instant, into outbox: inout Outbox) {
        guard let due = nextRepair, due <= now else { return }
        nextRepair = nil
        let roundTrip = max(ice.roundTrip ?? Self.usualRoundTrip, .milliseconds(20))
        for index in incoming.indices {
            guard let due = incoming[index].deadline() else { continue }
            guard due <= now else {
                nextRepair = min(nextRepair ?? due, due)
                continue
            }
            var missing: [UInt16] = []
            incoming[index].advance(to: now, roundTrip: roundTrip, missing: &missing)
            let media = incoming[index].ssrc
            let sender = ownSSRC
            if !missing.isEmpty {
                sendControl(into: &outbox) { output in
                    RTCPWriter.nack(sender: sender, media: media, sequenceNumbers: missing, into: &output)
                }
            }
            if incoming[index].takeKeyFrameRequest(at: now) { requestKeyFrame(of: media, into: &outbox) }
            if let due = incoming[index].deadline() { nextRepair = min(nextRepair ?? due, due) }
        }
    }

    /// Sender reports of all streams and one receiver report, once a second. Who has nothing to tell of, as it does not
    /// decrypt, sends an empty one (RFC 3550 section 6.4.2).
    mutating func sendReports(at now: Instant, into outbox: inout Outbox) {
        guard let due = nextReport, due <= now else { return }
        nextReport = now + Self.reportInterval
        let cname = cname
        let ntp = NTPTime(nanosecondsSince1970: now.nanoseconds &+ IncomingStream.wallClockOrigin)
        var hasReported = false
        for stream in outgoing where stream.packetsSent > 0 && stream.isActive {
            hasReported = true
            let timestamp = stream.timestamp(at: now, since: origin)
            sendControl(into: &outbox) { output in
                RTCPWriter.senderReport(
                    ssrc: stream.ssrc, ntpTimestamp: ntp.rawValue, rtpTimestamp: timestamp,
                    packetCount: stream.packetsSent, octetCount: stream.octetsSent, into: &output)
                RTCPWriter.sourceDescription(ssrc: stream.ssrc, cname: cname, into: &output)
            }
        }
        var blocks: [ReportBlock] = []
        for index in incoming.indices { blocks.append(incoming[index].reportBlock(at: now)) }
        let sender = ownSSRC
        while !blocks.isEmpty || !hasReported {
            hasReported = true
            let told = Array(blocks.prefix(RTCPWriter.maximumReportBlocks))
            blocks.removeFirst(told.count)
            sendControl(into: &outbox) { output in
                RTCPWriter.receiverReport(sender: sender, blocks: told, into: &output)
                RTCPWriter.sourceDescription(ssrc: sender, cname: cname, into: &output)
            }
        }
    }

    /// Tells the relay what the path to this endpoint takes, as a receiver that estimates that itself (REMB).
    package mutating func advise(bitsPerSecond: UInt64, into outbox: inout Outbox) {
        let sender = ownSSRC
        let sources = incoming.map(\.ssrc)
        sendControl(into: &outbox) { output in
            RTCPWriter.receiverReport(sender: sender, blocks: [], into: &output)
            RTCPWriter.receiverEstimatedMaximumBitrate(
                sender: sender, bitsPerSecond: bitsPerSecond, ssrcs: sources, into: &output)
        }
    }

    private mutating func requestKeyFrame(of media: UInt32, into outbox: inout Outbox) {
        let sender = ownSSRC
        sendControl(into: &outbox) { output in
            RTCPWriter.pictureLossIndication(sender: sender, media: media, into: &output)
        }
    }

    mutating func sendControl(into outbox: inout Outbox, _ write: (inout OutputSpan<UInt8>) -> Void) {
        guard isConnected, let target = ice.target else { return }
        let capacity = Self.controlSize + SRTPSession.overhead
        let isSent = outbox.append(to: target, peer: settings.slot, capacity: capacity) { output in
            write(&output)
            return outbound?.protectControl(&output) == true
        }
        if !isSent { counters.unsent += 1 }
    }
}
