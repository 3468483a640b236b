import FoundationEssentials

/// Where a server takes offers.
struct ServerAddress: Sendable {
    /// Why an address cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let base: String
    private let publishTemplate: String
    private let watchTemplate: String

    /// - Parameters:
    ///   - base: scheme, host and port, and where the server has one, a path.
    ///   - publish: the WHIP endpoint with `{room}` and `{participant}` where they belong; nil for ours.
    ///   - watch: the WHEP endpoint, likewise.
    init(base: String, publish: String?, watch: String?) {
        let base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.base = base
        publishTemplate = publish ?? "\(base)/whip/{room}?participant={participant}"
        watchTemplate = watch ?? "\(base)/whep/{room}/{participant}"
    }

    /// Fails where an address is no HTTP URL.
    func check() throws(Failure) {
        try Self.check(base, option: "--url")
        try Self.check(Self.fill(publishTemplate, "r", "p"), option: "--publish-url")
        try Self.check(Self.fill(watchTemplate, "r", "p"), option: "--watch-url")
    }

    func publishing(room: String, participant: String) -> String {
        Self.fill(publishTemplate, room, participant)
    }

    func watching(room: String, participant: String) -> String {
        Self.fill(watchTemplate, room, participant)
    }

    /// Where a conference takes offers.
    func joining(room: String, participant: String) -> String {
        "\(base)/rooms/\(room)/sessions?participant=\(participant)"
    }

    /// The absolute URL that a `Location` names (RFC 3986 section 5.2).
    static func resolve(_ location: String, against url: String) -> String {
        guard let base = URL(string: url), let resolved = URL(string: location, relativeTo: base) else {
            return location
        }
        return resolved.absoluteString
    }

    private static func fill(_ template: String, _ room: String, _ participant: String) -> String {
        template.replacing("{room}", with: room).replacing("{participant}", with: participant)
    }

    private static func check(_ text: String, option: String) throws(Failure) {
        guard let url = URL(string: text), let scheme = url.scheme, let host = url.host(), !host.isEmpty
        else {
            throw Failure(description: "\(option): \(text) is no URL such as http://127.0.0.1:8080.")
        }
        guard scheme == "http" || scheme == "https" else {
            throw Failure(
                description: "\(option): \(text) has the scheme \(scheme); it must be http or https.")
        }
    }
}
