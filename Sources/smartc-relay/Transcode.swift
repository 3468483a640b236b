import ArgumentParser
import Codecs
import Impairment
import OfflineLane
import Programs
import Transcoding

/// `smartc-relay transcode`: a lane whose source is a file.
struct Transcode: AsyncParsableCommand {
    /// How the report is printed.
    enum Statistics: String, CaseIterable, ExpressibleByArgument {
        case text, json
    }

    /// What is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case ivf, y4m
    }

    /// The report says that a viewer saw something wrong.
    static let notProven = ExitCode(3)

    static let configuration = CommandConfiguration(
        abstract: "Make of a file what a lane would make of its pictures.",
        discussion: """
            The same code as in the relay: pictures are scaled to the tier, and only what changed is coded, with an \
            anchor for those who join. IN is y4m or IVF (VP8, VP9) and read here, by what is in it; other files are \
            read by an ffmpeg. OUT is the encoded pictures (.ivf), or what a viewer sees at the time of each picture of the source \
            (.y4m). The report goes to standard output, or to standard error when OUT is -.

            --joins lets viewers join at random times and compares every picture that they show with those of \
            somebody who has seen everything. --loss takes frames away from one more viewer, who never gets them \
            again. The same --seed draws the same.

            EXIT CODES
              0  done; whoever joined or lost frames saw what they should
              1  IN cannot be read to its end, or OUT not written; what was whole is in OUT
              3  somebody saw something wrong: the report says what
              64 the arguments are wrong

            EXAMPLES
              smartc-relay transcode talk.webm talk.ivf --tier 144p
              smartc-relay transcode talk.y4m seen.y4m --tier 240p --codec vp9 --bitrate 80kbit
              smartc-relay transcode talk.ivf out.ivf --tier 144p --joins 100 --loss 5% --stats json
              smartc-relay transcode talk.y4m base.ivf --tier 144p --mode baseline
              ffmpeg -i film.mp4 -f yuv4mpegpipe - | smartc-relay transcode - - --tier 144p | ffplay -
            """)

    @Argument(help: "The file to read; - is standard input, y4m or IVF.", completion: .file())
    var input: String

    @Argument(help: "The file to write, .ivf or .y4m; - is standard output.", completion: .file())
    var output: String

    @Option(help: "The short side of the pictures, which never grow.")
    var tier: Tier

    @Option(help: "What pictures are coded with: vp8 or vp9.")
    var codec = VPXCodec.vp8

    @Option(help: "How they are coded: differential, or baseline, which is libwebrtc's configuration.")
    var mode = LaneSettings.Mode.differential

    @Flag(help: "IN is a shared screen: the baseline is libwebrtc's for screens.")
    var screen = false

    @Option(
        help: "Of the encoded pictures, such as 50kbit (default: the tier's).",
        transform: { try BitrateArgument($0) })
    var bitrate: BitrateArgument?

    @Option(help: "The most pictures a second (default: the tier's).")
    var fps: Double?

    @Flag(help: "Keep to --fps even when little moves or bits are short.")
    var fixedRate = false

    @Option(help: "Code a scene larger than the tier, up to this one, where that is better for the bits.")
    var upTo: Tier?

    @Option(help: "CPU time to take: full, realtime or fast.")
    var effort = OfflineEffort(.full)

    @Option(help: "The size of the pictures in a y4m file, such as 640x360 (default: that of the first one).")
    var size: SizeArgument?

    @Option(help: "What OUT is; by default what its name ends in, or ivf.")
    var format: Format?

    @Option(help: "So many viewers join at random times.")
    var joins = 0

    @Option(help: "One more viewer loses so many of the frames, such as 5%.")
    var loss = ShareArgument(0)

    @Option(help: "What joins and losses are drawn from.")
    var seed: UInt64 = 1

    @Option(help: "The report: text, or json with a record for each picture.")
    var stats = Statistics.text

    @Option(help: "The ffmpeg to read other files with (default: the one on PATH).", completion: .file())
    var ffmpeg: String?

    func validate() throws {
        _ = try outputFormat
        let rates = LaneSettings.frameRates
        guard rates.contains(fps ?? rates.lowerBound) else {
            throw ValidationError("--fps is \(Int(rates.lowerBound)) to \(Int(rates.upperBound)).")
        }
        let bitrates = LaneSettings.bitrates
        guard bitrates.contains(bitrate?.bitsPerSecond ?? bitrates.lowerBound) else {
            throw ValidationError(
                "--bitrate is \(bitrates.lowerBound / 1000)kbit to \(bitrates.upperBound / 1000)kbit.")
        }
        guard (0...OfflinePlan.mostJoins).contains(joins) else {
            throw ValidationError("--joins is 0 to \(OfflinePlan.mostJoins).")
        }
        guard upTo.map({ $0 >= tier }) != false else {
            throw ValidationError("--up-to is not below --tier.")
        }
        guard input == "-" || input != output else { throw ValidationError("OUT would overwrite IN.") }
    }

    func run() async throws {
        do {
            var run = try TranscodeRun(self)
            let ending = run.run()
            let report = run.report
            let text = stats == .json ? try report.document : report.text
            if report.pictures > 0 {
                if output == "-" { Progress.write(text + "\n") } else { print(text) }
            }
            if let ending { throw ending }
            if !report.isProven { throw Self.notProven }
        } catch let failure as TranscodeRun.Failure {
            Progress.write("Error: \(failure)\n")
            throw ExitCode.failure
        }
    }

    var plan: OfflinePlan {
        var lane = LaneSettings(codec: codec, tier: tier)
        lane.mode = mode
        if let bitrate { lane.bitsPerSecond = bitrate.bitsPerSecond }
        if let fps { lane.framesPerSecond = fps }
        lane.adaptsFrameRate = !fixedRate
        lane.isScreenContent = screen
        lane.largestShortSide = upTo?.shortSide
        var plan = OfflinePlan(lane: lane, effort: effort.effort)
        plan.joins = joins
        plan.loss = loss.share
        plan.seed = seed
        plan.shownSize = size?.size
        return plan
    }

    var outputFormat: Format {
        get throws {
            if let format { return format }
            guard output != "-" else { return .ivf }
            switch PictureFormat(named: output) {
            case .ivf: return .ivf
            case .y4m: return .y4m
            case .other:
                throw ValidationError("OUT ends in .ivf or .y4m, or --format says what it is: \(output)")
            }
        }
    }
}

extension Tier: ExpressibleByArgument {}
extension VPXCodec: ExpressibleByArgument {}
extension LaneSettings.Mode: ExpressibleByArgument {}
