import Codecs
import Endpoint
import MediaFiles
import RTP
import Testing

/// Clips that keep an encoder busy: a texture that moves, all of it or a part.
enum MovingScene {
    /// 320 by 180, 30 pictures a second, a key frame every four seconds.
    ///
    /// - Parameters:
    ///   - seconds: before it begins again.
    ///   - share: how much of the width moves, from 0 to 1: a face is about 0.4.
    static func clip(seconds: Int, share: Double) throws -> VideoClip {
        var encoder = try VPXEncoder(
            .baseline(.vp8, width: 320, height: 180, bitsPerSecond: 400_000, framesPerSecond: 30))
        var writer = IVFWriter(
            IVFHeader(codec: .vp8, width: 320, height: 180, timeBase: try #require(Ratio(1, 30))))
        var file: [UInt8] = []
        writer.appendHeader(to: &file)
        var picture = Picture(width: 320, height: 180)
        for number in 0..<seconds * 30 {
            draw(number, share, into: &picture)
            var frame: [UInt8] = []
            _ = try encoder.encode(
                picture, at: Int64(number) * 3000, duration: 3000,
                flags: number % 120 == 0 ? .forceKeyFrame : [],
                effort: .baseline(.vp8, width: 320, height: 180), into: &frame)
            guard !frame.isEmpty else { continue }
            writer.append(frame.span, time: UInt64(number), to: &file)
        }
        return try VideoClip(ivf: file)
    }

    private static func draw(_ number: Int, _ share: Double, into picture: inout Picture) {
        let stride = picture.stride(of: .luma)
        let width = Int(320 * share)
        let left = (320 - width) / 2
        picture.withMutablePlane(.luma) { luma in
            for y in 0..<180 {
                for x in 0..<320 {
                    let isMoving = (left..<left + width).contains(x)
                    let shift = isMoving ? number * 3 / 2 : 0
                    // A coarse and a fine pattern, both smooth enough to survive scaling.
                    let coarse = ((x + shift) / 12 * 37 + y / 12 * 61) % 97
                    let fine = ((x + shift) / 3 * 13 + y / 3 * 29) % 23
                    luma[y * stride + x] = UInt8(60 + coarse + fine)
                }
            }
        }
    }
}
