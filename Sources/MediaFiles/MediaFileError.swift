/// Why a file cannot be read, or not beyond a place.
package struct MediaFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong there.
    package enum Fault: Equatable, Sendable {
        /// The file ends although so many bytes were to come; what came before is whole.
        case truncated(have: Int, need: Int)
        /// The file ends before the line feed of its first line.
        case unfinishedLine
        case notIVF
        case headerLength(Int)
        case timeBase(numerator: UInt32, denominator: UInt32)
        /// More than the reader was allowed to keep.
        case frameSize(Int, limit: Int)
        case notYUV4MPEG
        /// No line ends within so many bytes.
        case endlessLine(limit: Int)
        case pictureSize(width: String, height: String)
        case frameRate(String)
        case interlaced(String)
        case pixelFormat(String)
        /// The bytes that were there instead.
        case noFrame(String)
    }

    package let fault: Fault
    /// Where, in bytes from the beginning of the file.
    package let offset: Int
    /// Which frame it is in, from 0; nil: the header of the file.
    package let frame: Int?

    package init(_ fault: Fault, offset: Int, frame: Int? = nil) {
        self.fault = fault
        self.offset = offset
        self.frame = frame
    }

    package var description: String {
        let place = frame.map { "in frame \($0), at byte \(offset)" } ?? "at byte \(offset)"
        return "\(place): \(reason)"
    }

    /// What is wrong, and what would be right, without the place.
    package var reason: String {
        switch fault {
        case .truncated(let have, let need):
            "the file ends \(frame == nil ? "within its header" : "here"), with \(have) of \(need) bytes"
        case .unfinishedLine: "the file ends within its first line"
        case .notIVF: "this is not an IVF file, which begins with DKIF"
        case .headerLength(let length): "a header of \(length) bytes; 32 or a little more is right"
        case .timeBase(let numerator, let denominator):
            "the time base is \(numerator)/\(denominator) s; both numbers have to be above 0"
        case .frameSize(let size, let limit): "a frame of \(size) bytes; \(limit) are the most"
        case .notYUV4MPEG: "this is not a y4m file, which begins with YUV4MPEG2"
        case .endlessLine(let limit): "no line ends within \(limit) bytes"
        case .pictureSize(let width, let height):
            "pictures of W\(width) and H\(height); both are needed, 1 to \(Y4MHeader.longestSide)"
        case .frameRate(let text): "the frame rate is F\(text); two numbers above 0 are needed, such as F30:1"
        case .interlaced(let text):
            "the pictures are interlaced (I\(text)); make them progressive: ffmpeg -i IN -vf yadif OUT.y4m"
        case .pixelFormat(let text):
            "the pixels are C\(text); 4:2:0 with 8 bits is needed: ffmpeg -i IN -pix_fmt yuv420p OUT.y4m"
        case .noFrame(let text): "a line with FRAME has to be here, not \(text)"
        }
    }
}
