import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SystemPackage

/// WHIP and WHEP as a client speaks them.
struct SignalingClient: Sendable {
    /// What the server gave for an offer.
    struct Session: Sendable {
        /// Where to end it: an absolute URL.
        let location: String
        let answer: String
    }

    enum Failure: Error, CustomStringConvertible {
        case unreachable(url: String, reason: String)
        case refused(url: String, status: UInt, detail: String)
        case noLocation(url: String)

        var description: String {
            switch self {
            case .unreachable(let url, let reason): "\(url) cannot be reached: \(reason)"
            case .refused(let url, let status, let detail):
                "\(url) answered \(status)" + (detail.isEmpty ? "" : ": \(detail)")
            case .noLocation(let url): "\(url) answered without a Location to end the session at"
            }
        }

        /// A few words that failures are counted under.
        var cause: String {
            switch self {
            case .unreachable: "server unreachable"
            case .refused(_, let status, _): "HTTP \(status)"
            case .noLocation: "no Location"
            }
        }
    }

    private static let timeout = TimeAmount.seconds(15)
    private static let probeTimeout = TimeAmount.seconds(2)
    private static let answerLimit = 1 << 20
    private static let detailLimit = 300

    private let http: HTTPClient
    private let endpoints: ServerAddress
    private let token: String?

    /// A client of the server at `base`, which has our paths.
    init(base: String) {
        endpoints = ServerAddress(base: base, publish: nil, watch: nil)
        token = nil
        http = .shared
    }

    /// A client with connections of its own; `shutdown` has to be called in the end.
    ///
    /// - Parameters:
    ///   - connections: how many requests may be under way at once.
    ///   - token: sent as `Authorization: Bearer`.
    init(_ endpoints: ServerAddress, connections: Int, token: String?) {
        self.endpoints = endpoints
        self.token = token
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        // A server that refuses connections is told at once instead of after the timeout.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        configuration.httpVersion = .http1Only
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes the connections.
    func shutdown() async {
        try? await http.shutdown()
    }

    func publish(_ offer: String, room: String, participant: String) async throws(Failure) -> Session {
        try await post(offer, to: endpoints.publishing(room: room, participant: participant))
    }

    func watch(_ offer: String, room: String, participant: String) async throws(Failure) -> Session {
        try await post(offer, to: endpoints.watching(room: room, participant: participant))
    }

    /// Joins a conference.
    func join(_ offer: String, room: String, participant: String) async throws(Failure) -> Session {
        try await post(offer, to: endpoints.joining(room: room, participant: participant))
    }

    /// Asks for something as a participant of a conference; returns whether the server agreed.
    ///
    /// - Parameter change: the JSON object.
    func control(_ session: Session, _ change: String) async -> Bool {
        var request = request(session.location + "/control")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: change))
        guard let response = try? await http.execute(request, timeout: Self.timeout),
            (try? await response.body.collect(upTo: Self.answerLimit)) != nil
        else { return false }
        return (200..<300).contains(response.status.code)
    }

    func end(_ session: Session) async {
        _ = await delete(session)
    }

    /// Ends a session; returns whether the server agreed.
    func delete(_ session: Session) async -> Bool {
        var request = request(session.location)
        request.method = .DELETE
        guard let response = try? await http.execute(request, timeout: Self.timeout) else { return false }
        return (200..<300).contains(response.status.code)
    }

    /// Whether anything answers HTTP there, whatever it says.
    func isReachable() async -> Bool {
        (try? await http.execute(request(endpoints.base), timeout: Self.probeTimeout)) != nil
    }

    private func request(_ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }

    private func post(_ offer: String, to url: String) async throws(Failure) -> Session {
        var request = request(url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/sdp")
        request.body = .bytes(ByteBuffer(string: offer))
        let status: UInt
        let text: String
        let location: String?
        do {
            let response = try await http.execute(request, timeout: Self.timeout)
            status = response.status.code
            location = response.headers.first(name: "Location")
            text = String(buffer: try await response.body.collect(upTo: Self.answerLimit))
        } catch let error as HTTPClientError {
            throw .unreachable(url: url, reason: error.shortDescription)
        } catch let error as IOError {
            throw .unreachable(url: url, reason: "\(Errno(rawValue: error.errnoCode))")
        } catch {
            throw .unreachable(url: url, reason: "\(error)")
        }
        guard (200..<300).contains(status) else {
            throw .refused(url: url, status: status, detail: String(text.prefix(Self.detailLimit)))
        }
        guard let location else { throw .noLocation(url: url) }
        return Session(location: ServerAddress.resolve(location, against: url), answer: text)
    }
}
