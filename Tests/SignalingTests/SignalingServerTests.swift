import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing
import Wire

@testable import Signaling

@Suite struct SignalingServerTests {
    private static let loopback = Wire.SocketAddress(ipv4: 0x7F00_0001, port: 0)

    @Test func `a free port passes the check and a port in use fails it by its address`() async throws {
        try await SignalingServer.checkListening(on: Self.loopback)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port.flatMap { UInt16(exactly: $0) })
        do throws(SignalingError) {
            try await SignalingServer.checkListening(on: Self.loopback.with(port: port))
            Issue.record("the port is in use")
        } catch {
            #expect(
                error.description == "cannot listen for HTTP on 127.0.0.1:\(port): Address already in use")
        }
        try await channel.close()
    }

    @Test func `the server tells the port that it got and ends on graceful shutdown`() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, continuation) = AsyncStream.makeStream(of: UInt16.self)
        let server = try SignalingServer(
            SignalingConfiguration(address: Self.loopback), plane: FakePlane(), logger: logger,
            frameworkLogger: logger
        ) { address in
            continuation.yield(address.port)
        }
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            #expect(port != 0)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func `a port in use ends the server with an error that names the address`() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port.flatMap { UInt16(exactly: $0) })
        let address = Self.loopback.with(port: port)
        let server = try SignalingServer(
            SignalingConfiguration(address: address), plane: FakePlane(), logger: logger,
            frameworkLogger: logger
        ) { _ in }
        let error = await #expect(throws: SignalingError.self) { try await server.run() }
        #expect(error?.description == "cannot listen for HTTP on 127.0.0.1:\(port): Address already in use")
        try await channel.close()
    }
}
