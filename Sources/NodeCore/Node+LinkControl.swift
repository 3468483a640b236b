import Forwarding
import Peering
import RTP
import Wire

// RTCP on links, both ways.
extension Node {
    private static let controlSize = 1200
    private static let reportInterval = Duration.seconds(1)
    /// How long the edge waits for what the origin misses, too. The origin asks every 100 ms.
    private static let repairPatience = Duration.milliseconds(300)

    // MARK: - Arriving

    mutating func receiveLinkControl(
        _ compound: Span<UInt8>, on link: Int, at now: Instant, into outbox: inout Outbox
    ) {
        var packets: [RTCPPacket] = []
        let isWhole = RTCPReader.forEachPacket(in: compound) { packets.append($0) }
        if !isWhole { counters.drops[.malformedRTCP] += 1 }
        for packet in packets {
            switch packet {
            case .senderReport(let report, _):
                receive(report, on: link, at: now)
            case .nack(let nack):
                var asked: [UInt16] = []
                nack.forEachSequenceNumber(in: compound) { asked.append($0) }
                repeatOverLink(asked, of: nack.media, on: link, into: &outbox)
            case .lossIndication(let indication):
                guard let place = cascade.links[link]?.place(of: indication.media),
                    let track = cascade.links[link]?.sources[place]?.track,
                    let encoding = cascade.links[link]?.sources[place]?.encoding
                else { continue }
                indication.forEachSequenceNumber(in: compound) { number in
                    upTracks[track]?.postponeRepair(number, of: encoding, until: now + Self.repairPatience)
                }
            case .pictureLossIndication(_, let media):
                requestKeyFrame(ofStream: media, on: link)
            case .fullIntraRequest(let request):
                var sources: [UInt32] = []
                request.forEachEntry(in: compound) { ssrc, _ in sources.append(ssrc) }
                for ssrc in sources { requestKeyFrame(ofStream: ssrc, on: link) }
            case .receiverReport, .sourceDescription, .goodbye, .transportFeedback,
                .receiverEstimatedMaximumBitrate, .extendedReport, .other:
                continue
            }
        }
    }

    /// Takes the clock of a publisher elsewhere, and what the other end has sent of its stream.
    private mutating func receive(_ report: SenderReport, on link: Int, at now: Instant) {
        guard let place = cascade.links[link]?.place(of: report.ssrc) else { return }
        let lost = cascade.links[link]?.countLosses(place, sent: report.packetCount) ?? 0
        counters.linkPacketsLost += UInt64(lost)
        guard let track = cascade.links[link]?.sources[place]?.track,
            let encoding = cascade.links[link]?.sources[place]?.encoding
        else { return }
        upTracks[track]?.receive(report, of: encoding, at: now)
    }

    /// The other end's request is one more subscriber's: merged with theirs.
    private mutating func requestKeyFrame(ofStream ssrc: UInt32, on link: Int) {
        guard let source = cascade.links[link]?.outgoing[ssrc], isCurrent(source),
            Int(source.encoding) < upTracks[Int(source.track)]?.encodingCount ?? 0
        else { return }
        counters.keyFrameRequestsReceived += 1
        upTracks[Int(source.track)]?.requestKeyFrame(of: Int(source.encoding), because: .link, .broken)
    }

