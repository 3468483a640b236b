import MediaFiles
import OfflineLane
import Programs
import SystemPackage

/// Where pictures come from: a file or standard input as it is, or through an ffmpeg.
struct TranscodeInput: ~Copyable {
    /// What is assumed of standard input, of which nobody knows how long it lasts.
    private static let unknownSeconds = 30.0

    private var stream: ByteStream
    /// What was read to see what the file is.
    private var beginning: [UInt8]
    private var child: ChildProcess?
    let format: PictureFormat
    /// How long it lasts, as far as known; nil: unknown.
    let seconds: Double?
    /// Pictures a second on average, as far as known.
    let frameRate: Ratio?

    /// How long the pictures last that joins are spread over.
    var assumedSeconds: Double { seconds ?? Self.unknownSeconds }

    /// Opens a file by what is in it; `-` is standard input.
    static func open(_ path: String, ffmpeg: String?) throws(TranscodeRun.Failure) -> TranscodeInput {
        let stream = try Self.stream(path)
        let beginning = try Self.piece(of: stream, named: path)
        let format = PictureFormat(beginning: beginning)
        guard format == .other else {
            let length = path == "-" ? nil : Self.length(of: path, format)
            return TranscodeInput(
                stream, beginning: beginning, child: nil, format, seconds: length?.seconds, rate: length?.rate
            )
        }
        guard path != "-" else { throw .input("standard input", "it is neither y4m nor IVF") }
        do {
            let ffmpeg = try FFmpeg(ffmpeg)
            let seconds = Self.seconds(of: path, ffmpeg)
            let pipe = try FileDescriptor.pipe(options: .closeOnExec)
            let pictures = ByteStream(pipe.readEnd)
            defer { try? pipe.writeEnd.close() }
            let child = try ChildProcess(
                ffmpeg.y4mCommand(decoding: path), output: .descriptor(pipe.writeEnd), errors: .inherited)
            return TranscodeInput(pictures, beginning: [], child: child, .y4m, seconds: seconds, rate: nil)
        } catch {
            throw .input(path, "\(error)")
        }
    }

    private init(
        _ stream: consuming ByteStream, beginning: [UInt8], child: ChildProcess?, _ format: PictureFormat,
        seconds: Double?, rate: Ratio?
    ) {
        self.stream = stream
        self.beginning = beginning
        self.child = child
        self.format = format
        self.seconds = seconds
        frameRate = rate
    }

    /// The next bytes; empty at the end.
    mutating func next() throws(TranscodeRun.Failure) -> [UInt8] {
        guard beginning.isEmpty else {
            defer { beginning = [] }
            return beginning
        }
        return try Self.piece(of: stream, named: "the source")
    }

    /// To be called at the end: says if ffmpeg has failed.
    mutating func finish() throws(TranscodeRun.Failure) {
        guard let ending = child?.wait(), ending != .exited(0) else { return }
        throw .input("the source", "ffmpeg \(ending)")
    }

    /// Ends the ffmpeg if nothing more is wanted of it.
    mutating func stop() {
        child?.kill()
    }

    // MARK: - Private

    private static func stream(_ path: String) throws(TranscodeRun.Failure) -> ByteStream {
        do throws(Errno) { return try ByteStream(path: path) } catch { throw .input(path, "\(error)") }
    }

    private static func piece(
        of stream: borrowing ByteStream, named name: String
    ) throws(TranscodeRun.Failure) -> [UInt8] {
        do throws(Errno) { return try stream.next() } catch { throw .input(name, "\(error)") }
    }

    /// Reads a file once for its length.
    private static func length(of path: String, _ format: PictureFormat) -> (seconds: Double, rate: Ratio)? {
        guard let stream = try? ByteStream(path: path) else { return nil }
        var ivf = IVFReader()
        var y4m = Y4MReader()
        var times: (first: UInt64, last: UInt64)?
        do {
            while case let piece = try stream.next(), !piece.isEmpty {
                guard format == .ivf else {
                    y4m.append(piece)
                    while try y4m.next() != nil {}
                    continue
                }
                ivf.append(piece)
                while let frame = try ivf.next() { times = (times?.first ?? frame.time, frame.time) }
            }
        } catch {
            // What is wrong is told when the file is read in earnest.
        }
        guard format == .ivf else {
            guard let header = y4m.header else { return nil }
            return (Double(y4m.pictureCount) / header.frameRate.value, header.frameRate)
        }
        guard let header = ivf.header, let times, times.last > times.first, ivf.frameCount > 1 else {
            return nil
        }
        let ticks = times.last - times.first
        let seconds = Double(ticks) * header.timeBase.value
        guard seconds < 604_800,
            let rate = Ratio(
                reducing: UInt64(ivf.frameCount - 1) * UInt64(header.timeBase.denominator),
                ticks * UInt64(header.timeBase.numerator))
        else { return nil }
        return (seconds, rate)
    }

    private static func seconds(of path: String, _ ffmpeg: FFmpeg) -> Double? {
        guard let pipe = try? FileDescriptor.pipe(options: .closeOnExec) else { return nil }
        let stream = ByteStream(pipe.readEnd)
        var child = try? ChildProcess(
            ffmpeg.descriptionCommand(of: path), output: .nothing, errors: .descriptor(pipe.writeEnd))
        try? pipe.writeEnd.close()
        var text: [UInt8] = []
        while let piece = try? stream.next(), !piece.isEmpty { text += piece }
        _ = child?.wait()
        return FFmpeg.seconds(in: String(decoding: text, as: UTF8.self))
    }
}
