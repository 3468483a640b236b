package import RTP
package import SDP
import Wire

/// One stream that an endpoint sends: its numbers, and the packets that it may be asked for again.
package struct OutgoingStream: Sendable {
    /// A packet as it was sent, without its header.
    struct Stored: Sendable {
        let sequenceNumber: UInt16
        let timestamp: UInt32
        let hasMarker: Bool
        let payload: [UInt8]
    }

    private static let historySize = 512

    package let kind: MediaKind
    package let mid: String
    package let rid: String?
    package let ssrc: UInt32
    let retransmissionSSRC: UInt32?
    package let payloadType: UInt8
    let retransmissionPayloadType: UInt8?
    let clockRate: UInt32
    private let timestampOffset: UInt32
    private(set) var nextSequenceNumber: UInt16
    private(set) var nextRetransmissionNumber: UInt16
    private var history: [Stored?]
    /// Whether a report has named the SSRC: from then on MID and RID are left out, as browsers do.
    package internal(set) var isAcknowledged = false
    package private(set) var packetsSent: UInt32 = 0
    package private(set) var octetsSent: UInt32 = 0
    package private(set) var retransmissionsSent = 0
    /// The numbers that the relay has asked for, and those of them that were no longer stored.
    package internal(set) var nacksReceived = 0
    package internal(set) var nacksUnanswered = 0
    package internal(set) var keyFrameRequestsReceived = 0
    package internal(set) var report: ReportBlock?
    /// Whether the layer is sent.
    package internal(set) var isActive = true

    init(
        kind: MediaKind, mid: String, rid: String?, ssrc: UInt32, retransmissionSSRC: UInt32?,
        payloadType: UInt8,
        retransmissionPayloadType: UInt8?, using generator: inout some RandomNumberGenerator
    ) {
        self.kind = kind
        self.mid = mid
        self.rid = rid
        self.ssrc = ssrc
        self.retransmissionSSRC = retransmissionPayloadType == nil ? nil : retransmissionSSRC
        self.payloadType = payloadType
        self.retransmissionPayloadType = retransmissionPayloadType
        clockRate = kind == .audio ? 48000 : 90000
        timestampOffset = generator.next()
        // In the lower half: who loses the first packets must not miss a rollover (RFC 3711 section 3.3.1).
        nextSequenceNumber = generator.next() >> 1
        nextRetransmissionNumber = generator.next() >> 1
        history = Array(repeating: nil, count: kind == .video ? Self.historySize : 0)
    }

    /// The timestamp of a moment: all streams of an endpoint share their origin.
    func timestamp(at now: Instant, since origin: Instant) -> UInt32 {
        let (seconds, rest) = (now - origin).nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let ticks = seconds &* Int64(clockRate) &+ rest * Int64(clockRate) / 1_000_000_000
        return timestampOffset &+ UInt32(truncatingIfNeeded: ticks)
    }

    /// Numbers a packet and keeps it.
    mutating func add(_ payload: [UInt8], timestamp: UInt32, hasMarker: Bool) -> Stored {
        let stored = Stored(
            sequenceNumber: nextSequenceNumber, timestamp: timestamp, hasMarker: hasMarker, payload: payload)
        if !history.isEmpty { history[Int(nextSequenceNumber) % history.count] = stored }
        nextSequenceNumber &+= 1
        packetsSent &+= 1
        octetsSent &+= UInt32(payload.count)
        return stored
    }

    /// The packet with this number, if it was sent not long ago.
    func stored(_ sequenceNumber: UInt16) -> Stored? {
        guard !history.isEmpty, let stored = history[Int(sequenceNumber) % history.count],
            stored.sequenceNumber == sequenceNumber
        else { return nil }
        return stored
    }

    /// Counts a retransmission and returns its number on the RTX stream.
    mutating func takeRetransmissionNumber() -> UInt16 {
        retransmissionsSent += 1
        defer { nextRetransmissionNumber &+= 1 }
        return nextRetransmissionNumber
    }
}
