internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
package import Logging
internal import NIOCore
internal import NIOPosix
package import NodeCore
internal import ServiceLifecycle
internal import SystemPackage
package import Wire

/// The HTTP server of the node.
package struct SignalingServer: Service {
    private let application: Application<SignalingResponder>
    private let address: Wire.SocketAddress

    /// Connections beyond this number wait in the kernel's queue: file descriptors are left for others.
    private static let connectionLimit = 4096

    /// Loads the TLS files; nothing listens before `run`.
    ///
    /// `onListening` gets the address with the port that was bound. `frameworkLogger` gets what the HTTP
    /// framework has to say. `clock` times what event streams do by themselves.
    package init(
        _ configuration: SignalingConfiguration, plane: any MediaPlane, logger: Logger,
        frameworkLogger: Logger, clock: any Clock<Duration> = ContinuousClock(),
        onListening: @escaping @Sendable (Wire.SocketAddress) async -> Void
    ) throws(SignalingError) {
        let address = configuration.address
        self.address = address
        // Idle connections are closed, and headers beyond what browsers send refused: both cost memory.
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                idleTimeout: .seconds(60),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100)))
        var server = http
        if let tls = configuration.tls {
            let tlsConfiguration = try tls.configuration()
            do {
                server = try .tls(http, tlsConfiguration: tlsConfiguration)
            } catch {
                throw .unusableTLSFile(path: tls.certificate, reason: "\(error)")
            }
        }
        application = Application(
            responder: SignalingResponder(configuration, plane: plane, logger: logger, clock: clock),
            server: server,
            configuration: .init(
                address: .hostname(address.host, port: Int(address.port)),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    Self.connectionLimit, logger: frameworkLogger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) }
                await onListening(address.with(port: port ?? address.port))
            },
            logger: frameworkLogger)
    }

    /// Serves until graceful shutdown; requests that have begun are answered.
    package func run() async throws {
        do {
            try await application.run()
        } catch let error as IOError {
            throw SignalingError.cannotListen(address: "\(address)", reason: Self.reason(of: error))
        }
    }

    /// Whether `address` can be listened on now, for the machine check.
    package static func checkListening(on address: Wire.SocketAddress) async throws(SignalingError) {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: address.host, port: Int(address.port))
                .get()
            try await channel.close().get()
        } catch {
            throw .cannotListen(address: "\(address)", reason: Self.reason(of: error))
        }
    }

    /// The system's words, such as "Address already in use".
    private static func reason(of error: any Error) -> String {
        (error as? IOError).map { Errno(rawValue: $0.errnoCode).description } ?? "\(error)"
    }
}
