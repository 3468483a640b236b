import Codecs
import Endpoint
import MediaFiles

/// Clips of a square that moves over a grainy background, 16:9 at 30 pictures a second, with a key frame every second and a half.
enum MovingPicture {
    private static let pictures = 90
    private static let keyFrameInterval = 45

    /// 320 by 180 in 150 kbit/s.
    static let small = Result { try clip(width: 320, height: 180, bitsPerSecond: 150_000) }
    /// 640 by 360 in 500 kbit/s.
    static let large = Result { try clip(width: 640, height: 360, bitsPerSecond: 500_000) }

    /// A participant who shows both as layers and receives nothing.
    ///
    /// - Parameter level: of its voice, in -dBov; 127 is silence.
    static func participant(level: UInt8) throws -> EndpointSettings {
        var settings = EndpointSettings.participant(video: 0, audio: 0)
        settings.clips = [try small.get(), try large.get()]
        settings.video.layers = [
            .init(rid: "q", bitsPerSecond: 150_000, width: 320, height: 180),
            .init(rid: "h", bitsPerSecond: 500_000, width: 640, height: 360),
        ]
        settings.audio.level = level
        return settings
    }

    private static func clip(width: Int, height: Int, bitsPerSecond: Int) throws -> VideoClip {
        var encoder = try VPXEncoder(
            .baseline(
                .vp8, width: width, height: height, bitsPerSecond: bitsPerSecond, framesPerSecond: 30))
        guard let timeBase = Ratio(1, 30) else { throw Failure.timeBase }
        var writer = IVFWriter(
            IVFHeader(
                codec: .vp8, width: UInt16(clamping: width), height: UInt16(clamping: height),
                timeBase: timeBase))
        var file: [UInt8] = []
        writer.appendHeader(to: &file)
        var picture = Picture(width: width, height: height)
        for number in 0..<pictures {
            draw(number, width: width, height: height, into: &picture)
            var frame: [UInt8] = []
            _ = try encoder.encode(
                picture, at: Int64(number) * 3000, duration: 3000,
                flags: number % keyFrameInterval == 0 ? .forceKeyFrame : [],
                effort: .baseline(.vp8, width: width, height: height), into: &frame)
            guard !frame.isEmpty else { continue }
            writer.append(frame.span, time: UInt64(number), to: &file)
        }
        return try VideoClip(ivf: file)
    }

    private enum Failure: Error {
        case timeBase
    }

    private static func draw(_ number: Int, width: Int, height: Int, into picture: inout Picture) {
        let stride = picture.stride(of: .luma)
        let side = height / 3
        // There and back, so that the end meets the beginning.
        let step = number < pictures / 2 ? number : pictures - number
        let left = step * (width - side) / (pictures / 2)
        var noise = UInt32(truncatingIfNeeded: number &+ 1)
        picture.withMutablePlane(.luma) { luma in
            var y = 0
            while y < height {
                let isRow = y >= side && y < 2 * side
                var x = 0
                while x < width {
                    noise = noise &* 1_664_525 &+ 1_013_904_223
                    let grain = Int(noise >> 29)
                    let isInside = isRow && x >= left && x < left + side
                    luma[y * stride + x] = UInt8(
                        truncatingIfNeeded: grain + (isInside ? 220 - (x - left) / 2 : 40 + x / 8 + y / 8))
                    x += 1
                }
                y += 1
            }
        }
    }
}
