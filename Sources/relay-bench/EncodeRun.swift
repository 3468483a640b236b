import FoundationEssentials
import MediaFiles
import OfflineLane
import Programs
import RateQuality
import Synchronization

/// All encodes of `relay-bench encode`, one after the other, each with its comparison. What a step has shown is kept in a
/// file, so that an interrupted run goes on where it was.
struct EncodeRun {
    enum Failure: Error, CustomStringConvertible {
        case noPictures(String)
        case failed(String, ChildProcess.Ending, String)
        case unfit(String)
        case interrupted

        var description: String {
            switch self {
            case .noPictures(let path): "\(path) has no pictures"
            case .failed(let program, let ending, let said): "\(program) \(ending): \(said)"
            case .unfit(let what): "\(what) has another number of pictures than its original"
            case .interrupted: "interrupted"
            }
        }
    }

    private final class Stop: Sendable {
        private let flag = Atomic(false)

        var isWanted: Bool { flag.load(ordering: .relaxed) }

        func request() {
            flag.store(true, ordering: .relaxed)
        }
    }

    private static let poll = Duration.milliseconds(5)
    /// Pictures are compared on so many threads.
    private static let comparingThreads = 2

    private let relay: String
    private let ffmpeg: FFmpeg
    /// The clips' files by their names, without what stands for noise.
    private let clips: [String: String]
    private let folder: String
    /// What says whether results of earlier runs are of the same relay.
    private let program: String
    private let keepsAll: Bool
    private let work: String
    private let stop = Stop()
    private(set) var results: EncodeResults

    /// - Parameters:
    ///   - folder: where sources, points and results are kept.
    ///   - keepsAll: whether what other builds of the relay have shown is taken, too.
    init(
        relay: String, _ ffmpeg: FFmpeg, clips: [String: String], folder: String, keepsAll: Bool,
        results: EncodeResults
    ) throws {
        self.relay = relay
        self.ffmpeg = ffmpeg
        self.clips = clips
        self.folder = folder
        self.results = results
        self.keepsAll = keepsAll
        program = try Self.fingerprint(of: relay)
        // Of this process alone: two runs may share what they keep.
        work = "\(folder)/work-\(ProcessInfo.processInfo.processIdentifier)"
        for path in ["\(folder)/sources", "\(folder)/points", work] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    mutating func run(_ steps: [EncodeStep]) async {
        let interruption = Interruption { [stop] in stop.request() }
        defer {
            interruption.end()
            try? FileManager.default.removeItem(atPath: work)
        }
        var progress = Progress("encode")
        defer { progress.finish() }
        for (number, step) in steps.enumerated() {
            progress.show(Double(number) / Double(max(steps.count, 1)), step.title)
            do {
                let point: EncodePoint
                if let kept = kept(step) { point = kept } else { point = try await measure(step) }
                results.add(point)
            } catch {
                results.failures.append("\(step.title): \(error)")
            }
            if stop.isWanted {
                results.failures.append("interrupted; the same command goes on from here")
                return
            }
        }
    }

    // MARK: - One step

    /// What an earlier run has shown.
    private func kept(_ step: EncodeStep) -> EncodePoint? {
        guard let data = FileManager.default.contents(atPath: pointPath(step)),
            let point = try? JSONDecoder().decode(EncodePoint.self, from: data),
            keepsAll || point.program == program
        else { return nil }
        return point
    }

    private func measure(_ step: EncodeStep) async throws -> EncodePoint {
        let source = try await prepare(step.source)
        let reference = try await prepare(step.reference)
        let (header, _) = try EncodeSource.measure(reference)
        let seen = "\(work)/\(step.key).y4m"
        defer { try? FileManager.default.removeItem(atPath: seen) }
        let report = try await output(
            [relay, "transcode", source, seen] + step.series.arguments
                + step.arguments(
                    framesPerSecond: header.frameRate.value, width: header.width, height: header.height))
        let filter =
            "[0:v]setpts=PTS-STARTPTS[seen];[1:v]setpts=PTS-STARTPTS[original];[seen][original]libvmaf="
            + "n_threads=\(Self.comparingThreads):feature=name=psnr|name=float_ssim:log_fmt=json:log_path=/dev/stdout"
        let log = try await output(
            ffmpeg.command + ["-i", seen, "-i", reference, "-lavfi", filter, "-f", "null", "-"])
        guard
            let point = EncodePoint(
                step, try JSONDecoder().decode(OfflineReport.self, from: Data(report)),
                try VMAFLog(parsing: log), program: program)
        else { throw Failure.unfit(step.key) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(point).write(to: URL(filePath: pointPath(step)), options: .atomic)
        return point
    }

    private func pointPath(_ step: EncodeStep) -> String { "\(folder)/points/\(step.key).json" }

    // MARK: - Sources

    /// The file of a source, which is made if it is not there.
    private func prepare(_ source: EncodeSource) async throws -> String {
        let path = "\(folder)/sources/\(source.key).y4m"
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        let part = "\(work)/\(source.key).y4m"
        let suffix = EncodeSource.noisySuffix
        let name = source.clip.hasSuffix(suffix) ? String(source.clip.dropLast(suffix.count)) : source.clip
        _ = try await output(source.command(ffmpeg, from: clips[name] ?? name, into: part))
        if source.length == .long {
            let (header, pictures) = try EncodeSource.measure(part)
            if Double(pictures) / header.frameRate.value < Double(EncodeLength.longSeconds) - 0.5 {
                let short = try await prepare(source.short)
                let (_, count) = try EncodeSource.measure(short)
                _ = try await output(
                    source.loopCommand(ffmpeg, from: short, pictures: count, header, into: part))
            }
        }
        // Another run may have made it meanwhile.
        if !FileManager.default.fileExists(atPath: path) {
            try FileManager.default.moveItem(atPath: part, toPath: path)
        }
        return path
    }

    // MARK: - Programs

    /// Runs a program to its end and returns what it has written to standard output.
    private func output(_ arguments: [String]) async throws -> [UInt8] {
        let (written, said) = ("\(work)/output", "\(work)/errors")
        var process = try ChildProcess(arguments, output: .file(written), errors: .file(said))
        while process.isRunning() {
            if stop.isWanted {
                await process.end(within: .seconds(2))
                throw Failure.interrupted
            }
            try? await Task.sleep(for: Self.poll)
        }
        guard process.ending == .exited(0) else {
            let text = (try? String(contentsOfFile: said, encoding: .utf8)) ?? ""
            let last = text.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
            throw Failure.failed(arguments[0], process.ending ?? .exited(0), last)
        }
        return FileManager.default.contents(atPath: written).map { [UInt8]($0) } ?? []
    }

    /// A number that another build of a program does not have (FNV-1a).
    private static func fingerprint(of path: String) throws -> String {
        let stream = try ByteStream(path: path)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        while case let piece = try stream.next(), !piece.isEmpty {
            for byte in piece { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        return String(hash, radix: 16)
    }
}
