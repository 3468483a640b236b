import HTTPTypes
import HummingbirdTesting
import NodeCore
import Testing

@testable import Signaling

@Suite struct ConferenceEndpointsTests {
    private static let offer = "v=0\r\ns=offer\r\n"
    private static let sdp: HTTPFields = [.contentType: "application/sdp"]
    private static let json: HTTPFields = [.contentType: "application/json"]
    private static let streams = ["/sessions/session-1/events", "/rooms/lobby/events"]

    // MARK: - Joining

    @Test func `joining answers 201 with everything a client needs`() async throws {
        let exchange = Exchange(iceServers: ["stun:stun.example.org"])
        let response = try await exchange.send(
            .post, "/rooms/lobby/sessions?participant=ann", Self.sdp, body: Self.offer)
        #expect(response.status == .created)
        #expect(response.text == "v=0\r\ns=answer\r\n")
        #expect(response["Content-Type"] == "application/sdp")
        #expect(response["Location"] == "/sessions/session-1")
        #expect(response["ETag"] == "\"tag1\"")
        #expect(response["Accept-Patch"] == "application/trickle-ice-sdpfrag")
        #expect(response["Smartc-Participant"] == "ann")
        #expect(response["Cache-Control"] == "no-store")
        #expect(response["Link"] == "<stun:stun.example.org>; rel=\"ice-server\"")
        #expect(response["Access-Control-Allow-Origin"] == "*")
        #expect(
            exchange.plane.calls == [
                .open(.participate(as: ParticipantID("ann")), room: "lobby", offer: Self.offer)
            ])
    }

    @Test func `the node chooses the name of a participant that brings none`() async throws {
        let exchange = Exchange()
        let response = try await exchange.send(.post, "/rooms/lobby/sessions", Self.sdp, body: Self.offer)
        #expect(response["Smartc-Participant"] == "chosen")
        #expect(exchange.plane.calls == [.open(.participate(as: nil), room: "lobby", offer: Self.offer)])
    }

    @Test(arguments: ["/rooms/a%20b/sessions", "/rooms/lobby/sessions?participant=a%2Fb"])
    func `a name that is not allowed is refused with 400`(path: String) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(.post, path, Self.sdp, body: Self.offer)
        #expect(response.status == .badRequest)
        #expect(try response.problem().type == "/problems/invalid-name")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `an offer with too many sections is refused with 409, and trying again is not advised`()
        async throws
    {
        let plane = FakePlane(refusing: .tooManyTracks(what: "An offer may have 50 video slots."))
        let response = try await Exchange(plane).send(
            .post, "/rooms/lobby/sessions", Self.sdp, body: Self.offer)
        #expect(response.status == .conflict)
        #expect(response["Retry-After"] == nil)
        #expect(try response.problem().type == "/problems/too-many-tracks")
        #expect(try response.problem().detail == "An offer may have 50 video slots.")
    }

    // MARK: - Control

    @Test func `a control is passed on and answered with the state`() async throws {
        let ann = try #require(ParticipantID("ann"))
        let plane = FakePlane(
            snapshot: ConferenceSnapshot(
                number: 4, participant: ann, participants: [], speaker: nil,
                slots: [.init(mid: "3", kind: "video", state: .waiting, participant: ann, track: "0")],
                bitsPerSecond: 300_000))
        let response = try await Exchange(plane).send(
            .post, "/sessions/session-1/control", Self.json, body: #"{"slots":{"3":{"height":180}}}"#)
        #expect(response.status == .ok)
        #expect(response["Content-Type"] == "application/json")
        #expect(response["Cache-Control"] == "no-store")
        #expect(response["Access-Control-Allow-Origin"] == "*")
        #expect(
            response.text
                == #"{"bitsPerSecond":300000,"participant":"ann","participants":[],"profile":null,"slots":["#
                + #"{"height":null,"kind":"video","mid":"3","participant":"ann","reason":null,"#
                + #""state":"waiting","tier":null,"track":"0","width":null}],"#
                + #""speaker":null}"#)
        #expect(
            plane.calls == [.control("session-1", SessionControl(slots: ["3": .init(height: 180)]))])
    }

    @Test func `an empty object asks for the state`() async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "/sessions/session-1/control", [.contentType: "application/json; charset=utf-8"],
            body: "{}")
        #expect(response.status == .ok)
        #expect(exchange.plane.calls == [.control("session-1", SessionControl())])
    }

    @Test func `a malformed control is told with its place and reaches nobody`() async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "/sessions/session-1/control", Self.json, body: #"{"slots":{"3":{"height":"tall"}}}"#)
        #expect(response.status == .badRequest)
        #expect(response["Content-Type"] == "application/problem+json")
        #expect(
            try response.problem()
                == ProblemDocument(
                    type: "/problems/malformed-json", title: "Malformed JSON", status: 400,
                    detail: "/slots/3/height must be a whole number from 0 to 4320.",
                    instance: "/sessions/session-1/control", line: nil, pointer: "/slots/3/height"))
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `what the media side cannot accept is told with the place that it names`() async throws {
        let plane = FakePlane(
            refusing: .unacceptableControl(where: "/slots/9", reason: "The offer has no section 9."))
        let response = try await Exchange(plane).send(
            .post, "/sessions/session-1/control", Self.json, body: #"{"slots":{"9":{}}}"#)
        #expect(response.status == .unprocessableContent)
        let problem = try response.problem()
        #expect(problem.type == "/problems/unacceptable-control")
        #expect(problem.detail == "The offer has no section 9.")
        #expect(problem.pointer == "/slots/9")
    }

    @Test(arguments: [
        (SessionError.unknownSession, 404, "/problems/unknown-session"),
        (.notAConference, 409, "/problems/not-a-conference"),
    ])
    func `a session that is not there or has no slots is refused`(
        error: SessionError, status: Int, type: String
    ) async throws {
        let exchange = Exchange(FakePlane(refusing: error))
        let responses = [
            try await exchange.send(.post, "/sessions/session-1/control", Self.json, body: "{}"),
            try await exchange.send(.get, "/sessions/session-1/events"),
        ]
        for response in responses {
            #expect(response.status.code == status)
            #expect(try response.problem().type == type)
            #expect(try response.problem().pointer == nil)
        }
    }

    @Test func `a path that cannot be a session is an unknown session`() async throws {
        let exchange = Exchange()
        let control = try await exchange.send(.post, "/sessions/a%20b/control", Self.json, body: "{}")
        #expect(control.status == .notFound)
        #expect(try await exchange.send(.get, "/sessions/a%20b/events").status == .notFound)
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: [nil, "text/plain", "application/sdp"])
    func `a control of another content type is refused with 415`(type: String?) async throws {
        var headers: HTTPFields = [:]
        headers[.contentType] = type
        let response = try await Exchange().send(.post, "/sessions/session-1/control", headers, body: "{}")
        #expect(response.status == .unsupportedMediaType)
        #expect(response["Accept-Post"] == "application/json")
    }

    @Test func `a control of 64 KiB is read and one byte more is refused with 413`() async throws {
        let exchange = Exchange()
        let largest = "{" + String(repeating: " ", count: 64 * 1024 - 2) + "}"
        let path = "/sessions/session-1/control"
        #expect(try await exchange.send(.post, path, Self.json, body: largest).status == .ok)
        let refused = try await exchange.send(.post, path, Self.json, body: largest + " ")
        #expect(refused.status == .contentTooLarge)
        #expect(exchange.plane.calls.count == 1)
    }

    // MARK: - Events

    @Test(arguments: streams)
    func `a stream has its fields, a hint when to come back, and ends with the media side's`(path: String)
        async throws
    {
        let events = EventSource(
            [
                ConferenceEvent(number: 1, kind: .speaker(nil)),
                ConferenceEvent(number: 4, kind: .bandwidth(5)),
            ], finished: true)
        let response = try await Exchange(FakePlane(events: events)).send(.get, path)
        #expect(response.status == .ok)
        #expect(response["Content-Type"] == "text/event-stream")
        #expect(response["Cache-Control"] == "no-store")
        #expect(response["X-Accel-Buffering"] == "no")
        #expect(response["Connection"] == "close")
        #expect(response["Content-Length"] == nil)
        #expect(response["Access-Control-Allow-Origin"] == "*")
        #expect(
            response.text == """
                retry: 2000

                id: 1
                event: speaker
                data: {"participant":null}

                id: 4
                event: bandwidth
                data: {"bitsPerSecond":5}


                """)
    }

    @Test(
        arguments: [
            (nil, nil, nil), ("17", nil, 17), (nil, "17", 17), ("18", "17", 18), (" 3 ", nil, 3),
            ("", nil, nil),
            ("", "17", 17), (nil, "", nil), ("0", nil, 0), ("007", nil, 7),
            ("18446744073709551615", nil, UInt64.max), ("18446744073709551616", nil, nil),
            (nil, "99999999999999999999999999", nil),
        ] as [(String?, String?, UInt64?)])
    func `the last event is told by the field, else by the query, and one that cannot be is none`(
        field: String?, parameter: String?, last: UInt64?
    ) async throws {
        for path in Self.streams {
            let exchange = Exchange(FakePlane(events: EventSource(finished: true)))
            var headers: HTTPFields = [:]
            headers[.lastEventID] = field
            let response = try await exchange.send(
                .get, path + (parameter.map { "?lastEventId=\($0)" } ?? ""), headers)
            #expect(response.status == .ok)
            #expect(
                exchange.plane.calls == [
                    path.hasPrefix("/rooms")
                        ? .roomEvents("lobby", after: last) : .sessionEvents("session-1", after: last)
                ])
        }
    }

    @Test(arguments: ["x", "-1", "1.5", "0x10", "+3", "1 2", "1,2", "٣", "17abc"])
    func `a last event that is no number is refused with 400`(text: String) async throws {
        for path in Self.streams {
            let exchange = Exchange()
            let response = try await exchange.send(.get, path, [.lastEventID: text])
            #expect(response.status == .badRequest)
            #expect(try response.problem().type == "/problems/malformed-last-event-id")
            #expect(exchange.plane.calls.isEmpty)
        }
        let query = try await Exchange().send(.get, "/rooms/lobby/events?lastEventId=x")
        #expect(query.status == .badRequest)
    }

    @Test func `an Accept that excludes event streams is refused with 406`() async throws {
        for path in Self.streams {
            let exchange = Exchange()
            let response = try await exchange.send(.get, path, [.accept: "application/json"])
            #expect(response.status == .notAcceptable)
            #expect(exchange.plane.calls.isEmpty)
        }
    }

    @Test func `a room that does not exist is answered with 404`() async throws {
        let response = try await Exchange(FakePlane(refusing: .unknownRoom)).send(
            .get, "/rooms/lobby/events")
        #expect(response.status == .notFound)
        #expect(try response.problem().type == "/problems/unknown-room")
        #expect(try await Exchange().send(.get, "/rooms/a%2Fb/events").status == .badRequest)
    }

    @Test func `pages of other origins may resume a stream`() async throws {
        for path in Self.streams {
            let response = try await Exchange().send(.options, path)
            let allowed = try #require(response["Access-Control-Allow-Headers"])
            #expect(allowed.split(separator: ", ").contains("Last-Event-ID"))
        }
    }
}
