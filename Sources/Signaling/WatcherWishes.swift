internal import FoundationEssentials
internal import Hummingbird
internal import NodeCore
internal import Transcoding

/// What whoever opens a session asks for with query parameters, beside room and names.
struct WatcherWishes {
    /// How much the session is served, and asked to send.
    let profile: LinkProfile.Wish
    /// Whether the client limits by itself what it sends, so that the answer need not.
    let limitsItself: Bool
    /// The size that a lane is to make of the source.
    let tier: Tier?
    /// What is to be sent at most.
    let bitsPerSecond: Int?

    /// Reads `profile` and `uplink`; both may be missing.
    init(profileOf request: Request) throws(Problem) {
        profile = try ProfileText.wish(of: request)
        limitsItself = try Self.limitsItself(request.uri.queryParameters["uplink"])
        tier = nil
        bitsPerSecond = nil
    }

    /// Reads `profile`, `tier` and `max-bitrate`; all may be missing.
    init(_ request: Request) throws(Problem) {
        profile = try ProfileText.wish(of: request)
        limitsItself = false
        tier = try Self.tier(request.uri.queryParameters["tier"])
        bitsPerSecond = try Self.limit(request.uri.queryParameters["max-bitrate"])
    }

    private static func limitsItself(_ text: Substring?) throws(Problem) -> Bool {
        switch text {
        case nil, "answer": false
        case "client": true
        case let text?:
            throw Problem(
                .badRequest, "unknown-uplink", "Unknown uplink",
                "\"\(text.prefix(80))\" does not say who limits what is sent; \"uplink\" must be \"answer\" or"
                    + " \"client\".")
        }
    }

    private static func tier(_ text: Substring?) throws(Problem) -> Tier? {
        guard let text else { return nil }
        guard let tier = Tier(rawValue: String(text)) else {
            let known = Tier.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(
                .badRequest, "unknown-tier", "Unknown tier",
                "\"\(text.prefix(80))\" is no tier; \"tier\" must be one of \(known).")
        }
        return tier
    }

    private static func limit(_ text: Substring?) throws(Problem) -> Int? {
        guard let text else { return nil }
        guard let limit = BitrateText.parse(text) else {
            throw Problem(
                .badRequest, "malformed-max-bitrate", "Malformed max-bitrate",
                "\"\(text.prefix(80))\" is no bit rate; \"max-bitrate\" must be \(BitrateText.expected).")
        }
        return limit
    }
}
