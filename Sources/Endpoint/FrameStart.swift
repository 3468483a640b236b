import RTP
import SDP
import Wire

/// What the payload descriptor of a picture's packet tells a receiver.
struct FrameStart {
    let isFrameStart: Bool
    let isKeyFrame: Bool
    let descriptorLength: Int

    /// Reads VP8 (RFC 7741) or VP9 (RFC 9628); nil if it is malformed or of another codec.
    init?(_ codec: Codec, parsing payload: Span<UInt8>) {
        switch codec {
        case .vp8:
            guard let descriptor = VP8Descriptor(parsing: payload) else { return nil }
            isFrameStart = descriptor.startsPartition && descriptor.partitionIndex == 0
            isKeyFrame = descriptor.isKeyFrame
            descriptorLength = descriptor.headerLength
        case .vp9:
            guard let descriptor = VP9Descriptor(parsing: payload) else { return nil }
            isFrameStart = descriptor.beginsFrame && descriptor.spatialID == 0
            isKeyFrame = descriptor.isKeyFrame
            descriptorLength = descriptor.headerLength
        case .opus, .h264, .av1:
            return nil
        }
    }
}
