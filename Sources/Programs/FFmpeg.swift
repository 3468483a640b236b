import FoundationEssentials

/// The ffmpeg program: it decodes what we do not read ourselves, and compares pictures.
package struct FFmpeg: Sendable, Equatable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case notFound(String?)

        package var description: String {
            switch self {
            case .notFound(let path?): "there is no program \(path)"
            case .notFound(nil):
                "there is no ffmpeg on PATH: apt-get install ffmpeg, or name one with --ffmpeg"
            }
        }
    }

    package let path: String

    /// - Parameters:
    ///   - given: a path, or nil to look for one.
    ///   - searchPath: folders as in the variable PATH.
    package init(_ given: String?, searchPath: String) throws(Failure) {
        if let given {
            guard FileManager.default.isExecutableFile(atPath: given) else { throw .notFound(given) }
            path = given
            return
        }
        let candidates = searchPath.split(separator: ":").map { "\($0)/ffmpeg" }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw .notFound(nil)
        }
        path = found
    }

    /// - Parameter given: a path, or nil for the one on PATH.
    package init(_ given: String?) throws(Failure) {
        try self.init(given, searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
    }

    /// The command that writes a file's pictures as y4m to standard output.
    ///
    /// - Parameter filter: what to do with them, in ffmpeg's language of filters.
    package func y4mCommand(decoding input: String, filter: String? = nil) -> [String] {
        command + ["-i", input, "-map", "0:v:0"] + (filter.map { ["-vf", $0] } ?? []) + y4mOutput("-")
    }

    /// The command that says on standard error what a file is, and then fails for want of an output.
    package func descriptionCommand(of input: String) -> [String] {
        [path, "-nostdin", "-hide_banner", "-i", input]
    }

    /// How long a file lasts in seconds, by what `descriptionCommand` said; nil: it did not say.
    package static func seconds(in description: some StringProtocol) -> Double? {
        // `  Duration: 00:01:19.50, start: 0.000000, bitrate: 818 kb/s`
        guard let label = description.firstRange(of: "Duration: ") else { return nil }
        let parts = description[label.upperBound...].prefix { $0 != "," }.split(separator: ":")
            .map { Double($0) }
        guard parts.count == 3, let hours = parts[0], let minutes = parts[1], let seconds = parts[2] else {
            return nil
        }
        return hours * 3600 + minutes * 60 + seconds
    }

    /// The beginning of every command: no questions, no chatter, no overwriting of what nobody meant.
    package var command: [String] { [path, "-nostdin", "-hide_banner", "-loglevel", "error"] }

    /// Arguments that write y4m in a constant frame rate.
    package func y4mOutput(_ path: String) -> [String] {
        // y4m has no times: what the frame rate does not say is lost, so pictures are repeated or left out.
        ["-fps_mode", "cfr", "-pix_fmt", "yuv420p", "-strict", "-1", "-f", "yuv4mpegpipe", path]
    }
}
