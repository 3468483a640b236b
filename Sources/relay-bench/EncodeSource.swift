import MediaFiles
import Programs
import SystemPackage

/// A clip in the size, rate and length in which it is encoded or compared.
struct EncodeSource: Hashable {
    /// The end of a clip's name that stands for added noise.
    static let noisySuffix = "-noisy"

    let clip: String
    let length: EncodeLength
    let shortSide: Int
    /// At most.
    let framesPerSecond: Int

    /// A name for files.
    var key: String { "\(clip)-\(length.rawValue)-\(shortSide)p\(framesPerSecond)" }

    /// The short version that a long one is made of.
    var short: EncodeSource {
        EncodeSource(clip: clip, length: .short, shortSide: shortSide, framesPerSecond: framesPerSecond)
    }

    /// What ffmpeg does to the clip's pictures: no clip grows or gets pictures that it has not.
    var filter: String {
        // A cheap camera in the dark: Gaussian noise of about five grey levels, another for each picture.
        let noise = clip.hasSuffix(Self.noisySuffix) ? "noise=alls=10:allf=t:all_seed=7," : ""
        let (wide, high) = (
            "if(gte(iw,ih),-2,min(\(shortSide),iw))", "if(gte(iw,ih),min(\(shortSide),ih),-2)"
        )
        return "\(noise)fps=fps='min(\(framesPerSecond),source_fps)',"
            + "scale=w='\(wide)':h='\(high)':flags=area,setsar=1"
    }

    /// The command that makes the file from the clip.
    func command(_ ffmpeg: FFmpeg, from clip: String, into path: String) -> [String] {
        let limit = length == .short ? ["-t", "\(EncodeLength.shortSeconds)"] : []
        return ffmpeg.command + ["-i", clip, "-map", "0:v:0"] + limit + ["-vf", filter]
            + ffmpeg.y4mOutput(path)
            + ["-y"]
    }

    /// The command that plays a short clip forward and backward until it is long.
    ///
    /// - Parameter pictures: of the short clip.
    func loopCommand(
        _ ffmpeg: FFmpeg, from short: String, pictures: Int, _ header: Y4MHeader, into path: String
    ) -> [String] {
        let wanted = Int((Double(EncodeLength.longSeconds) * header.frameRate.value).rounded(.up))
        let loops = wanted / (2 * pictures) + 1
        let filter =
            "[0:v]split[a][b];[b]reverse[r];[a][r]concat=n=2:v=1:a=0,loop=loop=\(loops):size=\(2 * pictures),"
            + "trim=end_frame=\(wanted)"
        return ffmpeg.command + ["-i", short, "-filter_complex", filter] + ffmpeg.y4mOutput(path) + ["-y"]
    }

    /// What a file says of itself, and how many pictures it has.
    static func measure(_ path: String) throws -> (header: Y4MHeader, pictures: Int) {
        let stream = try ByteStream(path: path)
        var reader = Y4MReader()
        while reader.header == nil, case let piece = try stream.next(), !piece.isEmpty {
            reader.append(piece)
            _ = try reader.next()
        }
        guard let header = reader.header else { throw EncodeRun.Failure.noPictures(path) }
        let file = try FileDescriptor.open(FilePath(path), .readOnly)
        defer { try? file.close() }
        let bytes = try file.seek(offset: 0, from: .end)
        // ffmpeg writes no parameters behind FRAME.
        return (header, Int(bytes) / (header.pictureBytes + 6))
    }
}
