import RTP
import SDP
import Wire

/// A received packet as its stream sees it, which may have to wait for an earlier one.
struct Arrival: Sendable {
    /// Extended, so that it never wraps.
    let sequence: Int64
    let timestamp: UInt32
    let hasMarker: Bool
    private(set) var isFrameStart = true
    private(set) var isKeyFrame = false
    /// Of a frame's first packet.
    private(set) var numbers: PictureNumberCheck.Numbers?
    /// In pixels, where a key frame tells it.
    private(set) var size: PictureSize?
    private(set) var content: SyntheticContent?
    /// Where in the payload the content begins.
    private(set) var contentOffset = SyntheticAudio.contentOffset
    /// Nothing but padding: it only fills its place in the order.
    private(set) var isPadding = false
    /// A picture's packet without a descriptor.
    private(set) var isMalformed = false

    init(_ payload: Span<UInt8>, _ header: RTPHeader, sequence: Int64, _ kind: MediaKind, _ codec: Codec) {
        self.sequence = sequence
        timestamp = header.timestamp
        hasMarker = header.hasMarker
        guard !payload.isEmpty else {
            isPadding = true
            return
        }
        if kind == .video {
            guard let start = FrameStart(codec, parsing: payload) else {
                isFrameStart = false
                isMalformed = true
                return
            }
            isFrameStart = start.isFrameStart
            isKeyFrame = start.isKeyFrame
            numbers = start.isFrameStart ? start.numbers : nil
            size = start.size
            contentOffset = SyntheticVideo.contentOffset(
                isFrameStart: isFrameStart, isKeyFrame: isKeyFrame, descriptorLength: start.descriptorLength)
        }
        if kind == .audio { contentOffset = SyntheticAudio.contentOffset(in: payload) }
        content = SyntheticContent(parsing: payload, at: contentOffset)
    }
}
