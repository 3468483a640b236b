import FoundationEssentials

/// The raw packets in `fixtures/fuzz`, named by what is odd in them.
enum Fixtures {
    static let kinds = ["rtp", "rtcp", "vp8", "vp9", "h264", "av1"]

    /// The files of one kind by name, without the extension.
    static func all(_ kind: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = root + "/" + kind
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { file in
            let data = try Data(contentsOf: URL(filePath: folder + "/" + file))
            return (String(file.prefix { $0 != "." }), [UInt8](data))
        }
    }

    static func bytes(_ kind: String, _ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: "\(root)/\(kind)/\(name).bin")))
    }

    /// Seeds of random tests: one from the environment variable SMARTC_SEED, or these.
    static var seeds: [UInt64] {
        let text = ProcessInfo.processInfo.environment["SMARTC_SEED"]
        return text.flatMap { UInt64($0) }.map { [$0] } ?? Array(1...20)
    }

    private static let root: String = {
        let components = #filePath.split(separator: "/").dropLast(3)
        return "/" + components.joined(separator: "/") + "/fixtures/fuzz"
    }()
}
