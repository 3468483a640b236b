import ArgumentParser
import FoundationEssentials
import NodeIO
import SystemPackage

/// `relay-bench janus`: Debian's Janus, configured as for a comparison, for as long as it is needed.
struct JanusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "janus",
        abstract: "Run Janus as forward does, with one VideoRoom, until SIGINT or SIGTERM.",
        discussion: """
            A line of JSON tells where its HTTP API is and what the room is called. Exits with 1 when Janus could not \
            be started, or has ended by itself.

            EXAMPLES
              relay-bench janus
              relay-bench load --api janus --url http://127.0.0.1:41234/janus --room bench
            """)

    private struct Line: Encodable {
        let event: String
        let url: String
        let room: String
        let version: String
    }

    private static let room = "bench"
    private static let checkInterval = Duration.milliseconds(200)

    @Option(help: "Janus' program.")
    var program = "janus"

    func run() async throws {
        let stop = ForwardStop()
        let interruption = Interruption { stop.request() }
        defer { interruption.end() }
        let programs = ForwardPrograms(
            relay: "", janus: program, mediaAddress: try Forward.address(),
            threads: ProcessInfo.processInfo.activeProcessorCount, room: Self.room)
        let folder = FileManager.default.temporaryDirectory.appending(path: "relay-bench-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var server = try await ForwardServer.start(.janus, programs, folder: folder, until: stop)
        let line = Line(event: "listening", url: server.url, room: Self.room, version: server.version)
        let text = String(decoding: try JSONEncoder().encode(line), as: UTF8.self)
        try FileDescriptor.standardOutput.writeAll("\(text)\n".utf8)
        while !stop.isWanted, server.isRunning() { try await Task.sleep(for: Self.checkInterval) }
        guard stop.isWanted else { throw ExitCode.failure }
        await server.end()
    }
}
