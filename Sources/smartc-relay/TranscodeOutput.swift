import Codecs
import MediaFiles
import OfflineLane
import SystemPackage
import Transcoding

/// Where the result goes: encoded pictures as IVF, or what is seen as y4m.
struct TranscodeOutput: ~Copyable {
    private enum Writer {
        case notBegun
        case ivf(IVFWriter)
        case y4m(Y4MWriter)
    }

    private let descriptor: FileDescriptor
    private let isFile: Bool
    private let format: Transcode.Format
    private let codec: VPXCodec
    private var writer = Writer.notBegun
    /// What is seen, in the size of the file.
    private var shown = Picture(width: 2, height: 2)
    private var buffer: [UInt8] = []

    init(_ path: String, _ format: Transcode.Format, _ codec: VPXCodec) throws(TranscodeRun.Failure) {
        let opened: FileDescriptor
        do {
            opened =
                path == "-"
                ? .standardOutput
                : try FileDescriptor.open(
                    FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw .output("\(error)")
        }
        self.format = format
        self.codec = codec
        isFile = path != "-"
        descriptor = opened
    }

    deinit {
        if isFile { try? descriptor.close() }
    }

    /// Takes what became of a picture of the source.
    ///
    /// - Parameters:
    ///   - time: in ticks of 90 kHz.
    ///   - rate: pictures a second of the source.
    mutating func write(
        _ outcome: LaneOutcome, at time: Int64, rate: Ratio, shownBy lane: borrowing OfflineLane
    ) throws(TranscodeRun.Failure) {
        buffer.removeAll(keepingCapacity: true)
        switch format {
        case .ivf:
            guard case .coded(let frame) = outcome else { return }
            appendFrame(frame, at: time)
        case .y4m:
            guard let size = lane.plan.shownSize ?? lane.shownSize else { return }
            appendPicture(size, rate, shownBy: lane)
        }
        try flush()
    }

    /// Puts the count of frames into the beginning of an IVF file.
    func finish() throws(TranscodeRun.Failure) {
        guard isFile, case .ivf(let ivf) = writer else { return }
        let patch = ivf.frameCountPatch
        do {
            try descriptor.writeAll(toAbsoluteOffset: Int64(patch.offset), patch.bytes)
        } catch {
            // A pipe by name cannot be written over: the count stays 0, which readers do not mind.
            guard error as? Errno == .illegalSeek else { throw .output("\(error)") }
        }
    }

    // MARK: - Private

    private mutating func appendFrame(_ frame: LaneFrame, at time: Int64) {
        let begun: IVFWriter
        if case .ivf(let ivf) = writer {
            begun = ivf
        } else {
            begun = IVFWriter(
                IVFHeader(
                    codec: codec == .vp8 ? .vp8 : .vp9, width: UInt16(clamping: frame.size.width),
                    height: UInt16(clamping: frame.size.height), timeBase: Ratio(90_000).inverse))
            begun.appendHeader(to: &buffer)
        }
        var ivf = begun
        ivf.append(frame.bytes.span, time: UInt64(max(time, 0)), to: &buffer)
        writer = .ivf(ivf)
    }

    private mutating func appendPicture(
        _ size: PixelSize, _ rate: Ratio, shownBy lane: borrowing OfflineLane
    ) {
        let begun: Y4MWriter
        if case .y4m(let y4m) = writer {
            begun = y4m
        } else {
            // The first picture's size is that of the file.
            guard let header = Y4MHeader(width: size.width, height: size.height, frameRate: rate) else {
                return
            }
            begun = Y4MWriter(header)
            begun.appendHeader(to: &buffer)
            shown = Picture(width: size.width, height: size.height)
            writer = .y4m(begun)
        }
        guard lane.show(in: &shown) else { return }
        begun.appendPictureStart(to: &buffer)
        for plane in Picture.Plane.allCases {
            let (width, height, stride) =
                (shown.width(of: plane), shown.height(of: plane), shown.stride(of: plane))
            shown.withPlane(plane) { samples in
                begun.append(plane: samples, stride: stride, width: width, height: height, to: &buffer)
            }
        }
    }

    private func flush() throws(TranscodeRun.Failure) {
        do {
            try descriptor.writeAll(buffer)
        } catch {
            throw .output("\(error)")
        }
    }
}
