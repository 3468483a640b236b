import ArgumentParser
import DTLS
import Endpoint
import FoundationEssentials
import NodeIO
import SDP
import Wire

/// `relay-bench load`: real WebRTC endpoints against a WHIP and WHEP server.
struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish and watch with many real WebRTC endpoints, and report what arrives.",
        discussion: """
            Every endpoint has its own UDP socket, ICE agent, DTLS handshake and SRTP keys. Pictures are synthetic VP8 \
            with the time of sending in the payload, so the latency is measured where sender and receiver share this \
            machine. Exits with 1 when endpoints failed.

            EXAMPLES
              relay-bench load --subscribers 50 --seconds 20
              relay-bench load --subscribers 200 --bitrate 1100000 --server-pid 4711 --json
            """)

    @Option(help: "Where the server's HTTP is.")
    var url = "http://127.0.0.1:8080"

    @Option(help: "The room to publish and watch in.")
    var room = "bench"

    @Option(help: "How many endpoints publish.")
    var publishers = 1

    @Option(help: "How many endpoints watch; they share the publishers evenly.")
    var subscribers = 50

    @Option(help: "Video bits per second of each publisher.")
    var bitrate = 1_000_000

    @Option(help: "Pictures per second of each publisher.")
    var fps = 25

    @Option(help: "Payload bytes of a video packet.")
    var packetBytes = 1100

    @Flag(inversion: .prefixedNo, help: "Publish sound beside the picture.")
    var audio = true

    @Option(help: "Endpoints that join per second.")
    var joinRate = 50

    @Option(help: "How long to hold the load, after everybody has joined.")
    var seconds = 20

    @Option(help: "The server's process, to report its CPU time and memory.")
    var serverPid: Int32?

    @Flag(help: "Compare every byte that is received with what was sent.")
    var verify = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard publishers >= 1, subscribers >= 0, seconds >= 1, joinRate >= 1, fps >= 1, bitrate >= 1000,
            (64...1200).contains(packetBytes)
        else {
            throw ValidationError(
                "--publishers, --seconds, --join-rate and --fps are at least 1, --packet-bytes is 64 to 1200.")
        }
    }

    func run() async throws {
        let report = try await LoadRun(self).run()
        print(json ? try report.document() : report.text)
        if !report.failures.isEmpty { throw ExitCode.failure }
    }

    var publisherSettings: EndpointSettings {
        var settings = EndpointSettings.publisher
        if !audio { settings.sections.removeAll { $0.kind == .audio } }
        settings.video.framesPerSecond = fps
        settings.video.packetBytes = packetBytes
        settings.video.layers = [.init(bitsPerSecond: bitrate)]
        return settings
    }

    var subscriberSettings: EndpointSettings {
        var settings = EndpointSettings.watcher
        if !audio { settings.sections.removeAll { $0.kind == .audio } }
        settings.verifiesContent = verify
        return settings
    }
}

/// One load from the first join to the report.
struct LoadRun {
    private let load: Load
    private let client: SignalingClient
    private let meter: ServerMeter?

    init(_ load: Load) {
        self.load = load
        client = SignalingClient(base: load.url.hasSuffix("/") ? String(load.url.dropLast()) : load.url)
        meter = load.serverPid.map { ServerMeter(pid: $0) }
    }

    func run() async throws -> LoadReport {
        let fleet = try Fleet(number: 0, certificate: Certificate())
        try fleet.start()
        let seed = UInt64.random(in: .min ... .max)
        var progress = Progress("load")
        var report = LoadReport(load)
        var sessions: [SignalingClient.Session] = []
        let idle = meter?.read()

        for number in 0..<load.publishers {
            let name = participant(number, seed)
            do {
                let (member, offer) = try await fleet.add(load.publisherSettings, seed: seed &+ UInt64(number))
                let session = try await client.publish(offer, room: load.room, participant: name)
                sessions.append(session)
                try await fleet.accept(session.answer, for: member)
            } catch let failure as SignalingClient.Failure {
                await fleet.stop()
                // Without a publisher there is nothing to measure.
                throw failure
            }
        }
        try await connect(load.publishers, of: fleet, within: .seconds(15))

        let withPublishers = meter?.read()
        let start = MonotonicClock.now()
        for number in 0..<load.subscribers {
            let due = start + .nanoseconds(Int64(number) * 1_000_000_000 / Int64(load.joinRate))
            let now = MonotonicClock.now()
            if due > now { try await Task.sleep(for: due - now) }
            progress.show(Double(number) / Double(max(load.subscribers, 1)) / 2, "\(number) have joined")
            do {
                let (member, offer) = try await fleet.add(
                    load.subscriberSettings, seed: seed &+ UInt64(load.publishers + number))
                let session = try await client.watch(
                    offer, room: load.room, participant: participant(number % load.publishers, seed))
                sessions.append(session)
                try await fleet.accept(session.answer, for: member)
            } catch let failure as SignalingClient.Failure {
                report.failures[failure.cause, default: 0] += 1
            }
        }
        try? await connect(load.publishers + load.subscribers, of: fleet, within: .seconds(10))

        let before = await fleet.summary()
        let used = meter?.read()
        for second in 0..<load.seconds {
            progress.show(0.5 + Double(second) / Double(load.seconds) / 2, "holding")
            try await Task.sleep(for: .seconds(1))
            if meter != nil, meter?.read() == nil {
                report.failures["the server ended", default: 0] += 1
                break
            }
        }
        let after = await fleet.summary()
        let usedAfter = meter?.read()
        progress.finish()

        report.fill(before, after)
        report.fill(idle: idle, withPublishers: withPublishers, used, usedAfter)
        await fleet.close()
        for session in sessions { await client.end(session) }
        await fleet.stop()
        return report
    }

    private func participant(_ number: Int, _ seed: UInt64) -> String {
        "bench-\(String(seed, radix: 36))-\(number)"
    }

    /// Waits until `count` members are connected.
    private func connect(_ count: Int, of fleet: Fleet, within limit: Duration) async throws {
        let end = MonotonicClock.now() + limit
        while await fleet.connectedCount() < count {
            guard MonotonicClock.now() < end else {
                let connected = await fleet.connectedCount()
                throw ValidationError(
                    "\(connected) of \(count) endpoints connected within \(limit): check the server's UDP port.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
