package import Wire

/// A transport address at which a peer may be reached (RFC 8839 section 5.1).
package struct ICECandidate: Hashable, Sendable {
    package enum Kind: String, Sendable { case host, srflx, prflx, relay }

    package let foundation: String
    /// 1 is RTP, 2 is RTCP.
    package let component: UInt16
    /// In lower case: `udp` or `tcp`.
    package let transport: String
    package let priority: UInt32
    /// An IP address, or a name such as the `.local` names of RFC 8828 section 5.2.
    package let host: String
    package let port: UInt16
    package let kind: Kind

    /// Parses what stands after `a=candidate:`; extensions after the type are not kept.
    package init?(parsing text: some StringProtocol) {
        let fields = Substring(text).fields()
        guard fields.count >= 8, let component = fields[1].decimal(UInt16.self),
            let priority = fields[3].decimal(UInt32.self), let port = fields[5].decimal(UInt16.self),
            fields[6] == "typ", let kind = Kind(rawValue: String(fields[7]))
        else { return nil }
        foundation = String(fields[0])
        self.component = component
        transport = fields[2].lowercased()
        self.priority = priority
        host = String(fields[4])
        self.port = port
        self.kind = kind
    }

    /// The address and the port, unless the host is a name.
    package var address: SocketAddress? {
        SocketAddress(host: host, port: port)
    }

    /// The attribute lines for the host candidates of this node: RTP only, the first preferred
    /// (RFC 8445 section 5.1.2.1: type preference 126, component 1).
    static func lines(forHosts addresses: [SocketAddress]) -> [String] {
        addresses.enumerated().map { index, address in
            let priority = 126 << 24 + max(0, 65535 - index) << 8 + 255
            return "a=candidate:\(index + 1) 1 udp \(priority) \(address.host) \(address.port) typ host"
        } + ["a=end-of-candidates"]
    }
}
