import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NodeCore
import Testing

@testable import Signaling

@Suite struct SessionEndpointsTests {
    private static let offer = "v=0\r\ns=offer\r\n"
    private static let sdp: HTTPFields = [.contentType: "application/sdp"]
    private static let fragment: HTTPFields = [
        .contentType: "application/trickle-ice-sdpfrag", .ifMatch: "\"tag1\"",
    ]

    // MARK: - Opening

    @Test func `publishing answers 201 with everything a WHIP client needs`() async throws {
        let exchange = Exchange(iceServers: ["stun:stun.example.org", "turn:turn.example.org:3478"])
        let response = try await exchange.send(
            .post, "/whip/lobby?participant=ann", Self.sdp, body: Self.offer)
        #expect(response.status == .created)
        #expect(response.text == "v=0\r\ns=answer\r\n")
        #expect(response["Content-Type"] == "application/sdp")
        #expect(response["Location"] == "/sessions/session-1")
        #expect(response["ETag"] == "\"tag1\"")
        #expect(response["Accept-Patch"] == "application/trickle-ice-sdpfrag")
        #expect(response["Smartc-Participant"] == "ann")
        #expect(response["Access-Control-Allow-Origin"] == "*")
        #expect(
            response["Access-Control-Expose-Headers"]
                == "Location, ETag, Link, Accept-Patch, Retry-After, Smartc-Participant")
        #expect(
            response.headers[values: .link] == [
                "<stun:stun.example.org>; rel=\"ice-server\"",
                "<turn:turn.example.org:3478>; rel=\"ice-server\"",
            ])
        #expect(
            exchange.plane.calls == [
                .open(.publish(as: ParticipantID("ann")), room: "lobby", offer: Self.offer)
            ])
    }

    @Test func `the node chooses the name of a publisher that brings none`() async throws {
        let exchange = Exchange()
        let response = try await exchange.send(.post, "/whip/lobby", Self.sdp, body: Self.offer)
        #expect(response["Smartc-Participant"] == "chosen")
        #expect(response["Link"] == nil)
        #expect(exchange.plane.calls == [.open(.publish(as: nil), room: "lobby", offer: Self.offer)])
    }

    @Test(arguments: [("/whep/lobby", nil), ("/whep/lobby/ann", ParticipantID("ann"))])
    func `watching asks for the room or for one participant`(path: String, watched: ParticipantID?)
        async throws
    {
        let exchange = Exchange()
        let response = try await exchange.send(.post, path, Self.sdp, body: Self.offer)
        #expect(response.status == .created)
        #expect(response["Location"] == "/sessions/session-1")
        #expect(response["Smartc-Participant"] == nil)
        #expect(exchange.plane.calls == [.open(.watch(watched), room: "lobby", offer: Self.offer)])
    }

    @Test(arguments: [
        ("750000", 750_000), ("750k", 750_000), ("1.5M", 1_500_000), ("300kbit/s", 300_000),
        ("2Mbps", 2_000_000),
        ("30000", 30_000), ("100m", 100_000_000), ("64.5K", 64_500),
    ])
    func `a watcher's bit rate is limited to what it asks for`(text: String, limit: Int) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "/whep/lobby?max-bitrate=\(text)", Self.sdp, body: Self.offer)
        #expect(response.status == .created)
        #expect(
            exchange.plane.calls == [
                .open(.watch(nil), room: "lobby", offer: Self.offer),
                .limit("session-1", bitsPerSecond: limit),
            ])
    }

    @Test(arguments: [
        "", "0", "-1", "29999", "100000001", "1e6", "inf", "nan", "1.2.3M", ".5M", "k", "5G", "1.5",
        "750%20k",
        "0x100000", "9999999999999999999999M",
    ])
    func `a bit rate that is none is refused with 400, and no session is opened`(text: String) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "/whep/lobby/ann?max-bitrate=\(text)", Self.sdp, body: Self.offer)
        #expect(response.status == .badRequest)
        let problem = try response.problem()
        #expect(problem.type == "/problems/malformed-max-bitrate")
        #expect(problem.detail.contains("750k"))
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: ["Application/SDP", "application/sdp; charset=utf-8", "application/sdp ;x"])
    func `the content type may have parameters and capitals`(type: String) async throws {
        let response = try await Exchange().send(.post, "/whip/lobby", [.contentType: type], body: Self.offer)
        #expect(response.status == .created)
    }

    @Test(arguments: [nil, "application/json", "application/sdpx", "text/plain; x=application/sdp"])
    func `another content type is refused with 415 and the right one in Accept-Post`(type: String?)
        async throws
    {
        var headers: HTTPFields = [:]
        headers[.contentType] = type
        let exchange = Exchange()
        let response = try await exchange.send(.post, "/whep/lobby", headers, body: Self.offer)
        #expect(response.status == .unsupportedMediaType)
        #expect(response["Accept-Post"] == "application/sdp")
        #expect(try response.problem().type == "/problems/unsupported-media-type")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: ["text/html", "application/json, text/*", "application/sdp;q=0, */*"])
    func `an Accept that excludes SDP is refused with 406`(accept: String) async throws {
        let exchange = Exchange()
        let headers: HTTPFields = [.contentType: "application/sdp", .accept: accept]
        let response = try await exchange.send(.post, "/whip/lobby", headers, body: Self.offer)
        #expect(response.status == .notAcceptable)
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `a body of 256 KiB is read and one byte more is refused with 413`() async throws {
        let exchange = Exchange()
        let largest = [UInt8](repeating: 0x61, count: 256 * 1024)
        let accepted = try await exchange.send(.post, "/whip/lobby", Self.sdp, bytes: largest)
        #expect(accepted.status == .created)
        let refused = try await exchange.send(.post, "/whip/lobby", Self.sdp, bytes: largest + [0x61])
        #expect(refused.status == .contentTooLarge)
        #expect(try refused.problem().detail == "The body may have at most 262144 bytes.")
        #expect(exchange.plane.calls.count == 1)
    }

    @Test(arguments: [[], [0x0D, 0x0A, 0x20]] as [[UInt8]])
    func `an empty offer is malformed`(body: [UInt8]) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(.post, "/whip/lobby", Self.sdp, bytes: body)
        #expect(response.status == .badRequest)
        #expect(try response.problem().type == "/problems/malformed-sdp")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `an offer that is not UTF-8 is refused with 400`() async throws {
        let response = try await Exchange().send(.post, "/whip/lobby", Self.sdp, bytes: [0x76, 0xFF, 0xFE])
        #expect(response.status == .badRequest)
        #expect(try response.problem().type == "/problems/invalid-encoding")
    }

    @Test(arguments: [
        "/whip/a%20b", "/whip/lobby?participant=", "/whip/lobby?participant=a%2Fb", "/whep/lobby/a:b",
        "/whip/\(String(repeating: "x", count: 65))",
    ])
    func `a name that is not allowed is refused with 400`(path: String) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(.post, path, Self.sdp, body: Self.offer)
        #expect(response.status == .badRequest)
        #expect(try response.problem().type == "/problems/invalid-name")
        #expect(exchange.plane.calls.isEmpty)
    }

    // MARK: - Refusals of the media side

    @Test func `malformed SDP is told with its line`() async throws {
        let plane = FakePlane(refusing: .malformedSDP(line: 7, reason: "The line is empty."))
        let response = try await Exchange(plane).send(.post, "/whip/lobby", Self.sdp, body: Self.offer)
        #expect(response.status == .badRequest)
        #expect(response["Content-Type"] == "application/problem+json")
        #expect(
            try response.problem()
                == ProblemDocument(
                    type: "/problems/malformed-sdp", title: "Malformed SDP", status: 400,
                    detail: "SDP line 7: The line is empty.",
                    instance: "/whip/lobby",
                    line: 7))
    }

    @Test func `SDP that cannot be used is refused with 422, with or without a line`() async throws {
        for (line, start) in [(3, "SDP line 3: No codec fits."), (0, "No codec fits.")] {
            let plane = FakePlane(refusing: .unacceptableSDP(line: line, reason: "No codec fits."))
            let response = try await Exchange(plane).send(.post, "/whip/lobby", Self.sdp, body: Self.offer)
            #expect(response.status == .unprocessableContent)
            #expect(try response.problem().detail == start)
            #expect(try response.problem().line == (line == 0 ? nil : line))
        }
    }

    @Test func `a participant's name that is taken is refused with 409`() async throws {
        let participant = try #require(ParticipantID("ann"))
        let plane = FakePlane(refusing: .participantTaken(participant))
        let response = try await Exchange(plane).send(
            .post, "/whip/lobby?participant=ann", Self.sdp, body: Self.offer)
        #expect(response.status == .conflict)
        #expect(try response.problem().type == "/problems/participant-taken")
    }

    @Test(arguments: [
        (SessionError.draining, "5", "/problems/draining"),
        (.limitReached(what: "Full.", retryAfter: .seconds(30)), "30", "/problems/limit-reached"),
        (.limitReached(what: "Full.", retryAfter: .milliseconds(1500)), "2", "/problems/limit-reached"),
        (.limitReached(what: "Full.", retryAfter: .zero), "1", "/problems/limit-reached"),
    ])
    func `a node that takes no more answers 503 with Retry-After`(
        error: SessionError, retryAfter: String, type: String
    ) async throws {
        let response = try await Exchange(FakePlane(refusing: error)).send(
            .post, "/whep/lobby", Self.sdp, body: Self.offer)
        #expect(response.status == .serviceUnavailable)
        #expect(response["Retry-After"] == retryAfter)
        #expect(try response.problem().type == type)
    }

    // MARK: - Patching and deleting

    @Test func `trickled candidates are passed on with the entity tag and answered with 204`() async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .patch, "/sessions/session-1", Self.fragment, body: "a=candidate:1")
        #expect(response.status == .noContent)
        #expect(response["Content-Length"] == nil)
        #expect(exchange.plane.calls == [.patch("session-1", etag: "tag1", fragment: "a=candidate:1")])
    }

    @Test func `an ICE restart is asked for with a star and answered with the new entity tag`() async throws {
        let plane = FakePlane(patchResult: .restarted(fragment: "a=ice-ufrag:x\r\n", etag: "tag2"))
        var headers = Self.fragment
        headers[.ifMatch] = "*"
        let response = try await Exchange(plane).send(
            .patch, "/sessions/session-1", headers, body: "a=ice-ufrag:y")
        #expect(response.status == .ok)
        #expect(response.text == "a=ice-ufrag:x\r\n")
        #expect(response["Content-Type"] == "application/trickle-ice-sdpfrag")
        #expect(response["ETag"] == "\"tag2\"")
        #expect(plane.calls == [.patch("session-1", etag: nil, fragment: "a=ice-ufrag:y")])
    }

    @Test func `a PATCH without If-Match is refused with 428`() async throws {
        let exchange = Exchange()
        let headers: HTTPFields = [.contentType: "application/trickle-ice-sdpfrag"]
        let response = try await exchange.send(.patch, "/sessions/session-1", headers, body: "x")
        #expect(response.status == .preconditionRequired)
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: ["tag1", "\"tag1", "\"a\" \"b\"", ""])
    func `an If-Match that cannot be read is refused with 400`(field: String) async throws {
        var headers = Self.fragment
        headers[.ifMatch] = field
        let response = try await Exchange().send(.patch, "/sessions/session-1", headers, body: "x")
        #expect(response.status == .badRequest)
        #expect(try response.problem().type == "/problems/malformed-if-match")
    }

    @Test(arguments: ["\"old\"", "W/\"tag1\"", "\"old\", \"older\""])
    func `an entity tag that is not current, or weak, is refused with 412 and told the current one`(
        field: String
    ) async throws {
        var headers = Self.fragment
        headers[.ifMatch] = field
        let response = try await Exchange(FakePlane(etag: "tag1")).send(
            .patch, "/sessions/session-1", headers, body: "x")
        #expect(response.status == .preconditionFailed)
        #expect(response["ETag"] == "\"tag1\"")
    }

    @Test func `one current entity tag in a list is enough`() async throws {
        var headers = Self.fragment
        headers[.ifMatch] = "\"old\", \"tag1\""
        let response = try await Exchange(FakePlane(etag: "tag1")).send(
            .patch, "/sessions/session-1", headers, body: "x")
        #expect(response.status == .noContent)
    }

    @Test func `a PATCH of another content type is refused with 415 and Accept-Patch`() async throws {
        var headers = Self.fragment
        headers[.contentType] = "application/sdp"
        let response = try await Exchange().send(.patch, "/sessions/session-1", headers, body: "x")
        #expect(response.status == .unsupportedMediaType)
        #expect(response["Accept-Patch"] == "application/trickle-ice-sdpfrag")
    }

    @Test func `a session is deleted with 200`() async throws {
        let exchange = Exchange()
        let response = try await exchange.send(.delete, "/sessions/session-1")
        #expect(response.status == .ok)
        #expect(exchange.plane.calls == [.close("session-1")])
    }

    @Test(arguments: [HTTPRequest.Method.patch, .delete])
    func `a session that does not exist is answered with 404`(method: HTTPRequest.Method) async throws {
        let exchange = Exchange(FakePlane(refusing: .unknownSession))
        let response = try await exchange.send(method, "/sessions/gone", Self.fragment, body: "x")
        #expect(response.status == .notFound)
        #expect(try response.problem().type == "/problems/unknown-session")
    }

    // MARK: - Echo

    @Test func `the echo test takes and gives JSON`() async throws {
        let exchange = Exchange(echo: true)
        let response = try await exchange.send(
            .post, "/offer", [.contentType: "application/json"], body: #"{"sdp":"v=0\r\n","type":"offer"}"#)
        #expect(response.status == .ok)
        #expect(response.text == #"{"sdp":"v=0\r\ns=answer\r\n","type":"answer"}"#)
        #expect(response["Location"] == "/sessions/session-1")
        #expect(exchange.plane.calls == [.open(.echo, room: "echo", offer: "v=0\r\n")])
    }

    @Test(arguments: ["", "{", "[]", #"{"sdp":1,"type":"offer"}"#, #"{"sdp":"v=0","type":"answer"}"#])
    func `an echo offer that is not such JSON is refused with 400`(body: String) async throws {
        let response = try await Exchange(echo: true).send(
            .post, "/offer", [.contentType: "application/json"], body: body)
        #expect(response.status == .badRequest)
        #expect(try response.problem().type == "/problems/malformed-json")
    }

    @Test func `the echo test does not exist unless it is switched on`() async throws {
        let response = try await Exchange().send(
            .post, "/offer", [.contentType: "application/json"], body: #"{"sdp":"v=0","type":"offer"}"#)
        #expect(response.status == .notFound)
    }
}
