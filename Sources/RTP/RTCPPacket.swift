/// One packet of an RTCP compound. Ranges are offsets into that compound.
package enum RTCPPacket: Hashable, Sendable {
    /// RFC 3550 section 6.4.1.
    case senderReport(SenderReport, reports: ReportBlocks)
    /// RFC 3550 section 6.4.2; `ssrc` is who reports.
    case receiverReport(ssrc: UInt32, reports: ReportBlocks)
    /// RFC 3550 section 6.5. Names of sources come by signalling: the content is not read.
    case sourceDescription
    /// RFC 3550 section 6.6: `count` sources of four bytes each in `range` leave.
    case goodbye(range: Range<Int>, count: Int)
    /// draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.
    case transportFeedback(TransportFeedbackHeader)
    /// RFC 4585 section 6.2.1.
    case nack(GenericNACK)
    /// RFC 6642 section 5.1, a third-party loss early indication: who sends the media misses these packets itself, so
    /// that asking it for them is of no use. Built like a NACK.
    case lossIndication(GenericNACK)
    /// RFC 4585 section 6.3.1.
    case pictureLossIndication(sender: UInt32, media: UInt32)
    /// RFC 5104 section 4.3.1.
    case fullIntraRequest(FullIntraRequest)
    /// draft-alvestrand-rmcat-remb-03.
    case receiverEstimatedMaximumBitrate(REMB)
    /// RFC 3611: sender and blocks are in `range`, see `RTCPReader.forEachExtendedReportBlock`.
    case extendedReport(range: Range<Int>)
    /// `format` is the five bits that other packets use as a count.
    case other(packetType: UInt8, format: UInt8)
}

/// The packet types and feedback formats that the relay reads or writes.
enum RTCPType {
    static let senderReport: UInt8 = 200
    static let receiverReport: UInt8 = 201
    static let sourceDescription: UInt8 = 202
    static let goodbye: UInt8 = 203
    static let transportFeedback: UInt8 = 205
    static let payloadFeedback: UInt8 = 206
    static let extendedReport: UInt8 = 207

    /// Formats of `transportFeedback`.
    static let genericNACK: UInt8 = 1
    static let thirdPartyLoss: UInt8 = 7
    static let transportWide: UInt8 = 15

    /// Formats of `payloadFeedback`.
    static let pictureLossIndication: UInt8 = 1
    static let fullIntraRequest: UInt8 = 4
    static let applicationLayer: UInt8 = 15

    /// Block types of `extendedReport`.
    static let receiverReferenceTime: UInt8 = 4
    static let delaySinceLastReference: UInt8 = 5
}
