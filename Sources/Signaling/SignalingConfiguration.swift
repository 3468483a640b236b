package import Wire

/// What the operator decides of the HTTP side.
package struct SignalingConfiguration: Sendable {
    /// Where to listen; port 0 lets the kernel choose.
    package var address: SocketAddress
    /// The certificate and key for HTTPS; nil for plain HTTP.
    package var tls: TLSFiles?
    /// Whether `POST /offer`, the WebRTC echo test, exists.
    package var isEchoEnabled: Bool
    /// `stun:` and `turn:` URLs that clients are told of.
    package var iceServers: [String]
    /// The URL to which participants are told to move when this node is drained; the page may connect to it.
    package var moveTo: String?
    /// What grants of the rooms' controller are sealed with; nil: there is no controller, and everybody may do everything.
    package var grantKey: GrantKey?

    package init(
        address: SocketAddress, tls: TLSFiles? = nil, isEchoEnabled: Bool = false, iceServers: [String] = [],
        moveTo: String? = nil, grantKey: GrantKey? = nil
    ) {
        self.address = address
        self.tls = tls
        self.isEchoEnabled = isEchoEnabled
        self.iceServers = iceServers
        self.moveTo = moveTo
        self.grantKey = grantKey
    }
}
