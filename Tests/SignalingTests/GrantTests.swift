import FoundationEssentials
import NodeCore
import Testing

@testable import Signaling

@Suite struct GrantTests {
    private static let secret = "a secret of thirty-two bytes, and more"
    private static let now = 1_790_000_000.0

    private static func key(_ text: String = secret) throws -> GrantKey {
        try #require(GrantKey(bytes: Array(text.utf8)))
    }

    private static func room(_ name: String = "lobby") throws -> RoomID { try #require(RoomID(name)) }

    private static func read(_ token: String, at now: Double = now) throws -> Grant {
        try Grant(token: token, sealedWith: key(), at: now)
    }

    /// A token of any parts, sealed rightly.
    private static func token(header: String = #"{"alg":"HS256","typ":"JWT"}"#, claims: String) throws
        -> String
    {
        func part(_ bytes: [UInt8]) -> String {
            Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                .replacing("=", with: "")
        }
        let text = part(Array(header.utf8)) + "." + part(Array(claims.utf8))
        return text + "." + part(try key().code(of: text))
    }

    @Test func `what is sealed is read again`() throws {
        let grants = [
            Grant(room: try Self.room(), expires: Self.now + 60),
            Grant(
                room: try Self.room("a.b-c_1"), participant: ParticipantID("ann"),
                errands: [.control, .watch],
                profile: .weak, expires: Self.now + 1, begins: Self.now - 5),
            Grant(room: try Self.room(), errands: [], profile: .automatic, expires: Self.now),
        ]
        for grant in grants { #expect(try Self.read(grant.token(sealedWith: Self.key())) == grant) }
    }

    @Test func `the example of RFC 7515 is sealed as there`() throws {
        // Appendix A.1: the key has 64 bytes of which none is white space at an end.
        let text =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
            + "LmNvbS9pc19yb290Ijp0cnVlfQ"
        let secret =
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let padded = secret.replacing("-", with: "+").replacing("_", with: "/") + "=="
        let bytes = Array(try #require(Data(base64Encoded: padded)))
        let key = try #require(GrantKey(bytes: bytes))
        let code = Data(key.code(of: text)).base64EncodedString()
        #expect(code == "dBjftJeZ4CVP+mB92K27uhbUJU1p1r/wW1gFWFOEjXk=")
    }

    @Test func `a token of another maker is read, and what it says beside is passed over`() throws {
        let token = try Self.token(
            header: #"{"kid": "1", "alg": "HS256"}"#,
            claims:
                #"{"iss":"x","room":"lobby","exp":1790000060.5,"may":["watch","dance"],"video":{"a":[1]}}"#)
        #expect(
            try Self.read(token)
                == Grant(room: try Self.room(), errands: [.watch], expires: 1_790_000_060.5))
    }

    @Test func `a token holds from its beginning to its end, give or take half a minute`() throws {
        let grant = Grant(room: try Self.room(), expires: Self.now, begins: Self.now - 100)
        let token = grant.token(sealedWith: try Self.key())
        for moment in [-129.0, 0, 29] { #expect(try Self.read(token, at: Self.now + moment) == grant) }
        for (moment, refusal) in [(-131.0, Grant.Refusal.early), (30, .expired), (1e9, .expired)] {
            #expect(throws: refusal) { try Self.read(token, at: Self.now + moment) }
        }
    }

    @Test func `a token with another key, or with anything changed, is forged`() throws {
        let grant = Grant(room: try Self.room(), expires: Self.now + 60)
        let other = try Self.key("another secret of thirty-two bytes or more")
        #expect(throws: Grant.Refusal.forged) { try Self.read(grant.token(sealedWith: other)) }
        let token = grant.token(sealedWith: try Self.key())
        let parts = token.split(separator: ".")
        let claims = try Self.token(claims: #"{"room":"lobby","exp":1990000000}"#).split(separator: ".")[1]
        #expect(throws: Grant.Refusal.forged) { try Self.read("\(parts[0]).\(claims).\(parts[2])") }
        #expect(throws: Grant.Refusal.forged) { try Self.read("\(parts[0]).\(parts[1]).") }
        #expect(throws: Grant.Refusal.forged) {
            try Self.read("\(parts[0]).\(parts[1]).\(parts[2].dropLast(4))")
        }
    }

    @Test(arguments: [
        "", ".", "..", "a.b", "a.b.c.d", "a+b.c.d", "!.!.!", String(repeating: "a", count: 5000),
    ])
    func `what is no token is malformed`(text: String) {
        let error = #expect(throws: Grant.Refusal.self) { try Self.read(text) }
        guard case .malformed? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        #"{"alg":"none"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#, #"{"typ":"JWT"}"#, "[]", "x",
        #"{"alg":"HS256","crit":["exp"]}"#,
    ])
    func `another seal is refused, and so is what has to be understood`(header: String) throws {
        let token = try Self.token(header: header, claims: #"{"room":"lobby","exp":1990000000}"#)
        let error = #expect(throws: Grant.Refusal.self) { try Self.read(token) }
        guard case .malformed(let reason)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(reason.contains("HS256"))
    }

    @Test(arguments: [
        "{}", "[]", "x", #"{"room":"lobby"}"#, #"{"exp":1990000000}"#, #"{"room":1,"exp":1990000000}"#,
        #"{"room":"lobby","exp":"1990000000"}"#, #"{"room":"a b","exp":1990000000}"#,
        #"{"room":"lobby","exp":1990000000,"sub":"a/b"}"#,
        #"{"room":"lobby","exp":1990000000,"may":"watch"}"#,
        #"{"room":"lobby","exp":1990000000,"profile":"4g"}"#, #"{"room":"*","exp":1990000000}"#,
    ])
    func `claims that are not as described are refused`(claims: String) throws {
        let token = try Self.token(claims: claims)
        let error = #expect(throws: Grant.Refusal.self) { try Self.read(token) }
        guard case .malformed? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test func `a key has 32 to 4096 bytes, and white space at its ends does not count`() throws {
        func isKey(_ text: String) -> Bool { GrantKey(bytes: Array(text.utf8)) != nil }
        #expect(
            !isKey("") && !isKey(String(repeating: "a", count: 31))
                && isKey(String(repeating: "a", count: 32)))
        #expect(isKey(String(repeating: "a", count: 4096)) && !isKey(String(repeating: "a", count: 4097)))
        #expect(!isKey(String(repeating: " ", count: 40) + "a\n"))
        let code = try Self.key().code(of: "x")
        #expect(try Self.key("\n" + Self.secret + " \r\n").code(of: "x") == code)
        #expect(try Self.key(Self.secret + "!").code(of: "x") != code)
    }

    @Test func `a key is read from a file, and what is none is told`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).key")
        #expect(
            throws: SignalingError.unusableGrantKey(path: file.path, reason: "it cannot be read")
        ) { try GrantKey(file: file.path) }
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("short\n".utf8).write(to: file)
        let error = #expect(throws: SignalingError.self) { try GrantKey(file: file.path) }
        #expect(error?.description.contains("32 to 4096 bytes") == true)
        try Data((Self.secret + "\n").utf8).write(to: file)
        #expect(try GrantKey(file: file.path).code(of: "x") == Self.key().code(of: "x"))
    }
}
