import ArgumentParser
import FoundationEssentials
import Plotting
import Programs
import Transcoding

/// `relay-bench encode`: lanes against libwebrtc's encoder, by rate and quality.
struct Encode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the lane's encoder with libwebrtc's: VMAF, PSNR and SSIM over rate, and CPU time.",
        discussion: """
            Every clip is scaled, encoded by `smartc-relay transcode` at several rates, decoded again, and compared \
            with its original by an ffmpeg that has libvmaf.

            Part tier: the lane at the tier's size and rate of pictures against libwebrtc's VP8 at the same: bits at \
            equal quality (Bjøntegaard's delta rate), all pictures compared. Part viewer: what is on a screen of \
            640x360. The lane chooses size and rate of pictures; libwebrtc sends 320x180 at 30 pictures a second and \
            150 kbit/s, the smallest layer that a plain SFU can forward: bits on the wire, headers included, \
            for the same VMAF of the pictures that are shown.

            --length short plays 10 s at most. --length long plays 30 s at least, forward and backward if need be. \
            A clip's name with -noisy behind it is that clip with Gaussian noise; for one whose name begins with screen \
            libwebrtc is configured as for a shared screen.

            What was measured is kept in --results, and measured again only when the relay's program is another one \
            (unless --keep-all): a run can be interrupted, or made clip by clip.

            EXAMPLES
              deploy/bench encode
              relay-bench encode --clips .build/clips --ffmpeg .build/clips-venv/ffmpeg
              relay-bench encode --clips .build/clips --clip webcam --part tier --mode vp8-full --length short
              relay-bench encode --clips ~/films --clip talk --tier 240p --bitrates 40,80,160 --json
            """)

    /// Names, separated by commas.
    struct Names<Name: RawRepresentable<String> & Sendable>: ExpressibleByArgument, Sendable {
        let values: [Name]

        init(_ values: [Name]) {
            self.values = values
        }

        init?(argument: String) {
            let values = argument.split(separator: ",").map { Name(rawValue: String($0)) }
            guard !values.isEmpty, !values.contains(where: { $0 == nil }) else { return nil }
            self.values = values.compactMap { $0 }
        }

        var defaultValueDescription: String { values.map(\.rawValue).joined(separator: ",") }
    }

    @Option(help: "A folder with clips, each called after what it shows.", completion: .directory)
    var clips = ".build/clips"

    @Option(help: "Which clips (default: all of the folder, and carphone-noisy).")
    var clip: String?

    @Option(help: "Which parts: tier, viewer.")
    var part = Names(EncodePart.allCases)

    @Option(help: "How long: short, long.")
    var length = Names(EncodeLength.allCases)

    @Option(help: "Which encoders: baseline, vp8-full, vp8-realtime, vp9-full, vp9-realtime.")
    var mode = Names(EncodeSeries.allCases)

    @Option(help: "Which tiers, in part tier.")
    var tier = Names([Tier.p144])

    @Option(help: "Rates in kbit/s (default: what suits the tier, or the viewer).")
    var bitrates: String?

    @Option(help: "The relay's program; by default the one beside this.")
    var relay: String?

    @Option(help: "What to call the relay's build, such as a commit.")
    var build: String?

    @Option(help: "An ffmpeg with libvmaf (default: the one on PATH).", completion: .file())
    var ffmpeg: String?

    @Option(help: "A folder for what was measured; it is made.", completion: .directory)
    var results = ".build/bench/encode"

    @Flag(help: "Take over what other builds of the relay have shown.")
    var keepAll = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        let ownPath = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let relay =
            relay ?? ownPath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/smartc-relay"
        guard FileManager.default.isExecutableFile(atPath: relay) else {
            throw ValidationError(
                "There is no program \(relay): swift build -c release --product smartc-relay")
        }
        let files = try self.files()
        let ffmpeg: FFmpeg
        do { ffmpeg = try FFmpeg(self.ffmpeg) } catch { throw ValidationError(error.description) }
        let arguments = ["relay-bench"] + CommandLine.arguments.dropFirst()
        var run = try EncodeRun(
            relay: relay, ffmpeg, clips: files, folder: results, keepsAll: keepAll,
            results: EncodeResults(command: arguments.joined(separator: " "), build: build))
        await run.run(try steps(names(files)))
        var outcome = run.results
        outcome.compare()
        let table = EncodeTable(outcome)
        try write(outcome, table)
        print(json ? try outcome.document() : table.text)
        if !outcome.failures.isEmpty { throw ExitCode.failure }
    }

    /// All encodes, those that are compared beside each other.
    private func steps(_ names: [String]) throws -> [EncodeStep] {
        var steps: [EncodeStep] = []
        for part in part.values {
            for length in length.values {
                for clip in names {
                    for tier in part == .tier ? tier.values : [.p144] {
                        for series in mode.values {
                            for rate in try rates(part, tier, series) {
                                steps.append(
                                    EncodeStep(
                                        part: part, clip: clip, length: length, tier: tier, series: series,
                                        bitsPerSecond: rate))
                            }
                        }
                    }
                }
            }
        }
        return steps
    }

    private func rates(_ part: EncodePart, _ tier: Tier, _ series: EncodeSeries) throws -> [Int] {
        if part == .viewer, series == .baseline { return [EncodeStep.smallestLayer.bitsPerSecond] }
        if let bitrates {
            let values = bitrates.split(separator: ",").map { Int($0) ?? 0 }
            guard !values.isEmpty, values.allSatisfy({ (10...4000).contains($0) }) else {
                throw ValidationError("--bitrates are 10 to 4000 kbit/s, separated by commas.")
            }
            return values.map { $0 * 1000 }
        }
        return switch part {
        // From half of what the tier takes to twice as much.
        case .tier: [50, 70, 100, 140, 200].map { tier.bitsPerSecond / 100 * $0 }
        case .viewer: [15, 22, 32, 47, 70, 105].map { $0 * 1000 }
        }
    }

    private func names(_ files: [String: String]) -> [String] {
        guard let clip else {
            return files.keys.sorted()
                + (files["carphone"] == nil ? [] : ["carphone\(EncodeSource.noisySuffix)"])
        }
        return clip.split(separator: ",").map(String.init)
    }

    /// The folder's clips by their names.
    private func files() throws -> [String: String] {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: clips)) ?? []
        var files: [String: String] = [:]
        for file in found.sorted() where !file.hasPrefix(".") {
            files[file.split(separator: ".").first.map(String.init) ?? file] = "\(clips)/\(file)"
        }
        guard !files.isEmpty else {
            throw ValidationError("There are no clips in \(clips): deploy/bench encode gathers some.")
        }
        for name in names(files) {
            let suffix = EncodeSource.noisySuffix
            let plain = name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
            guard files[plain] != nil else {
                let known = files.keys.sorted().joined(separator: ", ")
                throw ValidationError("There is no clip \(plain) in \(clips), but \(known).")
            }
        }
        return files
    }

    private func write(_ outcome: EncodeResults, _ table: EncodeTable) throws {
        var texts = [
            ("results.json", try outcome.document() + "\n"), ("results.md", table.markdown),
            ("summary.md", table.summary),
        ]
        for part in EncodePart.allCases {
            for length in EncodeLength.allCases {
                guard let chart = LineChart(outcome, part, length) else { continue }
                texts.append(("\(part.rawValue)-\(length.rawValue).svg", chart.svg))
            }
        }
        for (name, text) in texts { try Data(text.utf8).write(to: URL(filePath: "\(results)/\(name)")) }
    }
}
