internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import NodeCore

/// The profile that somebody asks for: in the query of a request that opens a session, and in a control.
enum ProfileText {
    /// The end of a sentence.
    static var expected: String {
        "one of " + LinkProfile.Wish.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    }

    /// What a profile is called.
    static func name(of profile: LinkProfile) -> String {
        (profile.isWeak ? LinkProfile.Wish.weak : .full).rawValue
    }

    /// Reads the JSON `{"profile": "3g"}`.
    static func wish(inJSON text: String) throws(Problem) -> LinkProfile.Wish {
        do {
            return try JSONDecoder().decode(Document.self, from: Data(text.utf8)).wish
        } catch let problem as Problem {
            throw problem
        } catch {
            throw StrictObject.malformed([], "must be JSON (RFC 8259) of no great depth")
        }
    }

    private struct Document: Decodable {
        let wish: LinkProfile.Wish

        init(from decoder: any Decoder) throws {
            let object = try StrictObject(
                decoder, known: ["profile"], shape: "an object with the member \"profile\"")
            guard let text = try object.string("profile"), let wish = LinkProfile.Wish(rawValue: text) else {
                throw object.malformed(["profile"], "must be \(ProfileText.expected)")
            }
            self.wish = wish
        }
    }

    /// Reads the query parameter `profile`; without one the node decides.
    static func wish(of request: Request) throws(Problem) -> LinkProfile.Wish {
        guard let text = request.uri.queryParameters["profile"] else { return .automatic }
        guard let wish = LinkProfile.Wish(rawValue: String(text)) else {
            throw Problem(
                .badRequest, "unknown-profile", "Unknown profile",
                "\"\(text.prefix(80))\" is no profile; \"profile\" must be \(expected).")
        }
        return wish
    }
}
