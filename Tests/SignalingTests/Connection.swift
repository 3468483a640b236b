import NIOCore
import NIOPosix
import Testing

/// One TCP connection to a server under test, written and read as text.
struct Connection {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let channel: any Channel
    /// What has come and was not asked for yet.
    private var received = ""

    /// Connects, runs `body` and closes. Reading is back-pressured: what `body` does not read fills the socket.
    static func open<Value: Sendable>(
        port: UInt16, _ body: (inout Connection) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.so_rcvbuf), value: 4096)
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = Connection(
                outbound: outbound, inbound: inbound.makeAsyncIterator(), channel: channel.channel)
            return try await body(&connection)
        }
    }

    private init(
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, channel: any Channel
    ) {
        self.outbound = outbound
        self.inbound = inbound
        self.channel = channel
    }

    func send(_ method: String, _ path: String, _ fields: [String] = []) async throws {
        let lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"] + fields + ["", ""]
        try await outbound.write(ByteBuffer(string: lines.joined(separator: "\r\n")))
    }

    /// Everything up to and with `end`; fails when the connection ends before.
    mutating func read(to end: String) async throws -> String {
        while true {
            if let place = received.firstRange(of: end) {
                defer { received = String(received[place.upperBound...]) }
                return String(received[..<place.upperBound])
            }
            guard let next = try await inbound.next() else {
                throw Ended(before: end, received: received)
            }
            received += String(buffer: next)
        }
    }

    /// Everything up to the end of the connection.
    mutating func readAll() async throws -> String {
        do {
            while let next = try await inbound.next() { received += String(buffer: next) }
        } catch is IOError {
            // A reset is an end too.
        }
        return received
    }

    struct Ended: Error {
        let before: String
        let received: String
    }
}
