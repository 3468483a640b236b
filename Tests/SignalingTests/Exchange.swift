import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NodeCore
import Wire

@testable import Signaling

/// Sends requests to a responder without a socket.
struct Exchange {
    let plane: FakePlane
    private let application: Application<SignalingResponder>

    init(
        _ plane: FakePlane = FakePlane(), echo: Bool = false, iceServers: [String] = [],
        moveTo: String? = nil,
        grantKey: GrantKey? = nil, wallClock: Double = 0
    ) {
        self.plane = plane
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let configuration = SignalingConfiguration(
            address: SocketAddress(ipv4: 0x7F00_0001, port: 0), isEchoEnabled: echo, iceServers: iceServers,
            moveTo: moveTo, grantKey: grantKey)
        application = Application(
            responder: SignalingResponder(
                configuration, plane: plane, logger: logger, wallClock: { wallClock }), logger: logger)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields = [:], body: String? = nil
    ) async throws -> TestResponse {
        try await send(method, path, headers, bytes: body.map { Array($0.utf8) })
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields = [:], bytes: [UInt8]?
    ) async throws -> TestResponse {
        try await application.test(.router) { client in
            try await client.execute(
                uri: path, method: method, headers: headers, body: bytes.map { ByteBuffer(bytes: $0) })
        }
    }

    /// Several requests to one responder.
    func send(_ requests: [(HTTPRequest.Method, String)]) async throws -> [TestResponse] {
        try await application.test(.router) { client in
            var responses: [TestResponse] = []
            for (method, path) in requests {
                responses.append(try await client.execute(uri: path, method: method))
            }
            return responses
        }
    }
}

/// The members of a problem document (RFC 9457).
struct ProblemDocument: Decodable, Equatable {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let instance: String
    let line: Int?
    var pointer: String?
}

extension TestResponse {
    var text: String { String(buffer: body) }

    func problem() throws -> ProblemDocument {
        try JSONDecoder().decode(ProblemDocument.self, from: Data(body.readableBytesView))
    }

    /// A field by any name, also one that HTTPTypes has no constant for.
    subscript(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }
}
