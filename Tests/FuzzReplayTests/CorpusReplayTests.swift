import FoundationEssentials
import FuzzTargets
import Testing

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
}
