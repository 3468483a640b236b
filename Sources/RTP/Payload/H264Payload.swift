import Wire

/// What an H.264 payload tells of the frame that it belongs to (RFC 6184 sections 5.3, 5.7.1 and 5.8).
package struct H264Payload: Hashable, Sendable {
    /// How NAL units are laid into the payload.
    package enum Packaging: Hashable, Sendable {
        case single
        /// STAP-A: several units, each after its length.
        case aggregate
        /// FU-A: a part of one unit, its first if `isStart`.
        case fragment(isStart: Bool)
        /// Types of the interleaved mode, which WebRTC does not use.
        case other
    }

    package var packaging: Packaging
    /// Whether a coded slice of an IDR picture or a sequence parameter set begins here. Both open a key
    /// frame; a frame of several slices says so more than once.
    package var startsKeyFrame: Bool

    /// Parses an RTP payload; `nil` if it is empty or cut off.
    package init?(parsing payload: Span<UInt8>) {
        guard payload.count >= 1 else { return nil }
        let type = payload[0] & 0x1F
        startsKeyFrame = false
        switch type {
        case 1...23:
            packaging = .single
            startsKeyFrame = Self.opensKeyFrame(type)
        case 24:
            packaging = .aggregate
            var offset = 1
            repeat {
                guard payload.count - offset >= 3 else { return nil }
                let length = Int(payload.uint16(at: offset))
                offset += 2
                guard length > 0, length <= payload.count - offset else { return nil }
                if Self.opensKeyFrame(payload[offset] & 0x1F) { startsKeyFrame = true }
                offset += length
            } while offset < payload.count
        case 28:
            guard payload.count >= 2 else { return nil }
            let isStart = payload[1] & 0x80 != 0
            packaging = .fragment(isStart: isStart)
            startsKeyFrame = isStart && Self.opensKeyFrame(payload[1] & 0x1F)
        default:
            packaging = .other
        }
    }

    /// 5 is a slice of an IDR picture, 7 a sequence parameter set (ITU-T H.264 table 7-1).
    private static func opensKeyFrame(_ type: UInt8) -> Bool {
        type == 5 || type == 7
    }
}
