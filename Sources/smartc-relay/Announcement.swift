import Launch
import Logging
import NodeIO
import Wire

/// What the operator is told once the node can be reached.
struct Announcement {
    private let http: SocketAddress
    private let udpPorts: [UInt16]
    private let settings: RelaySettings

    /// `http` has the port that was really bound.
    init(_ http: SocketAddress, _ udpPorts: [UInt16], _ settings: RelaySettings) {
        self.http = http
        self.udpPorts = udpPorts
        self.settings = settings
    }

    /// Logs where the node listens and, when clients may not reach it, what to do about that.
    func log(to logger: Logger) {
        let own = NetworkInterfaces.addresses().filter { !$0.isLoopback }
        let udp = udpPorts.map { String($0) }.joined(separator: ",")
        logger.info(
            "listening",
            metadata: [
                "http": "\(http)", "udp": "\(udp)", "tls": "\(settings.tls != nil)", "url": "\(url(own))",
            ])
        guard settings.advertised.isEmpty, own.allSatisfy(\.isPrivate) else { return }
        logger.warning(
            """
            this machine has private addresses only, so that clients outside its network cannot reach it: \
            behind NAT, forward the UDP ports to it and pass --advertise with the public address
            """,
            metadata: ["addresses": "\(own.map(\.host).joined(separator: ","))", "udp": "\(udp)"])
    }

    /// A URL that opens the web client: the address that was bound, or one of the machine's for the wildcard.
    private func url(_ own: [SocketAddress]) -> String {
        let scheme = settings.tls == nil ? "http" : "https"
        guard http.isUnspecified else { return "\(scheme)://\(http)/" }
        let address = settings.advertised.first ?? own.first { $0.ipv4 != nil }
        guard let address else { return "\(scheme)://localhost:\(http.port)/" }
        return "\(scheme)://\(address.with(port: http.port))/"
    }
}
