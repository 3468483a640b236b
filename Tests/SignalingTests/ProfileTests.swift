import HTTPTypes
import HummingbirdTesting
import NodeCore
import Testing

@testable import Signaling

@Suite struct ProfileTests {
    private static let offer = "v=0\r\ns=offer\r\n"
    private static let sdp: HTTPFields = [.contentType: "application/sdp"]
    private static let json: HTTPFields = [.contentType: "application/json"]
    private static let paths = ["/whip/lobby", "/whep/lobby", "/whep/lobby/ann", "/rooms/lobby/sessions"]

    @Test(arguments: paths, LinkProfile.Wish.allCases)
    func `whoever opens a session may wish for a profile`(path: String, wish: LinkProfile.Wish) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "\(path)?profile=\(wish.rawValue)", Self.sdp, body: Self.offer)
        #expect(response.status == .created)
        guard case .open(_, _, _, let asked) = exchange.plane.calls.first else {
            Issue.record("nothing was opened")
            return
        }
        #expect(asked == SessionTerms(wish: wish))
    }

    @Test(arguments: [("", false), ("&uplink=answer", false), ("&uplink=client", true)])
    func `a client may say that it limits itself`(query: String, limitsItself: Bool) async throws {
        for path in ["/whip/lobby", "/rooms/lobby/sessions"] {
            let exchange = Exchange()
            let response = try await exchange.send(
                .post, "\(path)?profile=3g\(query)", Self.sdp, body: Self.offer)
            #expect(response.status == .created)
            guard case .open(_, _, _, let asked) = exchange.plane.calls.first else {
                Issue.record("nothing was opened")
                return
            }
            #expect(asked == SessionTerms(wish: .weak, limitsItself: limitsItself))
        }
    }

    @Test(arguments: ["", "server", "Client"])
    func `another word for who limits what is sent is refused`(name: String) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "/whip/lobby?uplink=\(name)", Self.sdp, body: Self.offer)
        #expect(response.status == .badRequest)
        #expect(try response.problem().type == "/problems/unknown-uplink")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: paths, ["", "4g", "3G", "AUTO", "weak"])
    func `a profile that there is not is refused, and the others are named`(path: String, name: String)
        async throws
    {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "\(path)?profile=\(name)", Self.sdp, body: Self.offer)
        #expect(response.status == .badRequest)
        let problem = try response.problem()
        #expect(problem.type == "/problems/unknown-profile")
        #expect(problem.detail.contains(#""profile" must be one of "auto", "3g", "full""#))
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test(arguments: LinkProfile.Wish.allCases)
    func `a control changes the profile`(wish: LinkProfile.Wish) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "/sessions/session-1/control", Self.json, body: #"{"profile": "\#(wish.rawValue)"}"#)
        #expect(response.status == .ok)
        #expect(exchange.plane.calls == [.control("session-1", SessionControl(profile: wish))])
    }

    @Test(arguments: [#""4g""#, "null", "3", #"["3g"]"#, #""""#])
    func `a control for a profile that there is not is malformed`(value: String) async throws {
        let exchange = Exchange()
        let response = try await exchange.send(
            .post, "/sessions/session-1/control", Self.json, body: #"{"profile": \#(value)}"#)
        #expect(response.status == .badRequest)
        let problem = try response.problem()
        #expect(problem.type == "/problems/malformed-json")
        #expect(problem.pointer == "/profile")
        #expect(exchange.plane.calls.isEmpty)
    }

    @Test func `how the way to a remote does can be read`() async throws {
        let exchange = Exchange()
        let response = try await exchange.send(.get, "/sessions/session-1/link")
        #expect(response.status == .ok)
        #expect(response["Cache-Control"] == "no-store")
        #expect(
            response.text == #"{"bitsPerSecond":120000,"grant":null,"profile":"full","reason":"link","#
                + #""received":{"bitsPerSecond":9000,"bytes":100,"datagrams":2,"peakBitsPerSecond":9500},"#
                + #""roundTripMilliseconds":300,"#
                + #""sent":{"bitsPerSecond":70000,"bytes":1000,"datagrams":10,"peakBitsPerSecond":80000},"#
                + #""wish":"auto"}"#)
        #expect(exchange.plane.calls == [.link("session-1")])
    }

    @Test func `of a session that is not there nothing can be read`() async throws {
        let response = try await Exchange(FakePlane(refusing: .unknownSession)).send(.get, "/sessions/x/link")
        #expect(response.status == .notFound)
        #expect(try response.problem().type == "/problems/unknown-session")
    }
}
