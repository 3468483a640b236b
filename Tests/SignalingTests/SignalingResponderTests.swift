import HTTPTypes
import HummingbirdTesting
import NIOCore
import NodeCore
import Testing

@testable import Signaling

@Suite struct SignalingResponderTests {
    @Test(arguments: [
        (HTTPRequest.Method.get, "/whip/lobby", "POST, OPTIONS"), (.head, "/whip/lobby", "POST, OPTIONS"),
        (.put, "/whip/lobby", "POST, OPTIONS"), (.get, "/whep/lobby/ann", "POST, OPTIONS"),
        (.get, "/sessions/s1", "PATCH, DELETE, OPTIONS"), (.head, "/sessions/s1", "PATCH, DELETE, OPTIONS"),
        (.post, "/sessions/s1", "PATCH, DELETE, OPTIONS"), (.put, "/sessions/s1", "PATCH, DELETE, OPTIONS"),
        (.get, "/rooms/lobby/sessions", "POST, OPTIONS"), (.get, "/sessions/s1/control", "POST, OPTIONS"),
        (.post, "/sessions/s1/events", "GET, HEAD, OPTIONS"),
        (.post, "/rooms/lobby/events", "GET, HEAD, OPTIONS"),
        (.delete, "/rooms/lobby", "GET, HEAD, OPTIONS"), (.post, "/metrics", "GET, HEAD, OPTIONS"),
        (.post, "/healthz", "GET, HEAD, OPTIONS"), (.post, "/", "GET, HEAD, OPTIONS"),
    ])
    func `another method is refused with 405 and the possible ones in Allow`(
        method: HTTPRequest.Method, path: String, allow: String
    ) async throws {
        let response = try await Exchange().send(method, path)
        #expect(response.status == .methodNotAllowed)
        #expect(response["Allow"] == allow)
        if method == .head {
            #expect(response.text.isEmpty)
        } else {
            #expect(try response.problem().type == "/problems/method-not-allowed")
        }
    }

    @Test(arguments: [
        "/nothing", "/whip", "/whip/", "/whip/a/b", "/whip/a/", "/whep/a/b/c", "/sessions", "/rooms/a/b",
        "//",
        "/healthz/x", "/offer",
    ])
    func `an unknown path is answered with 404 and a problem document`(path: String) async throws {
        let response = try await Exchange().send(.get, path)
        #expect(response.status == .notFound)
        #expect(response["Content-Type"] == "application/problem+json")
        #expect(try response.problem().status == 404)
        #expect(try response.problem().instance == path)
    }

