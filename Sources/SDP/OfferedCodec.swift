/// One payload type of an m-line.
package struct OfferedCodec: Hashable, Sendable {
    /// 0 to 127.
    package let payloadType: UInt8
    /// In its usual case (`VP8`, `opus`, `rtx`), whatever the client wrote; empty when there was no
    /// `a=rtpmap`.
    package let name: String
    package let clockRate: UInt32
    package let channels: UInt8
    /// The `a=fmtp` line after the payload type; empty when there was none.
    package let parameters: String
    package let feedback: Set<Feedback>
    /// The payload type of RFC 4588 that retransmits this one.
    package let retransmissionPayloadType: UInt8?
    /// Nil when the relay does not forward it: RTX, RED, FEC, telephone events, codecs that no browser sends.
    package let codec: Codec?
}

/// What `a=rtpmap` says of a payload type.
struct PayloadMapping {
    let name: String
    let clockRate: UInt32
    let channels: UInt8

    init(name: String, clockRate: UInt32, channels: UInt8) {
        self.name = name
        self.clockRate = clockRate
        self.channels = channels
    }

    /// Parses `opus/48000/2`.
    init?(parsing text: Substring) {
        let parts = text.fields(by: UInt8(ascii: "/"))
        guard parts.count == 2 || parts.count == 3, parts[0].isToken,
            let clockRate = parts[1].decimal(UInt32.self)
        else { return nil }
        name = Self.canonical[parts[0].lowercased()] ?? String(parts[0])
        self.clockRate = clockRate
        guard parts.count == 3 else {
            channels = 1
            return
        }
        guard let channels = parts[2].decimal(UInt8.self) else { return nil }
        self.channels = channels
    }

    /// What a payload type stands for without `a=rtpmap` (RFC 3551 section 6).
    init(static payloadType: UInt8) {
        switch payloadType {
        case 0: self.init(name: "PCMU", clockRate: 8000, channels: 1)
        case 8: self.init(name: "PCMA", clockRate: 8000, channels: 1)
        case 9: self.init(name: "G722", clockRate: 8000, channels: 1)
        case 13: self.init(name: "CN", clockRate: 8000, channels: 1)
        default: self.init(name: "", clockRate: 0, channels: 1)
        }
    }

    // GStreamer writes OPUS; names compare without case (RFC 8866 section 6.6).
    private static let canonical: [String: String] = Dictionary(
        uniqueKeysWithValues: [
            "opus", "VP8", "VP9", "H264", "H265", "AV1", "rtx", "red", "ulpfec", "flexfec-03",
            "telephone-event", "CN",
            "PCMU", "PCMA", "G722",
        ].map { ($0.lowercased(), $0) }
    )
}

/// The RTCP feedback messages that the relay knows (RFC 4585 section 4.2). The order is that of an answer.
package enum Feedback: String, Hashable, Sendable, CaseIterable {
    /// Receiver estimated maximum bitrate.
    case remb = "goog-remb"
    /// Transport-wide congestion control.
    case transportCC = "transport-cc"
    /// Full intra request (RFC 5104).
    case fir = "ccm fir"
    /// Retransmission requests.
    case nack = "nack"
    /// Picture loss indication.
    case pli = "nack pli"
}
