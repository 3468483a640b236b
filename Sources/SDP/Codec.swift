/// An encoding that the relay can forward, with what must be equal for one peer to decode what another
/// encodes.
package enum Codec: Hashable, Sendable {
    /// RFC 7587.
    case opus
    /// RFC 7741.
    case vp8
    /// RFC 9628; profile 0 (8 bits) or 2 (10 or 12 bits).
    case vp9(profile: UInt8)
    /// RFC 6184.
    case h264(H264Format)
    /// AV1 RTP specification; profile 0.
    case av1(profile: UInt8)

    /// The codec that `a=rtpmap` and `a=fmtp` describe; nil when the relay does not forward it.
    init?(name: String, clockRate: UInt32, parameters: Substring) {
        let values = FormatParameters(parsing: parameters)
        switch (name, clockRate) {
        case ("opus", 48000):
            self = .opus
        case ("VP8", 90000):
            self = .vp8
        case ("VP9", 90000):
            guard let profile = (values["profile-id"] ?? "0").decimal(UInt8.self),
                profile == 0 || profile == 2
            else { return nil }
            self = .vp9(profile: profile)
        case ("H264", 90000):
            guard let format = H264Format(values) else { return nil }
            self = .h264(format)
        case ("AV1", 90000):
            guard (values["profile"] ?? "0").decimal(UInt8.self) == 0 else { return nil }
            self = .av1(profile: 0)
        default:
            return nil
        }
    }

    package var kind: MediaKind {
        switch self {
        case .opus: .audio
        case .vp8, .vp9, .h264, .av1: .video
        }
    }

    /// The encoding name in `a=rtpmap`.
    package var name: String {
        switch self {
        case .opus: "opus"
        case .vp8: "VP8"
        case .vp9: "VP9"
        case .h264: "H264"
        case .av1: "AV1"
        }
    }

    /// RTP timestamp units per second.
    package var clockRate: UInt32 {
        switch self {
        case .opus: 48000
        case .vp8, .vp9, .h264, .av1: 90000
        }
    }

    /// Whether somebody who offered to receive `offered` can be sent this: equal, or H.264 with the same
    /// packetization mode. Decoders take other H.264 profiles than the ones they name, and refusing them
    /// would leave peers without a picture.
    package func isReceivable(as offered: Codec) -> Bool {
        if case .h264(let sent) = self, case .h264(let received) = offered {
            return sent.packetizationMode == received.packetizationMode
        }
        return self == offered
    }

    /// What stands after the payload type in `a=rtpmap`.
    var mapping: String {
        self == .opus ? "opus/48000/2" : "\(name)/\(clockRate)"
    }

    /// The `a=fmtp` parameters with which a browser would offer this codec; empty when it would write no
    /// line.
    var typicalParameters: String {
        switch self {
        case .opus: "minptime=10;useinbandfec=1"
        case .vp8: ""
        case .vp9(let profile): "profile-id=\(profile)"
        case .h264(let format):
            "level-asymmetry-allowed=1;packetization-mode=\(format.packetizationMode);"
                + "profile-level-id=\(format.profile.text)1f"
        case .av1(let profile): "level-idx=5;profile=\(profile);tier=0"
        }
    }
}

/// What tells two H.264 payload types apart (RFC 6184 section 8.1). The level is left out: it is negotiated,
/// not matched.
package struct H264Format: Hashable, Sendable {
    /// 0: one NAL unit per packet; 1: aggregated and fragmented ones too.
    package let packetizationMode: UInt8
    package let profile: H264Profile

    package init(packetizationMode: UInt8, profile: H264Profile) {
        self.packetizationMode = packetizationMode
        self.profile = profile
    }

    /// Nil for the interleaved mode 2, which nobody uses, and for values that cannot be read.
    init?(_ parameters: FormatParameters) {
        guard let mode = (parameters["packetization-mode"] ?? "0").decimal(UInt8.self), mode <= 1 else {
            return nil
        }
        // RFC 6184 section 8.1: without profile-level-id, baseline profile at level 1.
        let text = parameters["profile-level-id"] ?? "42000a"
        guard text.utf8.count == 6, text.utf8.first != UInt8(ascii: "+"), let number = UInt32(text, radix: 16)
        else { return nil }
        packetizationMode = mode
        profile = H264Profile(
            indication: UInt8(truncatingIfNeeded: number >> 16),
            constraints: UInt8(truncatingIfNeeded: number >> 8)
        )
    }
}

/// The profiles that browsers use, from profile_idc and the constraint flags (RFC 6184 section 8.1, table 5).
package enum H264Profile: Hashable, Sendable {
    case constrainedBaseline
    case baseline
    case main
    case constrainedHigh
    case high
    /// The profile_idc of any other.
    case other(UInt8)

    init(indication: UInt8, constraints: UInt8) {
        self =
            switch (indication, constraints) {
            case (0x42, let flags) where flags & 0x4F == 0x40: .constrainedBaseline
            case (0x4D, let flags) where flags & 0x8F == 0x80: .constrainedBaseline
            case (0x58, let flags) where flags & 0xCF == 0xC0: .constrainedBaseline
            case (0x42, let flags) where flags & 0x4F == 0x00: .baseline
            case (0x58, let flags) where flags & 0xCF == 0x80: .baseline
            case (0x4D, let flags) where flags & 0xAF == 0x00: .main
            case (0x64, 0x00): .high
            case (0x64, 0x0C): .constrainedHigh
            default: .other(indication)
            }
    }

    /// The first two bytes of a profile-level-id in hexadecimal.
    fileprivate var text: String {
        switch self {
        case .constrainedBaseline: "42e0"
        case .baseline: "4200"
        case .main: "4d00"
        case .constrainedHigh: "640c"
        case .high: "6400"
        case .other(let indication): (indication < 16 ? "0" : "") + String(indication, radix: 16) + "00"
        }
    }
}
