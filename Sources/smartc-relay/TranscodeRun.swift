import Codecs
import MediaFiles
import NodeIO
import OfflineLane
import Programs
import Transcoding

/// One run of `smartc-relay transcode`.
struct TranscodeRun: ~Copyable {
    enum Failure: Error, CustomStringConvertible {
        case input(String, String)
        case output(String)
        case lane(String)

        var description: String {
            switch self {
            case .input(let name, let reason): "\(name) cannot be read: \(reason)"
            case .output(let reason): "the result cannot be written: \(reason)"
            case .lane(let reason): "the lane has failed: \(reason)"
            }
        }
    }

    private let name: String
    private var input: TranscodeInput
    private var output: TranscodeOutput
    private var reader: PictureReader
    private var lane: OfflineLane
    private var progress = Progress("transcode")

    init(_ command: Transcode) throws {
        let input = try TranscodeInput.open(command.input, ffmpeg: command.ffmpeg)
        let lane = try OfflineLane(command.plan, seconds: input.assumedSeconds)
        let output = try TranscodeOutput(command.output, try command.outputFormat, command.codec)
        name = command.input == "-" ? "standard input" : command.input
        reader = PictureReader(input.format)
        self.lane = lane
        self.output = output
        self.input = input
    }

    var report: OfflineReport { lane.report }

    /// Reads to the end, or to something that cannot be read. Returns why it ended early.
    mutating func run() -> Failure? {
        defer {
            input.stop()
            progress.finish()
        }
        do throws(Failure) {
            while case let piece = try input.next(), !piece.isEmpty {
                reader.append(piece)
                while try readPicture() { try take() }
            }
            try input.finish()
            do throws(PictureReader.Failure) { try reader.finish() } catch { throw .input(name, "\(error)") }
            lane.finish()
            try output.finish()
            guard reader.pictureCount > 0 else { throw .input(name, "there are no pictures") }
            return nil
        } catch {
            lane.finish()
            try? output.finish()
            return error
        }
    }

    private mutating func readPicture() throws(Failure) -> Bool {
        do throws(PictureReader.Failure) {
            return try reader.next()
        } catch {
            throw .input(name, "\(error)")
        }
    }

    /// Gives the picture that was read last to the lane, and what became of it to the file.
    private mutating func take() throws(Failure) {
        let started = MonotonicClock.threadTime()
        let outcome = lane.encode(reader.picture, at: reader.time)
        let cpuTime = MonotonicClock.threadTime() - started
        do throws(CodecError) {
            try lane.deliver(outcome, at: reader.time, cpuTime: cpuTime)
        } catch {
            throw .lane("what it sent cannot be decoded: \(error)")
        }
        try output.write(
            outcome, at: reader.time, rate: reader.frameRate ?? input.frameRate ?? Ratio(30), shownBy: lane)
        let seconds = Double(reader.time) / 90_000
        let share = input.seconds.map { seconds / max($0, 0.001) } ?? 0
        guard progress.isWorthShowing(share) else { return }
        progress.show(share, "\(reader.pictureCount) pictures")
    }
}
