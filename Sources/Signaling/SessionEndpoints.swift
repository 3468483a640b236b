internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NodeCore

/// WHIP (RFC 9725), WHEP (draft-ietf-wish-whep) and conferences: sessions are opened, patched and deleted.
///
/// The media side logs what becomes of sessions; here only ICE restarts are logged.
struct SessionEndpoints: Sendable {
    let plane: any MediaPlane
    let control: RoomControl
    let iceServers: [String]
    let logger: Logger

    /// The largest body that is read: far above any offer, and small enough to hold one per connection.
    private static let bodyLimit = 256 * 1024

    /// RFC 9725 section 4.2: the offer of somebody who sends.
    func publish(_ request: Request, in room: String) async throws(Problem) -> Response {
        let room = try RoomID(named: room)
        let admission = try control.admit(
            request, to: .publish, in: room, as: Self.participant(of: request))
        return try await open(
            .publish(as: admission.participant), in: room, request, WatcherWishes(profileOf: request),
            admission)
    }

    /// A conference: the offer of somebody who sends and receives.
    func participate(_ request: Request, in room: String) async throws(Problem) -> Response {
        let room = try RoomID(named: room)
        let admission = try control.admit(
            request, to: .participate, in: room, as: Self.participant(of: request))
        return try await open(
            .participate(as: admission.participant), in: room, request, WatcherWishes(profileOf: request),
            admission)
    }

    /// draft-ietf-wish-whep section 4.2: the offer of somebody who receives.
    func watch(_ request: Request, _ participant: String?, in room: String) async throws(Problem) -> Response
    {
        let room = try RoomID(named: room)
        var watched: ParticipantID?
        if let participant { watched = try ParticipantID(named: participant) }
        let admission = try control.admit(request, to: .watch, in: room)
        return try await open(.watch(watched), in: room, request, WatcherWishes(request), admission)
    }

    /// RFC 9725 sections 4.3.2 and 4.3.3: trickling carries the current entity tag, an ICE restart `*`.
    func patch(_ request: Request, _ id: String) async throws(Problem) -> Response {
        let session = try SessionID(named: id)
        try request.requireContent(MediaType.fragment, or: .acceptPatch)
        let condition = try Self.condition(of: request)
        let fragment = try await request.text(upTo: Self.bodyLimit)
        switch try await patch(session, condition, fragment) {
        case .accepted:
            return Response(status: .noContent)
        case .restarted(let fragment, let etag):
            logger.info("ICE restarted", metadata: ["session": "\(id)"])
            return Response(
                status: .ok, headers: [.contentType: MediaType.fragment, .eTag: "\"\(etag)\""],
                body: .init(byteBuffer: ByteBuffer(string: fragment)))
        }
    }

    func delete(_ id: String) async throws(Problem) -> Response {
        let session = try SessionID(named: id)
        do throws(SessionError) {
            try await plane.close(session)
        } catch {
            throw Problem(error)
        }
        return Response(status: .ok)
    }

    /// How the way to a session's remote does.
    func link(of id: String) async throws(Problem) -> Response {
        let session = try SessionID(named: id)
        do throws(SessionError) {
            var response = Response(json: LinkDocument(try await plane.link(of: session)))
            response.headers[.cacheControl] = "no-store"
            return response
        } catch {
            throw Problem(error)
        }
    }

    /// The WebRTC echo test: offer and answer as JSON, the media comes back.
    func echo(_ request: Request) async throws(Problem) -> Response {
        try request.requireContent(MediaType.json, or: .acceptPost)
        try request.requireAcceptable(MediaType.json)
        let text = try await request.text(upTo: Self.bodyLimit)
        guard let description = try? JSONDecoder().decode(SessionDescription.self, from: Data(text.utf8)),
            description.type == "offer"
        else {
            throw Problem(
                .badRequest, "malformed-json", "Malformed JSON",
                "The body must be a JSON object with the string members \"sdp\" and \"type\", and \"type\""
                    + " must be \"offer\".")
        }
        guard let room = RoomID("echo") else { preconditionFailure("echo is not a room name") }
        let answer = try await open(.echo, in: room, offer: description.sdp, on: SessionTerms())
        var response = Response(json: SessionDescription(sdp: answer.sdp, type: "answer"))
        response.headers[.location] = "/sessions/\(answer.id)"
        return response
    }

