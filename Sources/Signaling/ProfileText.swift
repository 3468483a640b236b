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
