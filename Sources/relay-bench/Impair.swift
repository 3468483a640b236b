import ArgumentParser
import Dispatch
import FoundationEssentials
import Impairment
import NodeIO
import SystemPackage
import Wire

/// `relay-bench impair`: a bad link between any client and a relay.
struct Impair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry UDP between clients and a relay over a link that is slow, late or lossy.",
        discussion: """
            Clients send to --listen, the relay is --target. Every client gets a link of its own and reaches the target \
            from a port of its own; a rate is that of each client. The same options and the same --seed do the same to \
            the same datagrams. Every second a line tells what went through, SIGINT or SIGTERM ends with a summary.

            Lines on standard input change the links while they run:
              rate 128kbit | rate unlimited | delay 150ms | jitter 20ms | loss 5% | burst 5 | burst off |
              reorder 1% | duplicate 1% | queue 300ms | block 97 | block off | drop 3,
            each for both directions, or behind "up" or "down" for one. "block" loses RTP of a payload type, such as that \
            of repairs; "drop" the next datagrams of each client.

            WITH WEBRTC
              A client sends media to the address in the server's answer, so that has to be the proxy's. Start the \
              relay with one worker and a fixed port (--workers 1 --udp-port 40000) and either let the load generator \
              send to the proxy (relay-bench load --via 127.0.0.1:5000), or replace address and port in the a=candidate \
              line of the answer before the browser is given it, or run the proxy on the machine whose address the \
              relay advertises (--advertise), with the relay's port.

            EXAMPLES
              relay-bench impair --listen 127.0.0.1:5000 --target 127.0.0.1:40000 --rate 400kbit --delay 150ms
              relay-bench impair --listen 127.0.0.1:5000 --target 127.0.0.1:40000 --down-loss 2% --burst --seed 7
            """)

    private enum Event: Sendable {
        case second, line(String), end
    }

    /// One line of `--json`.
    private struct Report: Encodable {
        let event: String
        var address: String?
        var change: String?
        var error: String?
        var seconds: Double?
        var traffic: ProxyTraffic?
    }

    @Option(help: "Where clients send to; port 0 lets the system choose.")
    var listen: String

    @Option(help: "The relay's UDP address.")
    var target: String

    @OptionGroup
    var link: LinkOptions

    @Option(help: "Decides what is lost and when; by default another one in each run.")
    var seed: UInt64?

    @Option(
        help: "A client without traffic is forgotten after this.", transform: { try DurationArgument($0) })
    var idle = DurationArgument(.seconds(60))

    @Option(help: "How many clients there may be at once.")
    var maxClients = 1000

    @Flag(help: "Print lines of JSON.")
    var json = false

    func validate() throws {
        _ = try Self.address(listen, option: "--listen")
        guard try Self.address(target, option: "--target").port > 0 else {
            throw ValidationError("--target needs a port.")
        }
        guard maxClients >= 1, idle.duration >= .seconds(1) else {
            throw ValidationError("--max-clients is at least 1, --idle at least 1s.")
        }
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let proxy = try proxy(seed: seed)
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let interruption = Interruption { continuation.yield(.end) }
        defer { interruption.end() }
        // Reading blocks, for ever if nobody writes: on a thread that nobody waits for.
        DispatchQueue(label: "impair-input").async {
            while let line = readLine() { continuation.yield(.line(line)) }
        }
        report(
            Report(event: "listening", address: "\(proxy.address)"),
            "listening on \(proxy.address), target \(target), seed \(seed)")
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil { continuation.yield(.second) }
            }
            await follow(events, proxy)
            group.cancelAll()
        }
        await proxy.stop()
    }

    /// Prints what happens and changes the links until the end.
    private func follow(_ events: AsyncStream<Event>, _ proxy: UDPProxy) async {
        let start = MonotonicClock.now()
        var last = ProxyTraffic()
        var lastAt = start
        for await event in events {
            let now = MonotonicClock.now()
            switch event {
            case .second:
                let traffic = await proxy.counters()
                let latest = traffic.since(last)
                let seconds = (now - lastAt).inSeconds
                let total = (now - start).inSeconds
                report(
                    Report(event: "traffic", seconds: total, traffic: latest),
                    "\(decimal(total, 0)) s  \(latest.text(over: seconds))")
                last = traffic
                lastAt = now
            case .line(let line):
                await change(line, proxy)
            case .end:
                let traffic = await proxy.counters()
                let total = (now - start).inSeconds
                report(
                    Report(event: "summary", seconds: total, traffic: traffic),
                    "total of \(decimal(total)) s  \(traffic.text(over: total))")
                return
            }
        }
    }

    private func change(_ line: String, _ proxy: UDPProxy) async {
        guard !line.isEmpty else { return }
        do {
            await proxy.change(try LinkChange(line))
            report(Report(event: "changed", change: line), "changed: \(line)")
        } catch {
            report(
                Report(event: "refused", change: line, error: error.description),
                "refused: \(error.description)")
        }
    }

    private func proxy(seed: UInt64) throws -> UDPProxy {
        let target = try Self.address(target, option: "--target")
        let listen = try Self.address(listen, option: "--listen")
        // IPv4 or IPv6, and UDP.
        let headerBytes = target.ipv4 != nil ? 28 : 48
        let settings = UDPProxy.Settings(
            listen: listen, target: target, up: link.settings(.up, headerBytes: headerBytes),
            down: link.settings(.down, headerBytes: headerBytes), seed: seed, idleLimit: idle.duration,
            clientLimit: maxClients)
        do {
            let proxy = try UDPProxy(settings)
            try proxy.start()
            return proxy
        } catch .bind(let address, let cause) {
            throw ValidationError("--listen: \(address) cannot be bound: \(Errno(rawValue: cause)).")
        }
    }

    /// Lines go out at once, also into a pipe.
    private func report(_ report: Report, _ text: String) {
        var line = text
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            line = (try? encoder.encode(report)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        _ = try? FileDescriptor.standardOutput.writeAll("\(line)\n".utf8)
    }

    private static func address(_ text: String, option: String) throws -> SocketAddress {
        guard let address = SocketAddress(text) else {
            throw ValidationError("\(option): \(text) is no address and port such as 127.0.0.1:5000.")
        }
        return address
    }
}
