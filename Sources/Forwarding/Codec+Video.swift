import RTP
import SDP

extension Codec {
    /// How its payloads are parsed; nil for sound.
    var video: VideoCodec? {
        switch self {
        case .opus: nil
        case .vp8: .vp8
        case .vp9: .vp9
        case .h264: .h264
        case .av1: .av1
        }
    }
}
