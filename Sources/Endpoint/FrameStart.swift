import RTP
import SDP
import Wire

/// What the payload descriptor of a picture's packet tells a receiver.
struct FrameStart {
    let isFrameStart: Bool
    let isKeyFrame: Bool
    let descriptorLength: Int
    /// Of VP8 alone: VP9's pictures keep their distances where some are left out.
    let numbers: PictureNumberCheck.Numbers?
    /// In pixels, where a key frame tells it.
    let size: PictureSize?

    /// Reads VP8 (RFC 7741) or VP9 (RFC 9628); nil if it is malformed or of another codec.
    init?(_ codec: Codec, parsing payload: Span<UInt8>) {
        switch codec {
        case .vp8:
            guard let descriptor = VP8Descriptor(parsing: payload) else { return nil }
            isFrameStart = descriptor.startsPartition && descriptor.partitionIndex == 0
            isKeyFrame = descriptor.isKeyFrame
            descriptorLength = descriptor.headerLength
            size = descriptor.keyFrameSize.map { Self.size($0.width, $0.height) }
            numbers = descriptor.pictureID.map { id in
                PictureNumberCheck.Numbers(
                    pictureID: id, pictureIDLength: descriptor.pictureIDLength,
                    temporalID: descriptor.temporalID, tl0PictureIndex: descriptor.tl0PictureIndex,
                    keyIndex: descriptor.keyIndex)
            }
        case .vp9:
            guard let descriptor = VP9Descriptor(parsing: payload) else { return nil }
            isFrameStart = descriptor.beginsFrame && descriptor.spatialID == 0
            isKeyFrame = descriptor.isKeyFrame
            descriptorLength = descriptor.headerLength
            numbers = nil
            size = descriptor.scalabilityStructure.flatMap { structure in
                structure.size(ofLayer: structure.spatialLayerCount - 1, in: payload)
            }.map { Self.size($0.width, $0.height) }
        case .opus, .h264, .av1:
            return nil
        }
    }

    private static func size(_ width: Int, _ height: Int) -> PictureSize {
        PictureSize(width: UInt16(truncatingIfNeeded: width), height: UInt16(truncatingIfNeeded: height))
    }
}
