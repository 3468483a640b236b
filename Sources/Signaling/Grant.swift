internal import FoundationEssentials
package import NodeCore

/// What the controller of a room lets the bearer of a token do there: a JSON Web Token (RFC 7519), sealed with HMAC-SHA256.
///
///     {"room": "lobby", "sub": "alice", "may": ["participate"], "profile": "3g", "exp": 1790000000}
///
/// The node keeps no list of tokens: one that is sealed rightly holds until it expires.
package struct Grant: Sendable, Equatable {
    package enum Errand: String, Sendable, CaseIterable {
        /// Open a session by WHIP, by WHEP, or as a participant of a conference.
        case publish, watch, participate
        /// Choose what others are served.
        case control
    }

    /// Why a token is none, or holds no more.
    package enum Refusal: Error, Equatable {
        case malformed(String)
        case forged
        case expired
        case early
    }

    /// Longer tokens are none of ours.
    private static let lengthLimit = 4096
    /// Clocks may differ by so many seconds.
    private static let leeway: Double = 30

    package var room: RoomID
    /// Under which name; nil: any.
    package var participant: ParticipantID?
    package var errands: Set<Errand>
    /// What is served, whatever the client wishes; see `LinkProfile.rule`. Nil: the client chooses.
    package var profile: LinkProfile.Wish?
    /// In seconds since 1970: it holds until then,
    package var expires: Double
    /// and from then on.
    package var begins: Double?

    package init(
        room: RoomID, participant: ParticipantID? = nil, errands: Set<Errand> = Grant.usualErrands,
        profile: LinkProfile.Wish? = nil, expires: Double, begins: Double? = nil
    ) {
        self.room = room
        self.participant = participant
        self.errands = errands
        self.profile = profile
        self.expires = expires
        self.begins = begins
    }

    /// What a token without the claim `may` is for.
    package static let usualErrands: Set<Errand> = [.publish, .watch, .participate]

    // MARK: - As text

    /// The token of this grant.
    package func token(sealedWith key: GrantKey) -> String {
        let claims = Claims(
            room: room.description, sub: participant?.description, may: errands.map(\.rawValue).sorted(),
            profile: profile?.rawValue, exp: expires, nbf: begins)
        return Self.token(claims: Data.json(claims), sealedWith: key)
    }

    /// A token that claims what these bytes say, were it JSON or not.
    package static func token(claims: some Collection<UInt8>, sealedWith key: GrantKey) -> String {
        let text = text(Data.json(Header())) + "." + text(Data(claims))
        return text + "." + Self.text(Data(key.code(of: text)))
    }

    /// Reads a token.
    ///
    /// - Parameter now: in seconds since 1970.
    package init(token: some StringProtocol, sealedWith key: GrantKey, at now: Double) throws(Refusal) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count <= Self.lengthLimit, parts.count == 3, let header = Self.data(parts[0]),
            let payload = Self.data(parts[1]), let code = Self.data(parts[2])
        else { throw .malformed("it is no JSON Web Token of three parts in base64url") }
        // What is not sealed is not looked at; of the header nothing but which seal it is to be.
        guard let seal = try? JSONDecoder().decode(Header.self, from: header), seal.alg == "HS256",
            seal.crit == nil
        else { throw .malformed("its header does not say \"alg\": \"HS256\", or asks for more (\"crit\")") }
        guard key.isRight(Array(code), of: "\(parts[0]).\(parts[1])") else { throw .forged }
        let claims: Claims
        do {
            claims = try JSONDecoder().decode(Claims.self, from: payload)
        } catch {
            throw .malformed(
                "its claims are not as described: \"room\" a string, \"exp\" a number, and, optional, \"sub\" a string,"
                    + " \"may\" an array of strings, \"profile\" a string, \"nbf\" a number")
        }
        guard now < claims.exp + Self.leeway else { throw .expired }
        if let begins = claims.nbf, now < begins - Self.leeway { throw .early }
        guard let room = RoomID(claims.room) else { throw .malformed("its claim \"room\" is no room's name") }
        self.init(room: room, expires: claims.exp, begins: claims.nbf)
        if let name = claims.sub {
            guard let participant = ParticipantID(name) else {
                throw .malformed("its claim \"sub\" is no participant's name")
            }
            self.participant = participant
        }
        if let may = claims.may {
            // What this node does not know it does not do.
            errands = Set(may.compactMap { Errand(rawValue: $0) })
        }
        if let name = claims.profile {
            guard let profile = LinkProfile.Wish(rawValue: name) else {
                throw .malformed("its claim \"profile\" must be \(ProfileText.expected)")
            }
            self.profile = profile
        }
    }

    private struct Header: Codable {
        var alg = "HS256"
        var typ: String? = "JWT"
        /// RFC 7515 section 4.1.11: what has to be understood.
        var crit: [String]?
    }

    private struct Claims: Codable {
        let room: String
        let sub: String?
        let may: [String]?
        let profile: String?
        let exp: Double
        let nbf: Double?
    }

    // MARK: - base64url without padding (RFC 7515 section 2)

    private static func text(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    private static func data(_ text: some StringProtocol) -> Data? {
        guard !text.utf8.contains(where: { [0x2B, 0x2F, 0x3D].contains($0) }) else { return nil }
        let usual = String(text).replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: usual + String(repeating: "=", count: (4 - usual.utf8.count % 4) % 4))
    }
}
