internal import HTTPTypes

extension HTTPField.Name {
    static let acceptPatch = HTTPField.Name(known: "Accept-Patch")
    static let acceptPost = HTTPField.Name(known: "Accept-Post")
    /// What proxies of the nginx family look at before they hold back a response.
    static let accelBuffering = HTTPField.Name(known: "X-Accel-Buffering")
    /// The number of the last server-sent event that a client has seen.
    static let lastEventID = HTTPField.Name(known: "Last-Event-ID")
    static let link = HTTPField.Name(known: "Link")
    static let permissionsPolicy = HTTPField.Name(known: "Permissions-Policy")
    static let referrerPolicy = HTTPField.Name(known: "Referrer-Policy")
    /// The name under which a publisher can be watched.
    static let participant = HTTPField.Name(known: "Smartc-Participant")

    private init(known name: String) {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is not a field name") }
        self = field
    }
}

extension [HTTPRequest.Method] {
    /// The list as `Allow` has it.
    var list: String { map(\.rawValue).joined(separator: ", ") }
}
