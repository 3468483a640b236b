import FoundationEssentials
import NodeIO
import Programs
import Wire

/// The rounds of a comparison. Whatever goes wrong is noted, and the rest is measured all the same.
struct ForwardRun {
    /// Why a measurement was given up.
    private enum Failure: Error, CustomStringConvertible {
        case interrupted
        case tooSlow
        case loadFailed(String)

        var description: String {
            switch self {
            case .interrupted: "interrupted"
            case .tooSlow: "the load did not end in time"
            case .loadFailed(let reason): "the load failed: \(reason)"
            }
        }
    }

    /// What `relay-bench load --json` prints, as far as it is needed here.
    private struct LoadDocument: Decodable {
        let connected: Int
        let packetsReceived: Int
        let lossPercent: Double
        let latencyMilliseconds: [String: Double]
        let cpuSecondsPerMillionPackets: Double?
        let serverCPUShare: Double?
        let residentBytesPerSubscriber: Int?
        let failures: [String: Int]
        let stopped: String?
    }

    /// One measurement to be made.
    private struct Step {
        let round: Int
        let burst: Int
        let subscribers: Int
        let contestant: ForwardContestant

        var title: String {
            "round \(round), \(contestant.title), \(subscribers) subscribers, bursts of \(burst)"
        }
    }

    private static let poll = Duration.milliseconds(100)
    /// Joining, connecting and ending, beyond the hold.
    private static let grace = Duration.seconds(60)
    /// With so many subscribers one in ten decrypts what it receives, so that the load leaves cores to the server.
    private static let decryptionLimit = 100
    private static let pause = Duration.milliseconds(500)

    private let forward: Forward
    private let programs: ForwardPrograms
    private let ownPath: String
    private let folder: String
    private let stop = ForwardStop()
    private(set) var results: Results

    init(_ forward: Forward, _ programs: ForwardPrograms, ownPath: String, results: Results) throws {
        self.forward = forward
        self.programs = programs
        self.ownPath = ownPath
        self.results = results
        let name = "relay-bench-\(ProcessInfo.processInfo.processIdentifier)"
        folder = FileManager.default.temporaryDirectory.appending(path: name).path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    mutating func run() async {
        let interruption = Interruption { [stop] in stop.request() }
        defer { interruption.end() }
        var progress = Progress("forward")
        let steps = self.steps
        for (number, step) in steps.enumerated() {
            progress.show(Double(number) / Double(steps.count), step.title)
            do {
                try await measure(step, number: number)
            } catch {
                results.failures.append("\(step.title): \(error)")
            }
            if stop.isWanted {
                if results.failures.isEmpty { results.failures.append("interrupted after \(step.title)") }
                break
            }
            try? await Task.sleep(for: Self.pause)
        }
        progress.finish()
        if results.failures.isEmpty {
            try? FileManager.default.removeItem(atPath: folder)
        } else {
            Progress.write("logs of all programs: \(folder)\n")
        }
    }

    /// All measurements; who goes first alternates from round to round.
    private var steps: [Step] {
        var contestants = [ForwardContestant.relay]
        if let rival = forward.against.contestant { contestants.append(rival) }
        var steps: [Step] = []
        for round in 1...forward.rounds {
            for burst in forward.burst.values {
                for subscribers in forward.subscribers.values {
                    for contestant in round % 2 == 1 ? contestants : contestants.reversed() {
                        steps.append(
                            Step(round: round, burst: burst, subscribers: subscribers, contestant: contestant)
                        )
                    }
                }
            }
        }
        return steps
    }

    private mutating func measure(_ step: Step, number: Int) async throws {
        let own = "\(folder)/\(number)"
        var server = try await ForwardServer.start(step.contestant, programs, folder: own, until: stop)
        var version = server.version
        if step.contestant == .relay, let build = forward.build { version += " (\(build))" }
        results.versions[step.contestant.rawValue] = version
        var failure: (any Error)?
        let drops = ResultsMachine.receiveBufferDrops()
        do {
            let document = try await load(step, on: server, folder: own)
            take(
                document, of: step, drops: max(0, ResultsMachine.receiveBufferDrops() - drops),
                isWhole: server.isRunning())
        } catch {
            failure = error
        }
        if !server.isRunning(), let ending = server.ending {
            results.failures.append("\(step.title): \(step.contestant.title) \(ending)")
        }
        await server.end()
        if let failure { throw failure }
    }

    /// - Parameter isWhole: whether the server lived to the end: the load may not have noticed that it did not.
    private mutating func take(_ document: LoadDocument, of step: Step, drops: Int, isWhole: Bool) {
        for (cause, count) in document.failures.sorted(by: { $0.key < $1.key }) {
            results.failures.append("\(step.title): \(cause) (\(count))")
        }
        if let reason = document.stopped {
            // What was seen until then compares with nothing.
            results.failures.append("\(step.title): \(reason)")
            return
        }
        guard isWhole else { return }
        results.add(
            ResultsSample(
                contestant: step.contestant, round: step.round, burst: step.burst,
                subscribers: step.subscribers, connected: document.connected,
                packetsReceived: document.packetsReceived, lossPercent: document.lossPercent,
                latencyMilliseconds: document.latencyMilliseconds,
                cpuSecondsPerMillionPackets: document.cpuSecondsPerMillionPackets,
                cpuShare: document.serverCPUShare,
                residentBytesPerSubscriber: document.residentBytesPerSubscriber, receiveBufferDrops: drops))
    }

    /// Runs `relay-bench load` as a process of its own, so that its work is no part of what this one does.
    private func load(_ step: Step, on server: ForwardServer, folder: String) async throws -> LoadDocument {
        let bitrate = step.burst * Forward.packetBytes * 8 * Forward.framesPerSecond
        let output = "\(folder)/load"
        let errors = "\(folder)/load-errors"
        var process = try ChildProcess(
            [
                ownPath, "load", "--api", step.contestant.api.rawValue, "--url", server.url, "--room",
                programs.room,
                "--subscribers", "\(step.subscribers)", "--seconds", "\(forward.seconds)", "--bitrate",
                "\(bitrate)",
                "--fps", "\(Forward.framesPerSecond)", "--packet-bytes", "\(Forward.packetBytes)",
                "--no-audio",
                "--decrypt", step.subscribers < Self.decryptionLimit ? "all" : "sample",
                "--server-pid", "\(server.pid)", "--json",
            ], output: .file(output), errors: .file(errors))
        let limit = Self.grace + .seconds(forward.seconds) + .milliseconds(100 * step.subscribers)
        let deadline = MonotonicClock.now() + limit
        while process.isRunning() {
            let failure: Failure? =
                stop.isWanted ? .interrupted : MonotonicClock.now() > deadline ? .tooSlow : nil
            if let failure {
                await process.end(within: .seconds(2))
                throw failure
            }
            try? await Task.sleep(for: Self.poll)
        }
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        if let document = try? JSONDecoder().decode(LoadDocument.self, from: Data(text.utf8)) {
            return document
        }
        let said = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
        let reason = said.split(whereSeparator: \.isNewline).last { $0.contains("rror") }.map { String($0) }
        let ending = process.ending.map { "\($0)" } ?? ""
        throw Failure.loadFailed(reason ?? "it \(ending) without a report")
    }
}
