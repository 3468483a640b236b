import ArgumentParser
import FoundationEssentials
import NodeIO
import Plotting
import Programs
import Wire

/// `relay-bench forward`: our relay, and a rival, under the same loads.
struct Forward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the relay with Janus: CPU time, memory, latency and loss under the same load.",
        discussion: """
            Starts smartc-relay and Debian's Janus (VideoRoom over its HTTP API, ICE-lite, no log, one event loop per \
            core) in turn, puts the load of `relay-bench load` on each, and prints medians over the rounds. Each \
            measurement has a server of its own that is ended after it; Janus' configuration is written to a \
            temporary folder. Media goes by an address of this machine other than loopback, which Janus never uses.

            Exits with 1 and what there is of the report when something dies or endpoints fail.

            EXAMPLES
              relay-bench forward --against janus
              relay-bench forward --against janus --subscribers 50 --burst 5 --rounds 1 --json
              relay-bench forward --against none --results /tmp/results
            """)

    /// Whom to compare with.
    enum Rival: String, CaseIterable, ExpressibleByArgument {
        case janus, none

        var contestant: ForwardContestant? { self == .janus ? .janus : nil }
    }

    /// Positive numbers, separated by commas.
    struct Counts: ExpressibleByArgument {
        let values: [Int]

        init(_ values: [Int]) {
            self.values = values
        }

        init?(argument: String) {
            let values = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard !values.isEmpty, values.allSatisfy({ $0 >= 1 && $0 <= 10_000 }) else { return nil }
            self.values = values
        }

        var defaultValueDescription: String { values.map { "\($0)" }.joined(separator: ",") }
    }

    static let framesPerSecond = 30
    static let packetBytes = 1100

    @Option(help: "Whom to compare with: janus or none.")
    var against = Rival.janus

    @Option(help: "Numbers of subscribers.")
    var subscribers = Counts([10, 50, 200, 500])

    @Option(help: "Packets of a picture, of which there are 30 a second.")
    var burst = Counts([5, 1])

    @Option(help: "How often to measure each, in alternating order.")
    var rounds = 3

    @Option(help: "How long to hold each load.")
    var seconds = 10

    @Option(help: "The relay's program; by default the one beside this.")
    var relay: String?

    @Option(help: "What to call the relay's build beside its version, such as a commit.")
    var build: String?

    @Option(help: "Janus' program.")
    var janus = "janus"

    @Option(help: "A folder for results.json, results.md and chart.svg; it is made.")
    var results: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard (1...100).contains(rounds), (1...3600).contains(seconds) else {
            throw ValidationError("--rounds is 1 to 100, --seconds 1 to 3600.")
        }
    }

    func run() async throws {
        let ownPath = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let relay =
            relay ?? ownPath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/smartc-relay"
        guard FileManager.default.isExecutableFile(atPath: relay) else {
            throw ValidationError(
                "There is no program \(relay): swift build -c release --product smartc-relay")
        }
        let programs = ForwardPrograms(
            relay: relay, janus: janus, mediaAddress: try mediaAddress(),
            threads: ProcessInfo.processInfo.activeProcessorCount, room: "bench")
        ChildProcess.raiseFileLimit()
        let arguments = ["relay-bench"] + CommandLine.arguments.dropFirst()
        var run = try ForwardRun(
            self, programs, ownPath: ownPath,
            results: Results(self, command: arguments.joined(separator: " ")))
        await run.run()
        let outcome = run.results
        let table = ResultsTable(outcome)
        if let results { try Self.write(outcome, table, to: results) }
        print(json ? try outcome.document() : table.text)
        if !outcome.failures.isEmpty { throw ExitCode.failure }
    }

    /// An address that both contestants can offer.
    private func mediaAddress() throws -> String {
        against == .none ? (try? Self.address()) ?? "127.0.0.1" : try Self.address()
    }

    /// The address that Janus can offer for media.
    static func address() throws -> String {
        let address = NetworkInterfaces.addresses().first { $0.ipv4 != nil && !$0.isLoopback }
        guard let address else {
            throw ValidationError(
                "This machine has no IPv4 address other than loopback, which Janus does not offer for media.")
        }
        return address.host
    }

    private static func write(_ results: Results, _ table: ResultsTable, to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in [
            ("results.json", try results.document() + "\n"), ("results.md", table.markdown),
            ("chart.svg", BarChart(results).svg),
        ] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
    }
}
