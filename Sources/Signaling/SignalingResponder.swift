internal import FoundationEssentials
internal import HTTPTypes
package import Hummingbird
package import Logging
package import NodeCore

/// Answers every HTTP request of the node: finds the route, lets it answer, and adds what all answers share.
package struct SignalingResponder: HTTPResponder {
    private let plane: any MediaPlane
    private let sessions: SessionEndpoints
    private let conferences: ConferenceEndpoints
    private let control: RoomControl
    private let isEchoEnabled: Bool
    private let client: WebClient
    private let counters = RequestCounters()
    private let logger: Logger

    /// `clock` times what event streams do by themselves, `wallClock` tells the seconds since 1970, by which grants expire.
    package init(
        _ configuration: SignalingConfiguration, plane: any MediaPlane, logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: (@Sendable () -> Double)? = nil
    ) {
        self.plane = plane
        self.logger = logger
        isEchoEnabled = configuration.isEchoEnabled
        client = WebClient(connectingTo: configuration.moveTo)
        control = RoomControl(key: configuration.grantKey, now: wallClock ?? { Date().timeIntervalSince1970 })
        sessions = SessionEndpoints(
            plane: plane, control: control, iceServers: configuration.iceServers, logger: logger)
        conferences = ConferenceEndpoints(plane: plane, control: control, clock: clock, counters: counters)
    }

    /// Never throws: what is refused is told as a problem document (RFC 9457).
    package func respond(to request: Request, context: SignalingContext) async -> Response {
        let path = request.uri.path
        let route = Route(path: path, in: client, echo: isEchoEnabled)
        var response: Response
        do throws(Problem) {
            response = try await respond(to: request, route, context)
        } catch {
            response = error.response(instance: path)
            logger.debug(
                "request refused",
                metadata: [
                    "method": "\(request.method)", "path": "\(path)", "status": "\(error.status.code)",
                    "detail": "\(error.detail)",
                ])
        }
        if route?.isCrossOrigin ?? false { Self.allowOtherOrigins(&response) }
        if response.status.code == 204 || response.status.code == 304 {
            // RFC 9110 section 8.6: no Content-Length with 204.
            response.headers[.contentLength] = nil
        }
        counters.count(request.method, route, response.status)
        logger.debug(
            "request",
            metadata: [
                "method": "\(request.method)", "path": "\(path)", "status": "\(response.status.code)",
            ])
        // A body of unknown length was made with HEAD in mind.
        return request.method == .head && response.body.contentLength != nil
            ? response.createHeadResponse() : response
    }

    private func respond(
        to request: Request, _ route: Route?, _ context: SignalingContext
    ) async throws(Problem) -> Response {
        guard let route else {
            throw Problem(
                .notFound, "not-found", "Not found",
                "Nothing is at this path; publish at /whip/{room}, watch at /whep/{room} or"
                    + " /whep/{room}/{participant}, join at /rooms/{room}/sessions.")
        }
        guard route.methods.contains(request.method) else {
            throw Problem(
                .methodNotAllowed, "method-not-allowed", "Method not allowed",
                "\(request.method.rawValue.prefix(20)) is not possible here; \(route.template) takes"
                    + " \(route.methods.list).",
                headers: [.allow: route.methods.list])
        }
        if request.method == .options { return Self.options(route) }
        switch route {
        case .publish(let room): return try await sessions.publish(request, in: room)
        case .watch(let room, let participant):
            return try await sessions.watch(request, participant, in: room)
        case .session(let id):
            return request.method == .delete
                ? try await sessions.delete(id) : try await sessions.patch(request, id)
        case .sessionEvents(let id): return try await conferences.events(of: id, request, context)
        case .control(let id): return try await conferences.control(request, id)
        case .link(let id): return try await sessions.link(of: id)
        case .profile(let room, let participant):
            return try await conferences.grant(request, to: participant, in: room)
        case .room(let room): return try await describe(room, request)
        case .participate(let room): return try await sessions.participate(request, in: room)
        case .roomEvents(let room): return try await conferences.events(in: room, request, context)
        case .echo: return try await sessions.echo(request)
        case .health: return Self.text("ok\n")
        case .readiness: return try await readiness()
        case .metrics: return await metrics()
        case .file(let file): return client.response(file, to: request)
        }
    }

    // MARK: - For operators and for the web client

    private func describe(_ name: String, _ request: Request) async throws(Problem) -> Response {
        let room = try RoomID(named: name)
        _ = try control.admit(request, to: nil, in: room)
        do throws(SessionError) {
            var response = Response(json: RoomDocument(room, try await plane.describe(room)))
            response.headers[.cacheControl] = "no-store"
            return response
        } catch {
            throw Problem(error)
        }
    }

    private func readiness() async throws(Problem) -> Response {
        guard await plane.isReady() else {
            throw Problem(
                .serviceUnavailable, "not-ready", "Not ready",
                "This node takes no new sessions: it is starting, draining, or at one of its limits.",
                headers: [.retryAfter: "5"])
        }
        return Self.text("ready\n")
    }

    private func metrics() async -> Response {
        let text = MetricsText.render(await plane.metrics() + counters.families)
        return Self.text(text, contentType: MetricsText.contentType)
    }

    private static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok, headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    // MARK: - What all answers share

    private static func options(_ route: Route) -> Response {
        var headers: HTTPFields = [.allow: route.methods.list]
        headers[.acceptPost] = route.acceptedPost
        if route.methods.contains(.patch) { headers[.acceptPatch] = MediaType.fragment }
        if route.isCrossOrigin {
            headers[.accessControlAllowMethods] = route.methods.list
            headers[.accessControlAllowHeaders] =
                "Content-Type, If-Match, Authorization, Accept, Last-Event-ID"
            headers[.accessControlMaxAge] = "86400"
        }
        return Response(status: .noContent, headers: headers)
    }

    private static func allowOtherOrigins(_ response: inout Response) {
        response.headers[.accessControlAllowOrigin] = "*"
        response.headers[.accessControlExposeHeaders] =
            "Location, ETag, Link, Accept-Patch, Retry-After, Smartc-Participant"
    }
}
