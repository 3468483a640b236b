import Wire

/// Writes RTCP packets. Every function appends one whole packet; the caller has made sure that it fits, with
/// the sizes (all in bytes) given here.
package enum RTCPWriter {
    package static let senderReportSize = 28
    package static let goodbyeSize = 8
    package static let pictureLossIndicationSize = 12
    package static let fullIntraRequestSize = 20
    package static let receiverReferenceTimeSize = 20
    package static let dlrrSize = 24
    /// What one receiver report can carry: the count has five bits.
    package static let maximumReportBlocks = 31
    /// So many pairs of PID and BLP go into one NACK: 1036 bytes, which leaves room for SRTCP in any
    /// datagram.
    package static let maximumNACKPairs = 256

    package static func receiverReportSize(blocks: Int) -> Int { 8 + blocks * ReportBlock.length }

    package static func receiverEstimatedMaximumBitrateSize(ssrcs: Int) -> Int { 20 + ssrcs * 4 }

    package static func sourceDescriptionSize(cname: String) -> Int {
        // SSRC, type, length, text and at least one null, in whole words (RFC 3550 section 6.5).
        4 + (4 + 2 + cnameLength(cname) + 1 + 3) / 4 * 4
    }

    /// The size of the NACK that `sequenceNumbers` give, at most 12 + 4 * `maximumNACKPairs`.
    package static func nackSize(sequenceNumbers: [UInt16]) -> Int {
        12 + pairCount(of: sequenceNumbers, limit: maximumNACKPairs) * 4
    }

    /// RFC 3550 section 6.4.1, without report blocks.
    package static func senderReport(
        ssrc: UInt32, ntpTimestamp: UInt64, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32,
        into output: inout OutputSpan<UInt8>
    ) {
        header(RTCPType.senderReport, count: 0, size: senderReportSize, into: &output)
        output.append(bigEndian: ssrc)
        output.append(bigEndian: ntpTimestamp)
        output.append(bigEndian: rtpTimestamp)
        output.append(bigEndian: packetCount)
        output.append(bigEndian: octetCount)
    }

    /// RFC 3550 section 6.4.2. Blocks beyond `maximumReportBlocks` are left out.
    package static func receiverReport(
        sender: UInt32, blocks: Span<ReportBlock>, into output: inout OutputSpan<UInt8>
    ) {
        let count = min(blocks.count, maximumReportBlocks)
        header(
            RTCPType.receiverReport, count: UInt8(count), size: receiverReportSize(blocks: count),
            into: &output)
        output.append(bigEndian: sender)
        for index in 0..<count {
            blocks[index].write(into: &output)
        }
    }

    /// RFC 3550 section 6.4.2. Blocks beyond `maximumReportBlocks` are left out.
    package static func receiverReport(
        sender: UInt32, blocks: [ReportBlock], into output: inout OutputSpan<UInt8>
    ) {
        receiverReport(sender: sender, blocks: blocks.span, into: &output)
    }

    /// One source with its canonical name (RFC 3550 section 6.5.1), cut after 255 bytes.
    package static func sourceDescription(
        ssrc: UInt32, cname: String, into output: inout OutputSpan<UInt8>
    ) {
        let size = sourceDescriptionSize(cname: cname)
        let length = cnameLength(cname)
        header(RTCPType.sourceDescription, count: 1, size: size, into: &output)
        output.append(bigEndian: ssrc)
        output.append(1)
        output.append(UInt8(length))
        for byte in cname.utf8.prefix(length) {
            output.append(byte)
        }
        output.append(repeating: 0, count: size - 10 - length)
    }

    /// RFC 3550 section 6.6, one source without a reason.
    package static func goodbye(ssrc: UInt32, into output: inout OutputSpan<UInt8>) {
        header(RTCPType.goodbye, count: 1, size: goodbyeSize, into: &output)
        output.append(bigEndian: ssrc)
    }

    /// RFC 4585 section 6.3.1.
    package static func pictureLossIndication(
        sender: UInt32, media: UInt32, into output: inout OutputSpan<UInt8>
    ) {
        header(
            RTCPType.payloadFeedback, count: RTCPType.pictureLossIndication, size: pictureLossIndicationSize,
            into: &output)
        output.append(bigEndian: sender)
        output.append(bigEndian: media)
    }

    /// RFC 5104 section 4.3.1. `sequenceNumber` increases with every new command to `media`, not with a
    /// repetition.
    package static func fullIntraRequest(
        sender: UInt32, media: UInt32, sequenceNumber: UInt8, into output: inout OutputSpan<UInt8>
    ) {
        header(
            RTCPType.payloadFeedback, count: RTCPType.fullIntraRequest, size: fullIntraRequestSize,
            into: &output)
        output.append(bigEndian: sender)
        output.append(bigEndian: UInt32(0))
        output.append(bigEndian: media)
        output.append(sequenceNumber)
        output.append(bigEndian24: 0)
    }

    /// RFC 4585 section 6.2.1. `sequenceNumbers` are sorted along the sequence, across a wrap too.
    ///
    /// - Returns: how many of the numbers went into the packet: all, unless they need more than
    ///   `maximumNACKPairs` pairs or than there is room for. Nothing is written when not even one fits.
    @discardableResult
    package static func nack(
        sender: UInt32, media: UInt32, sequenceNumbers: [UInt16], into output: inout OutputSpan<UInt8>
    ) -> Int {
        list(
            sequenceNumbers, format: RTCPType.genericNACK, sender: sender, media: media, into: &output)
    }

    /// RFC 6642 section 5.1: tells who receives `media` that its sender misses these packets, too. As `nack`.
    @discardableResult
    package static func lossIndication(
        sender: UInt32, media: UInt32, sequenceNumbers: [UInt16], into output: inout OutputSpan<UInt8>
    ) -> Int {
        list(
            sequenceNumbers, format: RTCPType.thirdPartyLoss, sender: sender, media: media, into: &output)
    }

    /// Transport feedback whose content is a list of sequence numbers. Returns how many of them it has.
    private static func list(
        _ sequenceNumbers: [UInt16], format: UInt8, sender: UInt32, media: UInt32,
        into output: inout OutputSpan<UInt8>
    ) -> Int {
        let limit = min(maximumNACKPairs, (output.freeCapacity - 12) / 4)
        let pairs = pairCount(of: sequenceNumbers, limit: limit)
        guard pairs > 0 else { return 0 }
        header(RTCPType.transportFeedback, count: format, size: 12 + pairs * 4, into: &output)
        output.append(bigEndian: sender)
        output.append(bigEndian: media)
        var index = 0
        for _ in 0..<pairs {
            let pair = nextPair(of: sequenceNumbers, &index)
            output.append(bigEndian: pair.first)
            output.append(bigEndian: pair.following)
        }
        return index
    }

    /// draft-alvestrand-rmcat-remb-03. At most 255 `ssrcs`; more are left out.
    package static func receiverEstimatedMaximumBitrate(
        sender: UInt32, bitsPerSecond: UInt64, ssrcs: [UInt32], into output: inout OutputSpan<UInt8>
    ) {
        let count = min(ssrcs.count, 255)
        header(
            RTCPType.payloadFeedback, count: RTCPType.applicationLayer,
            size: receiverEstimatedMaximumBitrateSize(ssrcs: count), into: &output)
        output.append(bigEndian: sender)
        output.append(bigEndian: UInt32(0))
        output.append(bigEndian: REMB.identifier)
        output.append(UInt8(count))
        output.append(bigEndian24: REMB.encode(bitsPerSecond))
        for ssrc in ssrcs.prefix(count) {
            output.append(bigEndian: ssrc)
        }
    }

    /// Our clock, for a round trip without sending media (RFC 3611 section 4.4).
    package static func receiverReferenceTime(
        sender: UInt32, ntpTimestamp: UInt64, into output: inout OutputSpan<UInt8>
    ) {
        header(RTCPType.extendedReport, count: 0, size: receiverReferenceTimeSize, into: &output)
        output.append(bigEndian: sender)
        output.append(RTCPType.receiverReferenceTime)
        output.append(0)
        output.append(bigEndian: UInt16(2))
        output.append(bigEndian: ntpTimestamp)
    }

    /// The answer to the reference time of the receiver `ssrc` (RFC 3611 section 4.5): the middle 32 bits of
    /// that time and how long ago it came, in 1/65536 seconds (`NTPTime.short`).
    package static func dlrr(
        sender: UInt32, ssrc: UInt32, lastReceiverReference: UInt32, delay: UInt32,
        into output: inout OutputSpan<UInt8>
    ) {
        header(RTCPType.extendedReport, count: 0, size: dlrrSize, into: &output)
        output.append(bigEndian: sender)
        output.append(RTCPType.delaySinceLastReference)
        output.append(0)
        output.append(bigEndian: UInt16(3))
        output.append(bigEndian: ssrc)
        output.append(bigEndian: lastReceiverReference)
        output.append(bigEndian: delay)
    }

    /// The four bytes that every packet begins with; `size` counts whole words, these included.
    static func header(_ type: UInt8, count: UInt8, size: Int, into output: inout OutputSpan<UInt8>) {
        output.append(0x80 | count)
        output.append(type)
        output.append(bigEndian: UInt16(size / 4 - 1))
    }

    /// The bytes of `cname` that are sent: at most 255, not ending within a character.
    private static func cnameLength(_ cname: String) -> Int {
        let text = cname.utf8
        guard text.count > 255 else { return text.count }
        var length = 0
        for scalar in cname.unicodeScalars {
            let next = length + UTF8.width(scalar)
            guard next <= 255 else { break }
            length = next
        }
        return length
    }

    private static func pairCount(of sequenceNumbers: [UInt16], limit: Int) -> Int {
        var pairs = 0
        var index = 0
        while index < sequenceNumbers.count, pairs < limit {
            _ = nextPair(of: sequenceNumbers, &index)
            pairs += 1
        }
        return pairs
    }

    /// The pair that begins with the number at `index`, which moves behind the last number that the pair
    /// covers.
    private static func nextPair(
        of sequenceNumbers: [UInt16], _ index: inout Int
    ) -> (first: UInt16, following: UInt16) {
        let first = sequenceNumbers[index]
        var following: UInt16 = 0
        index += 1
        while index < sequenceNumbers.count {
            let distance = sequenceNumbers[index] &- first
            guard distance <= 16 else { break }
            if distance > 0 { following |= 1 << (distance - 1) }
            index += 1
        }
        return (first, following)
    }
}
