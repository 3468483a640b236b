package import MediaFiles
package import SDP
import Wire

/// Encoded pictures from an IVF file, with their times: what many endpoints can share as a source.
package struct VideoClip: Sendable {
    /// Why a file cannot be sent.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(MediaFileError)
        /// At so many bytes from the beginning of the file.
        case unfit(offset: Int, reason: String)

        package var description: String {
            switch self {
            case .unreadable(let error): error.description
            case .unfit(let offset, let reason): "at byte \(offset): \(reason)"
            }
        }
    }

    /// One encoded picture.
    struct Frame: Sendable {
        /// Where its bytes are in the file.
        let bytes: Range<Int>
        let isKeyFrame: Bool
        /// From the first frame on.
        let time: Duration
    }

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
        var reader = IVFReader(frameLimit: Int(UInt32.max))
        reader.append(bytes)
        let first = try Self.next(&reader)
        guard let header = reader.header, let first else {
            throw .unfit(offset: bytes.count, reason: "there are no frames")
        }
        switch header.codec {
        case .vp8: codec = .vp8
        case .vp9: codec = .vp9(profile: 0)
        case .other(let name):
            throw .unfit(offset: 8, reason: "the codec is \(name); VP80 and VP90 can be sent")
        }
        width = Int(header.width)
        height = Int(header.height)
        var frames: [Frame] = []
        var next: IVFFrame? = first
        while let frame = next {
            let ticks = Int64(truncatingIfNeeded: frame.time &- first.time)
            guard let moment = header.timeBase.duration(of: ticks) else {
                throw .unfit(
                    offset: frame.offset, reason: "the time \(frame.time) is a week from the first one")
            }
            if let last = frames.last, moment <= last.time {
                throw .unfit(
                    offset: frame.offset,
                    reason:
                        "the time \(frame.time) is not after that of the frame before; encode without alternate "
                        + "reference frames (ffmpeg: -auto-alt-ref 0)")
            }
            let isKeyFrame = Self.isKeyFrame(bytes[frame.bytes], codec)
            if frames.isEmpty, !isKeyFrame {
                throw .unfit(offset: frame.offset, reason: "the first frame is no key frame")
            }
            frames.append(Frame(bytes: frame.bytes, isKeyFrame: isKeyFrame, time: moment))
            next = try Self.next(&reader)
        }
        self.frames = frames
        self.bytes = bytes
    }

    /// The next frame that has bytes: an encoder that has dropped one may write it with none. nil: the end.
    private static func next(_ reader: inout IVFReader) throws(Failure) -> IVFFrame? {
        do throws(MediaFileError) {
            while let frame = try reader.next() {
                if !frame.bytes.isEmpty { return frame }
            }
            try reader.finish()
            return nil
        } catch {
            throw .unreadable(error)
        }
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
