import ArgumentParser
import Launch
import Logging
import NIOCore
import NodeIO
import ServiceLifecycle
import Signaling
import UnixSignals
import Wire

/// `smartc-relay serve`: runs the node until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the relay until SIGTERM or SIGINT.",
        discussion: """
            \(RelaySettings.environmentNote)

            The first SIGTERM or SIGINT ends the node in order: /readyz turns 503, participants are told to \
            move and have --drain-seconds for it, sessions end, HTTP closes. The second ends it at once.

            EXAMPLES
              smartc-relay serve --http 127.0.0.1:8080 --log-format text
              smartc-relay serve --advertise 203.0.113.7 --ice-server stun:stun.example.org:3478
              SMARTC_UDP_PORT=50000 smartc-relay serve --config /etc/smartc-relay.json
              smartc-relay serve --drain-seconds 60 --move-to https://b.example.org
            """)

    /// How long requests and sessions get to end before the node gives up on them.
    private static let shutdownLimit = Duration.seconds(10)

    @OptionGroup var options: SettingOptions

    func run() async throws {
        let settings = try options.settings()
        // HTTP is control traffic: one thread, so that the cores stay with the workers. NIO reads it once.
        NIOSingletons.groupLoopCountSuggestion = 1
        let logger = Self.logger("smartc-relay", settings, settings.logLevel)
        // The frameworks' own notices of starting and stopping are for those who debug.
        let frameworkLevel = settings.logLevel <= .debug ? settings.logLevel : max(settings.logLevel, .notice)
        let frameworkLogger = Self.logger("framework", settings, frameworkLevel)

        let relay: Relay
        let server: SignalingServer
        do {
            let signaling = try settings.signaling()
            try signaling.tls?.check()
            relay = try await Relay.start(settings.relay, logger: logger)
            server = try SignalingServer(
                signaling, plane: relay, logger: logger, frameworkLogger: frameworkLogger
            ) { address in
                Announcement(address, relay.udpPorts, settings).log(to: logger)
            }
        } catch {
            throw Self.failure("\(error)", logger)
        }
        // Services end in reverse order: the relay first, while HTTP still answers /readyz and DELETE.
        var configuration = ServiceGroupConfiguration(
            services: [server, RelayService(relay: relay)], logger: frameworkLogger)
        configuration.maximumGracefulShutdownDuration = Self.shutdownLimit
        let group = ServiceGroup(configuration: configuration)
        do {
            try await Self.run(group, logger) {
                guard settings.drainSeconds > 0 else { return }
                await relay.drain(for: .seconds(settings.drainSeconds), to: settings.moveTo)
            }
        } catch {
            await relay.shutdown()
            throw Self.failure("\(error)", logger)
        }
        logger.info("stopped")
    }

    /// Runs the group until the first signal, then `drain`, then ends the group in order; the second signal ends the process.
    private static func run(
        _ group: ServiceGroup, _ logger: Logger, drain: @escaping @Sendable () async -> Void
    ) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                for await _ in stops {
                    await drain()
                    await group.triggerGracefulShutdown()
                }
            }
            tasks.addTask {
                var isStopping = false
                for await signal in signals {
                    guard !isStopping else {
                        logger.warning("stopped at once", metadata: ["signal": "\(signal)"])
                        Self.exit(withError: ExitCode.failure)
                    }
                    isStopping = true
                    logger.info("stopping", metadata: ["signal": "\(signal)"])
                    stop.yield()
                }
                try await Task.sleep(for: .seconds(Int64.max >> 1))
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private static func logger(_ label: String, _ settings: RelaySettings, _ level: Logger.Level) -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, format: settings.logFormat, level: level) }
    }

    private static func failure(_ reason: String, _ logger: Logger) -> ExitCode {
        logger.critical("cannot run", metadata: ["reason": "\(reason)"])
        return .failure
    }
}

/// The media side as a service: it logs its events until the node is told to stop.
private struct RelayService: Service {
    let relay: Relay

    func run() async throws {
        await withTaskGroup { tasks in
            tasks.addTask { await relay.run() }
            // Throws when the group is cancelled, which ends the relay just the same.
            try? await gracefulShutdown()
            await relay.shutdown()
        }
    }
}
