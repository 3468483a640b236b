package import SDP
import Wire

/// Encoded pictures from an IVF file, with their times: what many endpoints can share as a source.
///
///     | "DKIF" | version (16) | header length (16) | codec (32) | width (16) | height (16) |
///     | time base denominator (32) | numerator (32) | frame count (32) | unused (32) |
///     | size (32) | time (64) | frame ...      for each frame; all numbers little-endian
package struct VideoClip: Sendable {
    /// Why a file cannot be used.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        /// Where in the file, in bytes from its beginning.
        package let offset: Int
        package let reason: String

        package var description: String { "at byte \(offset): \(reason)" }
    }

    /// One encoded picture.
    struct Frame: Sendable {
        /// Where its bytes are in the file.
        let bytes: Range<Int>
        let isKeyFrame: Bool
        /// From the first frame on.
        let time: Duration
    }

    private static let headerLength = 32
    private static let frameHeaderLength = 12
    /// Longer clips are a damaged time base.
    private static let longest = 604_800.0

    /// VP8 or VP9.
    package let codec: Codec
    package let width: Int
    package let height: Int
    let frames: [Frame]
    let bytes: [UInt8]

    package var frameCount: Int { frames.count }
    package var keyFrameCount: Int { frames.count { $0.isKeyFrame } }

    /// From the first frame to the moment at which it comes again.
    package var duration: Duration {
        guard let last = frames.last, frames.count > 1 else { return .milliseconds(40) }
        // The last frame is shown for as long as the others on average.
        return last.time + last.time / (frames.count - 1)
    }

    /// Reads a whole file.
    package init(ivf bytes: [UInt8]) throws(Failure) {
        func number(at offset: Int, _ count: Int) -> UInt64 {
            (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
        }
        guard bytes.count >= Self.headerLength else {
            throw Failure(
                offset: bytes.count, reason: "the file ends within the header of \(Self.headerLength) bytes")
        }
        guard Array(bytes[0..<4]) == Array("DKIF".utf8) else {
            throw Failure(offset: 0, reason: "this is not an IVF file, which begins with DKIF")
        }
        let headerLength = Int(number(at: 6, 2))
        guard (Self.headerLength...bytes.count).contains(headerLength) else {
            throw Failure(offset: 6, reason: "a header of \(headerLength) bytes")
        }
        switch Array(bytes[8..<12]) {
        case Array("VP80".utf8): codec = .vp8
        case Array("VP90".utf8): codec = .vp9(profile: 0)
        case let other:
            let name = String(decoding: other.map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
            throw Failure(offset: 8, reason: "the codec is \(name); VP80 and VP90 can be sent")
        }
        width = Int(number(at: 12, 2))
        height = Int(number(at: 14, 2))
        let denominator = number(at: 16, 4)
        let numerator = number(at: 20, 4)
        guard denominator > 0, numerator > 0 else {
            throw Failure(offset: 16, reason: "the time base is \(numerator)/\(denominator) s")
        }

        var frames: [Frame] = []
        var first: UInt64?
        var offset = headerLength
        while offset < bytes.count {
            guard bytes.count - offset >= Self.frameHeaderLength else {
                throw Failure(offset: offset, reason: "the file ends within the header of a frame")
            }
            let size = Int(number(at: offset, 4))
            let time = number(at: offset + 4, 8)
            let start = offset + Self.frameHeaderLength
            guard size <= bytes.count - start else {
                throw Failure(
                    offset: offset, reason: "a frame of \(size) bytes, but \(bytes.count - start) are left")
            }
            defer { offset = start + size }
            // An encoder that has dropped a frame may write it with no bytes.
            guard size > 0 else { continue }
            let origin = first ?? time
            first = origin
            let seconds = (Double(time) - Double(origin)) * Double(numerator) / Double(denominator)
            guard abs(seconds) < Self.longest else {
                throw Failure(offset: offset + 4, reason: "the time \(time) is a week from the first one")
            }
            let moment = Duration.nanoseconds(Int64((seconds * 1e9).rounded()))
            if let last = frames.last, moment <= last.time {
                throw Failure(
                    offset: offset + 4,
                    reason:
                        "the time \(time) is not after that of the frame before; encode without alternate "
                        + "reference frames (ffmpeg: -auto-alt-ref 0)")
            }
            let isKeyFrame = Self.isKeyFrame(bytes[start..<start + size], codec)
            if frames.isEmpty, !isKeyFrame {
                throw Failure(offset: start, reason: "the first frame is no key frame")
            }
            frames.append(Frame(bytes: start..<start + size, isKeyFrame: isKeyFrame, time: moment))
        }
        guard !frames.isEmpty else { throw Failure(offset: headerLength, reason: "there are no frames") }
        self.frames = frames
        self.bytes = bytes
    }

    private static func isKeyFrame(_ frame: ArraySlice<UInt8>, _ codec: Codec) -> Bool {
        guard let first = frame.first else { return false }
        guard codec != .vp8 else {
            // RFC 6386 section 9.1: the lowest bit of the tag, and a start code behind it.
            return first & 1 == 0 && frame.dropFirst(3).starts(with: [0x9D, 0x01, 0x2A])
        }
        // VP9 bitstream specification section 6.2: frame_marker (2), profile (2), a reserved bit in profile 3 alone,
        // show_existing_frame, frame_type.
        let hasReservedBit = first & 0x30 == 0x30
        let flags = hasReservedBit ? first >> 1 : first >> 2
        return first >> 6 == 2 && flags & 0x03 == 0
    }
}