    /// Sends packets again that were lost on the link; says of those that are not here that they are missed here, too.
    private mutating func repeatOverLink(
        _ numbers: [UInt16], of ssrc: UInt32, on link: Int, into outbox: inout Outbox
    ) {
        guard let source = cascade.links[link]?.outgoing[ssrc], isCurrent(source) else { return }
        let track = Int(source.track)
        let encoding = Int(source.encoding)
        guard encoding < upTracks[track]?.encodingCount ?? 0,
            let index = cascade.mirrors[track].firstIndex(where: { $0.link == link }),
            cascade.mirrors[track][index].ssrcs[encoding] == ssrc
        else { return }
        var lacking: [UInt16] = []
        for number in numbers {
            counters.nacksReceived += 1
            let stored = upTracks[track]?.withStored(number, of: encoding) { packet, header in
                (
                    bytes: [UInt8](capacity: packet.count) { $0.append(copying: packet, 0..<packet.count) },
                    header: header
                )
            }
            guard let stored = stored else {
                lacking.append(number)
                continue
            }
            if let refusal = sendVerbatim(stored.bytes.span, stored.header, as: ssrc, on: link, into: &outbox)
            {
                counters.drops[refusal] += 1
                continue
            }
            cascade.mirrors[track][index].packets[encoding] &+= 1
            counters.retransmissionsSent += 1
        }
        guard !lacking.isEmpty else { return }
        sendLinkControl(on: link, into: &outbox) { output in
            RTCPWriter.lossIndication(
                sender: CascadeLink.reportSSRC, media: ssrc, sequenceNumbers: lacking, into: &output)
        }
    }

    // MARK: - Leaving

    /// Ends lost links, and reports.
    mutating func advanceLinks(to now: Instant, into outbox: inout Outbox) {
        for link in 0..<cascade.links.slotCount where cascade.links.isOccupied(link) {
            if cascade.links[link]?.peer.advance(to: now, into: &outbox) != nil {
                counters.linksLost += 1
                closeLink(link, at: now)
                continue
            }
            guard let due = cascade.links[link]?.nextReport, due <= now else { continue }
            cascade.links[link]?.nextReport = now + Self.reportInterval
            sendLinkReport(on: link, at: now, into: &outbox)
        }
    }

    /// Passes a publisher's sender report on: its clocks, and the counts of what went over the link.
    mutating func copyToLinks(_ report: SenderReport, of source: Session.Source, into outbox: inout Outbox) {
        let track = source.track
        let encoding = source.encoding
        guard track < cascade.mirrors.count else { return }
        for mirror in cascade.mirrors[track] {
            guard encoding < mirror.ssrcs.count, mirror.ssrcs[encoding] != 0 else { continue }
            sendLinkControl(on: mirror.link, into: &outbox) { output in
                // Under one SSRC for all, since SRTCP keeps state for each.
                RTCPWriter.receiverReport(sender: CascadeLink.reportSSRC, blocks: [], into: &output)
                RTCPWriter.senderReport(
                    ssrc: mirror.ssrcs[encoding], ntpTimestamp: report.ntpTimestamp,
                    rtpTimestamp: report.rtpTimestamp, packetCount: mirror.packets[encoding],
                    octetCount: mirror.bytes[encoding], into: &output)
            }
        }
    }

    /// What arrives over the link, or an empty report: the other end hears at least this once a second.
    private mutating func sendLinkReport(on link: Int, at now: Instant, into outbox: inout Outbox) {
        var blocks: [ReportBlock] = []
        for place in (cascade.links[link]?.sources ?? []).indices {
            guard let track = cascade.links[link]?.sources[place]?.track,
                let encoding = cascade.links[link]?.sources[place]?.encoding,
                let block = upTracks[track]?.reportBlock(of: encoding, at: now)
            else { continue }
            blocks.append(block)
        }
        repeat {
            let reported = Array(blocks.prefix(RTCPWriter.maximumReportBlocks))
            blocks.removeFirst(reported.count)
            sendLinkControl(on: link, into: &outbox) { output in
                RTCPWriter.receiverReport(sender: CascadeLink.reportSSRC, blocks: reported, into: &output)
            }
        } while !blocks.isEmpty
    }

    mutating func sendLinkControl(
        on link: Int, into outbox: inout Outbox, _ write: (inout OutputSpan<UInt8>) -> Void
    ) {
        cascade.links[link]?.peer.sendControl(capacity: Self.controlSize, into: &outbox) { output in
            write(&output)
            return true
        }
    }
}
