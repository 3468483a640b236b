/// The RTP header extensions that the relay knows.
package enum HeaderExtensionKind: Hashable, Sendable, CaseIterable {
    /// Loudness of the packet's sound (RFC 6464).
    case audioLevel
    /// Loudness of each contributor of a mix (RFC 6465).
    case csrcAudioLevel
    /// 24 bits, 6.18 seconds, set as late as possible by the sender.
    case absoluteSendTime
    /// The sequence number that transport-wide congestion feedback refers to.
    case transportWideCC
    /// The m-line that a packet belongs to (RFC 9143 section 15).
    case mid
    /// The simulcast encoding that a packet belongs to (RFC 8852).
    case rid
    /// The encoding that a retransmitted packet belongs to (RFC 8852).
    case repairedRID
    /// Rotation of the picture (3GPP TS 26.114).
    case videoOrientation
    /// Offset between capture and sending (RFC 5450).
    case timestampOffset
    /// The delay before rendering that the sender asks for.
    case playoutDelay
    /// Camera or screen.
    case videoContentType
    /// Times of the steps within the sender.
    case videoTiming
    /// Colour space and HDR metadata.
    case colorSpace
    /// Which frames depend on which, for SFUs (AV1 RTP specification, appendix A).
    case dependencyDescriptor
    /// When a frame was captured, on the clock of the source.
    case absoluteCaptureTime
    /// Bitrates of the layers that the sender has.
    case videoLayersAllocation

    /// The name in `a=extmap`.
    package var uri: String {
        switch self {
        case .audioLevel: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
        case .csrcAudioLevel: "urn:ietf:params:rtp-hdrext:csrc-audio-level"
        case .absoluteSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
        case .transportWideCC: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
        case .mid: "urn:ietf:params:rtp-hdrext:sdes:mid"
        case .rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
        case .repairedRID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
        case .videoOrientation: "urn:3gpp:video-orientation"
        case .timestampOffset: "urn:ietf:params:rtp-hdrext:toffset"
        case .playoutDelay: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
        case .videoContentType: "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"
        case .videoTiming: "http://www.webrtc.org/experiments/rtp-hdrext/video-timing"
        case .colorSpace: "http://www.webrtc.org/experiments/rtp-hdrext/color-space"
        case .dependencyDescriptor:
            "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
        case .absoluteCaptureTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
        case .videoLayersAllocation:
            "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
        }
    }

    /// The kind with the name `uri`, if it is known.
    package init?(uri: some StringProtocol) {
        guard let kind = Self.allCases.first(where: { $0.uri == uri }) else { return nil }
        self = kind
    }
}

/// The number under which a header extension travels in one m-line (RFC 8285 section 5).
package struct ExtensionMapping: Hashable, Sendable {
    /// 1 to 255; up to 14 fit into the one-byte form.
    package let id: UInt8
    /// The direction as its writer sees it; nil when the line gave none, which means that of the m-line.
    package let direction: Direction?
    package let uri: String
    /// Nil when the relay does not know the extension.
    package let kind: HeaderExtensionKind?

    package init(id: UInt8, direction: Direction? = nil, kind: HeaderExtensionKind) {
        self.id = id
        self.direction = direction
        self.uri = kind.uri
        self.kind = kind
    }

    init(id: UInt8, direction: Direction?, uri: String) {
        self.id = id
        self.direction = direction
        self.uri = uri
        self.kind = HeaderExtensionKind(uri: uri)
    }

    /// The attribute line.
    var line: String {
        "a=extmap:\(id)\(direction.map { "/\($0.rawValue)" } ?? "") \(uri)"
    }
}
