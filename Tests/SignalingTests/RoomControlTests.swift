import HTTPTypes
import HummingbirdTesting
import NodeCore
import Testing

@testable import Signaling

/// A node that lets nobody in without a grant of the rooms' controller.
@Suite struct RoomControlTests {
    private static let now = 1_790_000_000.0
    private static let offer = "v=0\r\ns=offer\r\n"
    private static let paths = ["/whip/lobby", "/whep/lobby", "/whep/lobby/ann", "/rooms/lobby/sessions"]

    private static func key() throws -> GrantKey {
        try #require(GrantKey(bytes: Array("a secret of thirty-two bytes, and more".utf8)))
    }

    private static func exchange(_ plane: FakePlane = FakePlane()) throws -> Exchange {
        Exchange(plane, grantKey: try key(), wallClock: now)
    }

    private static func bearer(
        _ room: String = "lobby", as name: String? = nil, may errands: Set<Grant.Errand> = Grant.usualErrands,
        profile: LinkProfile.Wish? = nil, expires: Double = 60
    ) throws -> String {
        let grant = Grant(
            room: try #require(RoomID(room)), participant: name.flatMap { ParticipantID($0) },
            errands: errands,
            profile: profile, expires: now + expires)
        return "Bearer " + grant.token(sealedWith: try key())
    }

    private static func headers(_ authorization: String?, _ type: String = "application/sdp") -> HTTPFields {
        var headers: HTTPFields = [.contentType: type]
        headers[.authorization] = authorization
        return headers
    }

    // MARK: - Opening sessions

    @Test(arguments: paths) func `without a grant nobody gets in`(path: String) async throws {
        let exchange = try Self.exchange()
        let response = try await exchange.send(.post, path, Self.headers(nil), body: Self.offer)
        #expect(response.status == .unauthorized)
        #expect(response["WWW-Authenticate"] == "Bearer realm=\"smartc-relay\"")
        #expect(try response.problem().type == "/problems/grant-required")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: paths) func `without a key nobody is asked for a grant`(path: String) async throws {
        let exchange = Exchange()
        let authorization = try Self.bearer("another")
        let response = try await exchange.send(.post, path, Self.headers(authorization), body: Self.offer)
        #expect(response.status == .created)
    }

    @Test(arguments: paths, [nil] + LinkProfile.Wish.allCases)
    func `what is granted goes along with the wish`(path: String, grant: LinkProfile.Wish?) async throws {
        let exchange = try Self.exchange()
        let authorization = try Self.bearer(profile: grant)
        let response = try await exchange.send(
            .post, path + "?profile=full", Self.headers(authorization), body: Self.offer)
        #expect(response.status == .created)
        guard case .open(_, "lobby", _, let terms) = exchange.plane.calls.first else {
            Issue.record("nothing was opened")
            return
        }
        #expect(terms == SessionTerms(wish: .full, grant: grant))
    }

    @Test(arguments: [("", "ann"), ("?participant=ann", "ann")])
    func `a grant for one name is for that alone`(query: String, name: String) async throws {
        for path in ["/whip/lobby", "/rooms/lobby/sessions"] {
            let exchange = try Self.exchange()
            let authorization = try Self.bearer(as: "ann")
            let response = try await exchange.send(
                .post, path + query, Self.headers(authorization), body: Self.offer)
            #expect(response.status == .created && response["Smartc-Participant"] == name)
        }
    }

    @Test(arguments: [
        ("/whip/other", "It is for the room lobby, not for other."),
        ("/whip/lobby?participant=ben", "It is for the participant ann, not for ben."),
        ("/rooms/lobby/sessions?participant=ben", "It is for the participant ann, not for ben."),
        ("/whep/lobby", "Its claim \"may\" does not have \"watch\"."),
    ])
    func `a grant for something else is refused with 403`(path: String, reason: String) async throws {
        let exchange = try Self.exchange()
        let authorization = try Self.bearer(as: "ann", may: [.publish, .participate])
        let response = try await exchange.send(.post, path, Self.headers(authorization), body: Self.offer)
        #expect(response.status == .forbidden)
        #expect(response["WWW-Authenticate"]?.hasSuffix("error=\"insufficient_scope\"") == true)
        let problem = try response.problem()
        #expect(problem.type == "/problems/grant-insufficient" && problem.detail.hasSuffix(reason))
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: ["", "Basic YTpi", "Bearer", "Bearer x", "Bearer a.b.c"])
    func `what is no grant is refused with 401`(authorization: String) async throws {
        let exchange = try Self.exchange()
        let response = try await exchange.send(
            .post, "/whip/lobby", Self.headers(authorization), body: Self.offer)
        #expect(response.status == .unauthorized)
        #expect(response["WWW-Authenticate"]?.hasSuffix("error=\"invalid_token\"") == true)
        #expect(try response.problem().type == "/problems/grant-invalid")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `a grant that has expired says so`() async throws {
        let authorization = try Self.bearer(expires: -60)
        let response = try await Self.exchange().send(
            .post, "/whip/lobby", Self.headers(authorization), body: Self.offer)
        #expect(response.status == .unauthorized)
        #expect(try response.problem().detail.contains("expired"))
    }

