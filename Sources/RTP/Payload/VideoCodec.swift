/// The video codecs that are forwarded.
package enum VideoCodec: Hashable, Sendable, CaseIterable {
    case vp8
    case vp9
    case h264
    case av1

    /// Whether a receiver that knows nothing of the stream can begin with this packet. Malformed payloads say
    /// no.
    package func isKeyFrameStart(payload: Span<UInt8>) -> Bool {
        switch self {
        case .vp8: VP8Descriptor(parsing: payload)?.isKeyFrame ?? false
        case .vp9: VP9Descriptor(parsing: payload)?.isKeyFrame ?? false
        case .h264: H264Payload(parsing: payload)?.startsKeyFrame ?? false
        case .av1: AV1Payload(parsing: payload)?.startsCodedVideoSequence ?? false
        }
    }
}