    @Test(arguments: [
        ("/whip/lobby", "POST, OPTIONS", "application/sdp", nil),
        ("/whep/lobby", "POST, OPTIONS", "application/sdp", nil),
        ("/whep/lobby/ann", "POST, OPTIONS", "application/sdp", nil),
        ("/offer", "POST, OPTIONS", "application/json", nil),
        ("/sessions/s1", "PATCH, DELETE, OPTIONS", nil, "application/trickle-ice-sdpfrag"),
        ("/rooms/lobby", "GET, HEAD, OPTIONS", nil, nil),
        ("/rooms/lobby/sessions", "POST, OPTIONS", "application/sdp", nil),
        ("/sessions/s1/control", "POST, OPTIONS", "application/json", nil),
        ("/sessions/s1/events", "GET, HEAD, OPTIONS", nil, nil),
        ("/rooms/lobby/events", "GET, HEAD, OPTIONS", nil, nil),
    ])
    func `a preflight request is answered with what the endpoint takes`(
        path: String, methods: String, post: String?, patch: String?
    ) async throws {
        let response = try await Exchange(echo: true).send(.options, path)
        #expect(response.status == .noContent)
        #expect(response["Allow"] == methods)
        #expect(response["Accept-Post"] == post)
        #expect(response["Accept-Patch"] == patch)
        #expect(response["Access-Control-Allow-Origin"] == "*")
        #expect(response["Access-Control-Allow-Methods"] == methods)
        #expect(
            response["Access-Control-Allow-Headers"]
                == "Content-Type, If-Match, Authorization, Accept, Last-Event-ID")
    }

    @Test(arguments: ["/metrics", "/healthz", "/"])
    func `pages of other origins cannot read what is the operator's`(path: String) async throws {
        #expect(try await Exchange().send(.get, path)["Access-Control-Allow-Origin"] == nil)
    }

    @Test func `a room is described as JSON, and a codec that is not known yet as null`() async throws {
        let ann = try #require(ParticipantID("ann"))
        let plane = FakePlane(
            room: RoomDescription(
                participants: [
                    .init(
                        id: ann,
                        tracks: [.init(kind: "video", codec: "VP8"), .init(kind: "audio", codec: nil)],
                        isConnected: true)
                ], watchers: 3))
        let response = try await Exchange(plane).send(.get, "/rooms/lobby")
        #expect(response.status == .ok)
        #expect(response["Content-Type"] == "application/json")
        #expect(
            response.text
                == #"{"participants":[{"connected":true,"id":"ann","tracks":[{"codec":"VP8","kind":"video"},"#
                + #"{"codec":null,"kind":"audio"}]}],"room":"lobby","watchers":3}"#)
    }

    @Test func `a room that does not exist is answered with 404`() async throws {
        let response = try await Exchange(FakePlane(refusing: .unknownRoom)).send(.get, "/rooms/lobby")
        #expect(response.status == .notFound)
        #expect(try response.problem().type == "/problems/unknown-room")
    }

    @Test func `a room's name that is not allowed is refused with 400`() async throws {
        #expect(try await Exchange().send(.get, "/rooms/a%2Fb").status == .badRequest)
    }

    @Test func `a node that runs is healthy and says ok`() async throws {
        let response = try await Exchange(FakePlane(ready: false)).send(.get, "/healthz")
        #expect(response.status == .ok)
        #expect(response.text == "ok\n")
    }

    @Test func `readiness is the media side's`() async throws {
        #expect(try await Exchange().send(.get, "/readyz").status == .ok)
        let refused = try await Exchange(FakePlane(ready: false)).send(.get, "/readyz")
        // For pages of a node that is being drained.
        #expect(refused["Access-Control-Allow-Origin"] == "*")
        #expect(refused.status == .serviceUnavailable)
        #expect(refused["Retry-After"] == "5")
        #expect(try refused.problem().type == "/problems/not-ready")
    }

    @Test func `metrics are the media side's and the requests by method, route and status`() async throws {
        let plane = FakePlane(families: [
            MetricFamily(name: "smartc_sessions", help: "Sessions.", kind: .gauge, samples: [.init(value: 2)])
        ])
        let responses = try await Exchange(plane).send([
            (.get, "/healthz"), (.get, "/healthz"), (.get, "/whip/lobby"),
            (HTTPRequest.Method("BREW") ?? .get, "/pot"),
            (.get, "/metrics"),
        ])
        let last = try #require(responses.last)
        #expect(last["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            last.text == """
                # HELP smartc_sessions Sessions.
                # TYPE smartc_sessions gauge
                smartc_sessions 2
                # HELP smartc_http_requests_total HTTP requests answered.
                # TYPE smartc_http_requests_total counter
                smartc_http_requests_total{method="GET",route="/healthz",status="200"} 2
                smartc_http_requests_total{method="GET",route="/whip/{room}",status="405"} 1
                smartc_http_requests_total{method="other",route="unknown",status="404"} 1
                # HELP smartc_http_event_streams Event streams that are open.
                # TYPE smartc_http_event_streams gauge
                smartc_http_event_streams 0

                """)
    }

    @Test(arguments: ["/healthz", "/metrics", "/rooms/lobby", "/"])
    func `HEAD has the fields of GET and no body`(path: String) async throws {
        let get = try await Exchange().send(.get, path)
        let head = try await Exchange().send(.head, path)
        #expect(head.status == .ok)
        #expect(head.text.isEmpty)
        #expect(head["Content-Type"] == get["Content-Type"])
        #expect(head["Content-Length"] == String(get.body.readableBytes))
    }
}