    // MARK: - Looking

    @Test func `who is in a room is told to those who have any grant for it`() async throws {
        let exchange = try Self.exchange()
        #expect(try await exchange.send(.get, "/rooms/lobby").status == .unauthorized)
        #expect(try await exchange.send(.get, "/rooms/lobby/events").status == .unauthorized)
        let grant: HTTPFields = [.authorization: try Self.bearer(may: [.control])]
        #expect(try await exchange.send(.get, "/rooms/lobby", grant).status == .ok)
        #expect(try await exchange.send(.get, "/rooms/other", grant).status == .forbidden)
    }

    @Test(arguments: ["/", "/meet", "/healthz", "/readyz", "/metrics"])
    func `pages and probes need none`(path: String) async throws {
        #expect(try await Self.exchange().send(.get, path).status == .ok)
    }

    // MARK: - Choosing for others

    private static let profile = "/rooms/lobby/participants/ann/profile"

    @Test(arguments: LinkProfile.Wish.allCases)
    func `the controller chooses what somebody is served`(grant: LinkProfile.Wish) async throws {
        let exchange = try Self.exchange()
        let headers = Self.headers(try Self.bearer(may: [.control]), "application/json")
        let response = try await exchange.send(
            .put, Self.profile, headers, body: #"{"profile": "\#(grant.rawValue)"}"#)
        #expect(response.status == .ok && response["Cache-Control"] == "no-store")
        #expect(response["Access-Control-Allow-Origin"] == nil)
        let served = grant == .weak ? "3g" : "full"
        let reason = grant == .automatic ? "link" : "granted"
        #expect(
            response.text
                == #"{"grant":"\#(grant.rawValue)","profile":"\#(served)","reason":"\#(reason)","wish":"auto"}"#
        )
        #expect(exchange.plane.calls == [.grant(grant, to: "ann", room: "lobby")])
    }

    @Test func `and leaves it to them again`() async throws {
        let exchange = try Self.exchange()
        let response = try await exchange.send(
            .delete, Self.profile, [.authorization: try Self.bearer(may: [.control])])
        #expect(response.status == .ok)
        #expect(response.text == #"{"grant":null,"profile":"full","reason":"link","wish":"auto"}"#)
        #expect(exchange.plane.calls == [.grant(nil, to: "ann", room: "lobby")])
    }

    @Test func `nobody else does`() async throws {
        let exchange = try Self.exchange()
        for (authorization, status) in [
            (nil, HTTPResponse.Status.unauthorized), (try Self.bearer(), .forbidden),
            (try Self.bearer("other", may: [.control]), .forbidden),
        ] {
            let headers = Self.headers(authorization, "application/json")
            let response = try await exchange.send(.put, Self.profile, headers, body: #"{"profile": "3g"}"#)
            #expect(response.status == status)
        }
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `without a key there is no controller`() async throws {
        let exchange = Exchange()
        let headers = Self.headers(try Self.bearer(may: [.control]), "application/json")
        let response = try await exchange.send(.put, Self.profile, headers, body: #"{"profile": "3g"}"#)
        #expect(response.status == .forbidden)
        #expect(try response.problem().type == "/problems/no-controller")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: [
        ("x", ""), ("[]", ""), ("{}", "/profile"), (#"{"profile": "4g"}"#, "/profile"),
        (#"{"profile": null}"#, "/profile"), (#"{"profile": "3g", "x": 1}"#, "/x"),
    ])
    func `what is not as described is refused, with its place`(body: String, pointer: String) async throws {
        let exchange = try Self.exchange()
        let headers = Self.headers(try Self.bearer(may: [.control]), "application/json")
        let response = try await exchange.send(.put, Self.profile, headers, body: body)
        #expect(response.status == .badRequest)
        let problem = try response.problem()
        #expect(problem.type == "/problems/malformed-json" && problem.pointer == pointer)
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `another type of body is refused with 415, and a name that is none with 400`() async throws {
        let exchange = try Self.exchange()
        let authorization = try Self.bearer(may: [.control])
        let text = try await exchange.send(
            .put, Self.profile, Self.headers(authorization, "text/plain"), body: #"{"profile": "3g"}"#)
        #expect(text.status == .unsupportedMediaType)
        let name = try await exchange.send(
            .put, "/rooms/lobby/participants/a%20b/profile", Self.headers(authorization, "application/json"),
            body: #"{"profile": "3g"}"#)
        #expect(name.status == .badRequest)
        #expect(try name.problem().type == "/problems/invalid-name")
    }

    @Test func `who is not there is told of as 404`() async throws {
        let ann = try #require(ParticipantID("ann"))
        let exchange = try Self.exchange(FakePlane(refusing: .unknownParticipant(ann)))
        let response = try await exchange.send(
            .delete, Self.profile, [.authorization: try Self.bearer(may: [.control])])
        #expect(response.status == .notFound)
        let problem = try response.problem()
        #expect(problem.type == "/problems/unknown-participant" && problem.detail.contains("\"ann\""))
    }
}
