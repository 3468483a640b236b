import Wire

/// Reads RTCP compounds (RFC 3550 section 6.1) and single packets (RFC 5506).
package enum RTCPReader {
    /// Calls `body` for every packet of `compound`, in order.
    ///
    /// - Returns: `false` when the compound is malformed; what came before the malformation has been
    ///   delivered.
    package static func forEachPacket(in compound: Span<UInt8>, _ body: (RTCPPacket) -> Void) -> Bool {
        var offset = 0
        repeat {
            guard compound.count - offset >= 4, compound[offset] >> 6 == 2 else { return false }
            let end = offset + (Int(compound.uint16(at: offset + 2)) + 1) * 4
            guard end <= compound.count else { return false }
            var contentEnd = end
            if compound[offset] & 0x20 != 0 {
                // RFC 3550 section 6.4.1 wants multiples of four at the end of a compound; libwebrtc fills up transport-wide
                // feedback with one to three bytes, wherever it stands.
                let padding = Int(compound[end - 1])
                guard padding > 0, padding <= end - offset - 4 else { return false }
                contentEnd -= padding
            }
            guard let packet = parsePacket(compound, from: offset, to: contentEnd) else { return false }
            body(packet)
            offset = end
        } while offset < compound.count
        return true
    }

    /// Calls `body` for every block of an extended report whose content is in `range`.
    ///
    /// - Returns: `false` when a block does not fit; those before it have been delivered.
    @discardableResult
    package static func forEachExtendedReportBlock(
        in compound: Span<UInt8>, range: Range<Int>, _ body: (ExtendedReportBlock) -> Void
    ) -> Bool {
        guard range.count >= 4, range.upperBound <= compound.count else { return false }
        let sender = compound.uint32(at: range.lowerBound)
        var offset = range.lowerBound + 4
        while offset < range.upperBound {
            guard range.upperBound - offset >= 4 else { return false }
            let type = compound[offset]
            let length = Int(compound.uint16(at: offset + 2)) * 4
            offset += 4
            guard length <= range.upperBound - offset else { return false }
            switch type {
            case RTCPType.receiverReferenceTime:
                guard length == 8 else { return false }
                body(.receiverReferenceTime(sender: sender, ntpTimestamp: compound.uint64(at: offset)))
            case RTCPType.delaySinceLastReference:
                guard length % 12 == 0 else { return false }
                for item in stride(from: offset, to: offset + length, by: 12) {
                    body(
                        .delaySinceLastReference(
                            sender: sender,
                            ssrc: compound.uint32(at: item),
                            lastReceiverReference: compound.uint32(at: item + 4),
                            delay: compound.uint32(at: item + 8)))
                }
            default:
                body(.other(blockType: type))
            }
            offset += length
        }
        return true
    }

    private static func parsePacket(_ compound: Span<UInt8>, from start: Int, to end: Int) -> RTCPPacket? {
        let count = compound[start] & 0x1F
        let type = compound[start + 1]
        let content = end - start
        switch type {
        case RTCPType.senderReport:
            let blocks = start + 28
            guard content >= 28 + Int(count) * ReportBlock.length else { return nil }
            let report = SenderReport(
                ssrc: compound.uint32(at: start + 4),
                ntpTimestamp: compound.uint64(at: start + 8),
                rtpTimestamp: compound.uint32(at: start + 16),
                packetCount: compound.uint32(at: start + 20),
                octetCount: compound.uint32(at: start + 24))
            return .senderReport(report, reports: reportBlocks(Int(count), at: blocks))
        case RTCPType.receiverReport:
            guard content >= 8 + Int(count) * ReportBlock.length else { return nil }
            return .receiverReport(
                ssrc: compound.uint32(at: start + 4), reports: reportBlocks(Int(count), at: start + 8))
        case RTCPType.sourceDescription:
            return .sourceDescription
        case RTCPType.goodbye:
            guard content >= 4 + Int(count) * 4 else { return nil }
            return .goodbye(range: start + 4..<start + 4 + Int(count) * 4, count: Int(count))
        case RTCPType.transportFeedback, RTCPType.payloadFeedback:
            guard content >= 12 else { return nil }
            return parseFeedback(compound, type: type, format: count, from: start, to: end)
        case RTCPType.extendedReport:
            guard content >= 8 else { return nil }
            return .extendedReport(range: start + 4..<end)
        default:
            return .other(packetType: type, format: count)
        }
    }

    private static func reportBlocks(_ count: Int, at offset: Int) -> ReportBlocks {
        ReportBlocks(range: offset..<offset + count * ReportBlock.length, count: count)
    }

    /// Both kinds of feedback begin alike (RFC 4585 section 6.1): header, sender, media, then the control
    /// information.
    private static func parseFeedback(
        _ compound: Span<UInt8>, type: UInt8, format: UInt8, from start: Int, to end: Int
    ) -> RTCPPacket? {
        let sender = compound.uint32(at: start + 4)
        let media = compound.uint32(at: start + 8)
        let control = start + 12
        switch (type, format) {
        case (RTCPType.transportFeedback, RTCPType.genericNACK):
            return .nack(GenericNACK(sender: sender, media: media, range: control..<end))
        case (RTCPType.transportFeedback, RTCPType.thirdPartyLoss):
            return .lossIndication(GenericNACK(sender: sender, media: media, range: control..<end))
        case (RTCPType.transportFeedback, RTCPType.transportWide):
            guard end - control >= 8 else { return nil }
            return .transportFeedback(
                TransportFeedbackHeader(
                    sender: sender,
                    media: media,
                    baseSequenceNumber: compound.uint16(at: control),
                    statusCount: Int(compound.uint16(at: control + 2)),
                    referenceTime: Int32(bitPattern: compound.uint24(at: control + 4) << 8) >> 8,
                    feedbackCount: compound[control + 7],
                    range: control + 8..<end))
        case (RTCPType.payloadFeedback, RTCPType.pictureLossIndication):
            return .pictureLossIndication(sender: sender, media: media)
        case (RTCPType.payloadFeedback, RTCPType.fullIntraRequest):
            return .fullIntraRequest(FullIntraRequest(sender: sender, range: control..<end))
        case (RTCPType.payloadFeedback, RTCPType.applicationLayer):
            guard end - control >= 8, compound.uint32(at: control) == REMB.identifier else {
                return .other(packetType: type, format: format)
            }
            let sources = control + 8..<control + 8 + Int(compound[control + 4]) * 4
            guard sources.upperBound <= end else { return nil }
            return .receiverEstimatedMaximumBitrate(
                REMB(
                    sender: sender,
                    bitsPerSecond: REMB.decode(compound.uint24(at: control + 5)),
                    range: sources))
        default:
            return .other(packetType: type, format: format)
        }
    }
}
