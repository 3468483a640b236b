internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NodeCore

/// What participants and observers of a conference are told, and what participants ask for. Joining is with the other
/// ways to open a session.
struct ConferenceEndpoints: Sendable {
    let plane: any MediaPlane
    let control: RoomControl
    let clock: any Clock<Duration>
    let counters: RequestCounters

    /// Far above any control that has an effect.
    private static let bodyLimit = 64 * 1024

    /// Changes what a participant receives and sends; answers with what came of it.
    func control(_ request: Request, _ id: String) async throws(Problem) -> Response {
        let session = try SessionID(named: id)
        try request.requireContent(MediaType.json, or: .acceptPost)
        try request.requireAcceptable(MediaType.json)
        let change = try ControlDocument.parse(await request.text(upTo: Self.bodyLimit))
        do throws(SessionError) {
            let snapshot = try await plane.control(session, change)
            var response = Response(json: ConferenceDocument.Snapshot(snapshot))
            response.headers[.cacheControl] = "no-store"
            return response
        } catch {
            throw Problem(error)
        }
    }

    /// Lets the room's controller choose what somebody is served: DELETE leaves that to the client again.
    func grant(
        _ request: Request, to participant: String, in room: String
    ) async throws(Problem) -> Response {
        let room = try RoomID(named: room)
        let participant = try ParticipantID(named: participant)
        try control.requireControl(request, of: room)
        var grant: LinkProfile.Wish?
        if request.method == .put {
            try request.requireContent(MediaType.json, or: .accept)
            grant = try ProfileText.wish(inJSON: await request.text(upTo: Self.bodyLimit))
        }
        do throws(SessionError) {
            let profile = try await plane.grant(grant, to: participant, in: room)
            var response = Response(json: ConferenceDocument.Profile(ConferenceSnapshot.Profile(profile)))
            response.headers[.cacheControl] = "no-store"
            return response
        } catch {
            throw Problem(error)
        }
    }

    /// What a participant is told.
    func events(
        of id: String, _ request: Request, _ context: SignalingContext
    ) async throws(Problem) -> Response {
        let session = try SessionID(named: id)
        try request.requireAcceptable(MediaType.events)
        let last = try Self.lastEventID(of: request)
        do throws(SessionError) {
            return stream(try await plane.events(of: session, after: last), request, context)
        } catch {
            throw Problem(error)
        }
    }

    /// What an observer of a room is told.
    func events(
        in name: String, _ request: Request, _ context: SignalingContext
    ) async throws(Problem) -> Response {
        let room = try RoomID(named: name)
        _ = try control.admit(request, to: nil, in: room)
        try request.requireAcceptable(MediaType.events)
        let last = try Self.lastEventID(of: request)
        do throws(SessionError) {
            return stream(try await plane.events(in: room, after: last), request, context)
        } catch {
            throw Problem(error)
        }
    }

    private func stream(
        _ events: AsyncStream<ConferenceEvent>, _ request: Request, _ context: SignalingContext
    ) -> Response {
        // The connection does not outlive the stream.
        let headers: HTTPFields = [
            .contentType: MediaType.events, .cacheControl: "no-store", .accelBuffering: "no",
            .connection: "close",
        ]
        let hangUp: @Sendable () -> Void = { context.channel.close(promise: nil) }
        if request.method == .head {
            // NIO would end a chunked body that an answer to HEAD must not have (RFC 9110 section 9.3.2), and any
            // Content-Length would be wrong: so the connection ends instead.
            return Response(status: .ok, headers: headers, body: ResponseBody { _ in hangUp() })
        }
        let feed = EventFeed(events: events, clock: clock, hangUp: hangUp)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                counters.countStream(+1)
                defer { counters.countStream(-1) }
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await feed.write(to: &writer)
                }
            })
    }

    /// The number of the last event that the client has seen: the header, which a browser sends when it comes back, or
    /// else the query parameter `lastEventId`, which a page sets. A number that no event can have is as good as none.
    private static func lastEventID(of request: Request) throws(Problem) -> UInt64? {
        let places = [
            request.headers[.lastEventID], request.uri.queryParameters["lastEventId"].map { String($0) },
        ]
        // An empty one is what a page has before the first event (WHATWG HTML, section 9.2.2).
        guard
            let digits = places.lazy.compactMap({ $0 }).map({ trimmed($0[...]) }).first(where: { !$0.isEmpty }
            )
        else { return nil }
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else {
            throw Problem(
                .badRequest, "malformed-last-event-id", "Malformed Last-Event-ID",
                "\"\(digits.prefix(80))\" is not the id of an event; it must be a decimal number, in the field"
                    + " Last-Event-ID or in the query parameter \"lastEventId\".")
        }
        return UInt64(digits)
    }
}
