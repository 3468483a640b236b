import Codecs
import Transcoding

/// Somebody who decodes what a lane sends.
struct Viewer: ~Copyable {
    private var decoder: VPXDecoder
    /// What is shown; black before the first frame.
    private(set) var picture = Picture(width: 2, height: 2)
    private(set) var hasPicture = false

    init(_ codec: VPXCodec) throws(CodecError) {
        decoder = try VPXDecoder(codec)
    }

    mutating func show(_ frame: [UInt8]) throws(CodecError) {
        guard try decoder.decode(frame.span), let size = decoder.size else { return }
        if size.width != picture.width || size.height != picture.height {
            picture = Picture(width: size.width, height: size.height)
        }
        decoder.scale(into: &picture)
        hasPicture = true
    }

    /// Whether every sample of the picture is the other viewer's.
    func showsTheSame(as other: borrowing Viewer) -> Bool {
        guard hasPicture, other.hasPicture, picture.width == other.picture.width,
            picture.height == other.picture.height
        else { return false }
        return Picture.Plane.allCases.allSatisfy { plane in
            picture.squaredError(
                to: other.picture, in: plane, x: 0, y: 0, width: picture.width(of: plane),
                height: picture.height(of: plane)) == 0
        }
    }
}
