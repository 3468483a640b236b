import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NodeIO
import Programs
import Synchronization
import Wire

/// What forwards: our relay or a rival.
enum ForwardContestant: String, CaseIterable, Codable, Sendable {
    case relay
    case janus

    var title: String {
        switch self {
        case .relay: "smartc-relay"
        case .janus: "Janus"
        }
    }

    var api: ServerAPI {
        switch self {
        case .relay: .whip
        case .janus: .janus
        }
    }
}

/// Where the contestants' programs are, and the address that both send media from.
struct ForwardPrograms {
    let relay: String
    let janus: String
    let mediaAddress: String
    /// Threads for media: one for each core.
    let threads: Int
    let room: String
}

/// Whether a comparison was asked to end early.
final class ForwardStop: Sendable {
    private let state = Atomic(false)

    var isWanted: Bool { state.load(ordering: .relaxed) }

    func request() {
        state.store(true, ordering: .relaxed)
    }
}

/// A contestant that runs, started for one measurement.
struct ForwardServer {
    enum Failure: Error, CustomStringConvertible {
        case ended(String, ChildProcess.Ending, log: String)
        case silent(String, log: String)
        case interrupted

        var description: String {
            switch self {
            case .ended(let name, let ending, let log): "\(name) \(ending) before it served\(Self.tail(log))"
            case .silent(let name, let log): "\(name) did not serve within 15 s\(Self.tail(log))"
            case .interrupted: "interrupted"
            }
        }

        private static func tail(_ log: String) -> String {
            log.isEmpty
                ? "" : ": " + log.suffix(300).split(whereSeparator: \.isNewline).joined(separator: " | ")
        }
    }

    private static let patience = Duration.seconds(15)
    private static let endLimit = Duration.seconds(5)
    private static let timeout = TimeAmount.seconds(1)

    let contestant: ForwardContestant
    /// What `relay-bench load` takes as `--url`.
    private(set) var url = ""
    /// The program's name and version, and of Janus its libraries'.
    private(set) var version = ""
    private var process: ChildProcess
    private let folder: String

    var pid: Int32 { process.pid }

    /// Starts it and waits until it serves; its files go to `folder`, which is made.
    static func start(
        _ contestant: ForwardContestant, _ programs: ForwardPrograms, folder: String, until stop: ForwardStop
    ) async throws -> ForwardServer {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        switch contestant {
        case .relay: return try await startRelay(programs, folder, stop)
        case .janus: return try await startJanus(programs, folder, stop)
        }
    }

    mutating func isRunning() -> Bool {
        process.isRunning()
    }

    var ending: ChildProcess.Ending? { process.ending }

    mutating func end() async {
        await process.end(within: Self.endLimit)
    }

    // MARK: - Private

    private init(_ contestant: ForwardContestant, _ arguments: [String], folder: String) throws {
        self.contestant = contestant
        self.folder = folder
        process = try ChildProcess(
            arguments, output: .file("\(folder)/output"), errors: .file("\(folder)/errors"))
    }

    private static func startRelay(_ programs: ForwardPrograms, _ folder: String, _ stop: ForwardStop)
        async throws
        -> ForwardServer
    {
        var server = try ForwardServer(
            .relay,
            [
                programs.relay, "serve", "--http", "127.0.0.1:0", "--udp-port", "0", "--workers",
                "\(programs.threads)", "--advertise", programs.mediaAddress, "--log-format", "json",
            ], folder: folder)
        try await server.wait(unless: stop) { server in
            guard
                let line = server.text.split(separator: "\n").first(where: { $0.contains("\"listening\"") }),
                let listening = try? JSONDecoder().decode(Listening.self, from: Data(line.utf8))
            else { return false }
            server.url = listening.url
            return true
        }
        server.version = try await version(of: programs.relay, folder)
        return server
    }

    private static func startJanus(
        _ programs: ForwardPrograms, _ folder: String, _ stop: ForwardStop
    ) async throws -> ForwardServer {
        let libraries = try JanusConfiguration.libraries()
        let port = try await freePort()
        let configuration = JanusConfiguration(
            mediaAddress: programs.mediaAddress, httpPort: port, eventLoops: programs.threads,
            room: programs.room)
        try configuration.write(to: folder, libraries: libraries)
        var server = try ForwardServer(
            .janus, [programs.janus, "--configs-folder=\(folder)", "--disable-colors"], folder: folder)
        server.url = "http://127.0.0.1:\(port)/janus"
        try await server.wait(unless: stop) { server in
            guard let information = await information(from: server.url) else { return false }
            server.version = information.text
            return true
        }
        return server
    }

    private static func information(from url: String) async -> JanusInformation? {
        guard
            let response = try? await HTTPClient.shared.execute(
                HTTPClientRequest(url: "\(url)/info"), timeout: timeout),
            let body = try? await response.body.collect(upTo: 1 << 20)
        else { return nil }
        return try? JSONDecoder().decode(JanusInformation.self, from: Data(body.readableBytesView))
    }

    /// A TCP port at which nobody listens: Janus cannot be given port 0. The kernel names one that is free for UDP.
    private static func freePort() async throws -> UInt16 {
        var port: UInt16
        repeat {
            port = try UDPSocket(port: 0).port
        } while (try? await HTTPClient.shared.execute(
            HTTPClientRequest(url: "http://127.0.0.1:\(port)/"), timeout: timeout)) != nil
        return port
    }

    /// Waits until `isServing`; ends the program if that does not come to be.
    private mutating func wait(
        unless stop: ForwardStop, until isServing: (inout ForwardServer) async -> Bool
    ) async throws {
        let deadline = MonotonicClock.now() + Self.patience
        do {
            while !(await isServing(&self)) {
                guard !stop.isWanted else { throw Failure.interrupted }
                guard process.isRunning() else {
                    throw Failure.ended(contestant.title, process.ending ?? .exited(0), log: text)
                }
                guard MonotonicClock.now() < deadline else {
                    throw Failure.silent(contestant.title, log: text)
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        } catch {
            await end()
            throw error
        }
    }

    /// All that it has said.
    private var text: String {
        ["output", "errors"].map { (try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) ?? "" }
            .joined()
    }

    private static func version(of relay: String, _ folder: String) async throws -> String {
        let output = "\(folder)/version"
        var process = try ChildProcess(
            [relay, "--version"], output: .file(output), errors: .file("\(folder)/version-errors"))
        while process.isRunning() { try await Task.sleep(for: .milliseconds(10)) }
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isNewline).first.map { String($0) } ?? "unknown"
    }

    /// The relay's log line with this message.
    private struct Listening: Decodable {
        let http: String

        var url: String { "http://\(http)" }
    }

    /// What Janus says of itself.
    private struct JanusInformation: Decodable {
        let versionText: String
        let dependencies: [String: String]

        var text: String {
            // The others say their names themselves.
            let libraries = [
                dependencies["libnice"].map { "libnice \($0)" }, dependencies["libsrtp"],
                dependencies["crypto"],
            ]
            return "\(versionText) (\(libraries.compactMap { $0 }.joined(separator: ", ")))"
        }

        private enum CodingKeys: String, CodingKey {
            case dependencies
            case versionText = "version_string"
        }
    }
}
