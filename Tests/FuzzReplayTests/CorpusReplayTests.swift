import FoundationEssentials
import Testing

@testable import FuzzTargets

/// Replays `fixtures/fuzz/<target>/*`: seeds of the fuzzer, and everything that ever made it stop.
@Suite struct CorpusReplayTests {
    /// One file of the corpus.
    struct Input: CustomTestStringConvertible, Sendable {
        let target: FuzzTarget
        let path: String

        var testDescription: String { path.split(separator: "/").suffix(2).joined(separator: "/") }
    }

    private static let corpus = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "fixtures/fuzz").path

    private static func inputs() -> [Input] {
        FuzzTarget.allCases.flatMap { target in
            let folder = "\(corpus)/\(target.rawValue)"
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.sorted().map { Input(target: target, path: "\(folder)/\($0)") }
        }
    }

    @Test(arguments: inputs())
    func `an input of the corpus does not trap`(input: Input) throws {
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: input.path)))
        input.target.run(bytes.span)
    }

    @Test(arguments: FuzzTarget.allCases)
    func `a target has a corpus`(target: FuzzTarget) {
        #expect(Self.inputs().contains { $0.target == target })
    }

    @Test(arguments: [
        "vp8_whole": 6, "vp9_whole": 6, "vp8_4096x4096": 0, "vp9_4096x4096": 0, "vp8_packet_missing": 8,
    ])
    func `pictures of a lane's source are decoded, unless they are too large`(
        name: String, pictures: Int
    ) throws {
        let path = "\(Self.corpus)/lane/\(name).bin"
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        #expect(LaneSourceTarget.run(bytes.span) == pictures)
    }
}