    private struct SessionDescription: Codable {
        let sdp: String
        let type: String
    }

    // MARK: - Opening

    private func open(
        _ role: SessionRole, in room: RoomID, _ request: Request, _ wishes: WatcherWishes,
        _ admission: RoomControl.Admission
    ) async throws(Problem) -> Response {
        try request.requireContent(MediaType.sdp, or: .acceptPost)
        try request.requireAcceptable(MediaType.sdp)
        let answer = try await open(
            role, in: room, offer: request.text(upTo: Self.bodyLimit),
            on: SessionTerms(
                wish: wishes.profile, grant: admission.profile, limitsItself: wishes.limitsItself))
        // A session that has ended already wants none of these.
        if let tier = wishes.tier { try? await plane.prefer(tier, in: answer.id) }
        if let limit = wishes.bitsPerSecond { try? await plane.limit(answer.id, bitsPerSecond: limit) }
        var headers: HTTPFields = [
            .contentType: MediaType.sdp,
            .location: "/sessions/\(answer.id)",
            .eTag: "\"\(answer.etag)\"",
            .acceptPatch: MediaType.fragment,
            .cacheControl: "no-store",
        ]
        switch role {
        case .publish, .participate: headers[.participant] = answer.participant?.description
        case .watch, .echo: break
        }
        // RFC 9725 section 4.6
        for server in iceServers {
            headers.append(HTTPField(name: .link, value: "<\(server)>; rel=\"ice-server\""))
        }
        return Response(
            status: .created, headers: headers, body: .init(byteBuffer: ByteBuffer(string: answer.sdp)))
    }

    /// The name that somebody who sends wants to be known by.
    private static func participant(of request: Request) throws(Problem) -> ParticipantID? {
        guard let name = request.uri.queryParameters["participant"] else { return nil }
        return try ParticipantID(named: String(name))
    }

    private func open(
        _ role: SessionRole, in room: RoomID, offer: String, on terms: SessionTerms
    ) async throws(Problem) -> SessionAnswer {
        guard offer.utf8.contains(where: { $0 > 0x20 }) else {
            throw Problem(
                .badRequest, "malformed-sdp", "Malformed SDP",
                "The offer is empty; it must be an SDP session.", line: 1)
        }
        do throws(SessionError) {
            return try await plane.open(role, in: room, offer: offer, on: terms)
        } catch {
            throw Problem(error)
        }
    }

    // MARK: - Patching

    private func patch(
        _ session: SessionID, _ condition: EntityTagCondition, _ fragment: String
    ) async throws(Problem) -> PatchResult {
        do throws(SessionError) {
            switch condition {
            case .any:
                return try await plane.patch(session, etag: nil, fragment: fragment)
            case .tags(let strong, _):
                // If-Match compares strongly, so that weak tags never match; "" is no session's tag.
                do throws(SessionError) {
                    return try await plane.patch(session, etag: strong.first ?? "", fragment: fragment)
                } catch .etagMismatch(let current) where strong.dropFirst().contains(current) {
                    return try await plane.patch(session, etag: current, fragment: fragment)
                }
            }
        } catch {
            throw Problem(error)
        }
    }

    private static func condition(of request: Request) throws(Problem) -> EntityTagCondition {
        guard let field = request.headers[.ifMatch] else {
            throw Problem(
                .preconditionRequired, "if-match-required", "If-Match required",
                "A PATCH needs If-Match: the session's entity tag to trickle candidates, * to restart ICE."
            )
        }
        guard let condition = EntityTagCondition(field) else {
            throw Problem(
                .badRequest, "malformed-if-match", "Malformed If-Match",
                "If-Match must be * or entity tags in double quotes, such as \"a1b2\".")
        }
        return condition
    }
}
