package import Logging
package import Wire

/// The settings of a relay, checked.
package struct RelaySettings: Sendable, Equatable {
    /// Where HTTP listens; port 0 lets the kernel choose.
    package var http: SocketAddress
    /// The UDP port of the first worker, the others follow; 0 lets the kernel choose each.
    package var udpPort: UInt16 = 40000
    /// At least 1.
    package var workers: Int
    /// The addresses that clients are told of, instead of the machine's own; the port is 0.
    package var advertised: [SocketAddress] = []
    package var logFormat = LogFormat.json
    package var logLevel = Logger.Level.info
    /// The paths of certificate and key in PEM.
    package var tls: TLSPaths?
    package var isEchoEnabled = false
    package var maxSessions = 2000
    package var maxSessionsPerRoom = 1000
    package var maxParticipantsPerRoom = 200
    /// Tracks that one participant of a conference sends.
    package var maxTracksPerParticipant = 6
    /// So many sessions of a room are on its own worker before watchers go to others, too.
    package var spreadThreshold = 100
    /// How long sessions have to go elsewhere before the relay ends; 0: it ends at once.
    package var drainSeconds = 0
    /// Where participants are told to go meanwhile: an `http` or `https` URL without a slash at its end; nil: to the address
    /// at which they found this relay.
    package var moveTo: String?
    /// URLs of the schemes `stun`, `stuns`, `turn` and `turns`.
    package var iceServers: [String] = []
    /// The path of the file with the key that grants are sealed with; nil: nobody needs a grant.
    package var grantKey: String?

    package struct TLSPaths: Sendable, Equatable {
        package let certificate: String
        package let key: String
    }

    /// Reads and checks every setting; what no source has gets its default, which for `workers` is `cores`.
    package init(_ sources: SettingSources, cores: Int) throws(SettingsError) {
        http = SocketAddress(ipv4: 0, port: 8080)
        workers = max(1, cores)
        let reader = SettingReader(sources)
        try reader.read(.http, into: &http, "an IP address and a port such as 0.0.0.0:8080 or [::]:8080") {
            SocketAddress($0)
        }
        try reader.read(.udpPort, into: &udpPort, "a port from 0 to 65535") { UInt16($0) }
        try reader.read(.workers, into: &workers, "a number from 1 to 256") {
            Int($0).flatMap { (1...256).contains($0) ? $0 : nil }
        }
        try reader.read(.advertise, into: &advertised, "an IP address without a port, such as 203.0.113.7") {
            SocketAddress(host: $0, port: 0).flatMap { $0.isUnspecified ? nil : $0 }
        }
        try reader.read(.logFormat, into: &logFormat, "json or text") { LogFormat(rawValue: $0) }
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        try reader.read(.logLevel, into: &logLevel, "one of \(levels)") { Logger.Level(rawValue: $0) }
        try reader.read(.enableEcho, into: &isEchoEnabled, "true or false") { Self.boolean($0) }
        try reader.read(.maxSessions, into: &maxSessions, "a number from 1 to 1000000") { Self.limit($0) }
        try reader.read(.maxSessionsPerRoom, into: &maxSessionsPerRoom, "a number from 1 to 1000000") {
            Self.limit($0)
        }
        try reader.read(
            .maxParticipantsPerRoom, into: &maxParticipantsPerRoom, "a number from 1 to 1000000"
        ) { Self.limit($0) }
        try reader.read(.maxTracksPerParticipant, into: &maxTracksPerParticipant, "a number from 1 to 64") {
            Int($0).flatMap { (1...64).contains($0) ? $0 : nil }
        }
        try reader.read(.spreadThreshold, into: &spreadThreshold, "a number from 1 to 1000000") {
            Self.limit($0)
        }
        try reader.read(.drainSeconds, into: &drainSeconds, "a number of seconds from 0 to 86400") {
            Int($0).flatMap { (0...86_400).contains($0) ? $0 : nil }
        }
        var target = ""
        try reader.read(.moveTo, into: &target, "a URL such as https://other.example.org") { Self.base($0) }
        moveTo = target.isEmpty ? nil : target
        try reader.read(.iceServer, into: &iceServers, "a URL such as stun:stun.example.org:3478") {
            Self.iceServer($0)
        }
        var key = ""
        try reader.read(.grantKey, into: &key, "the path of a file") { Self.path($0) }
        grantKey = key.isEmpty ? nil : key
        try readTLS(reader)
        guard udpPort == 0 || Int(udpPort) + workers - 1 <= 65535 else {
            throw .inconsistent(
                "\(workers) workers take one UDP port each from \(udpPort) on, which goes beyond 65535;"
                    + " choose a lower --udp-port or fewer --workers.")
        }
    }

    private mutating func readTLS(_ reader: SettingReader) throws(SettingsError) {
        var certificate = ""
        var key = ""
        try reader.read(.tlsCertificate, into: &certificate, "the path of a PEM file") { Self.path($0) }
        try reader.read(.tlsKey, into: &key, "the path of a PEM file") { Self.path($0) }
        switch (certificate.isEmpty, key.isEmpty) {
        case (true, true): break
        case (false, false): tls = TLSPaths(certificate: certificate, key: key)
        case (false, true):
            throw .inconsistent("--tls-certificate needs --tls-key: HTTPS takes both or none.")
        case (true, false):
            throw .inconsistent("--tls-key needs --tls-certificate: HTTPS takes both or none.")
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "1": true
        case "false", "no", "0": false
        default: nil
        }
    }

    private static func limit(_ text: String) -> Int? {
        Int(text).flatMap { (1...1_000_000).contains($0) ? $0 : nil }
    }

    private static func path(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// The URL goes into a header field and into the page's security policy, so that what would end a value there is not
    /// taken.
    private static func base(_ text: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }),
            text.utf8.allSatisfy({
                (0x21...0x7E).contains($0) && ![0x22, 0x27, 0x2C, 0x3B, 0x3C, 0x3E, 0x3F, 0x23].contains($0)
            })
        else { return nil }
        let url = text.hasSuffix("/") ? String(text.dropLast()) : text
        return url.utf8.count > scheme.utf8.count ? url : nil
    }

    /// The URL goes into a header field, so that only visible characters other than its brackets are taken.
    private static func iceServer(_ text: String) -> String? {
        let schemes = ["stun:", "stuns:", "turn:", "turns:"]
        guard let scheme = schemes.first(where: { text.hasPrefix($0) }), text.utf8.count > scheme.utf8.count,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3C && $0 != 0x3E && $0 != 0x22 })
        else { return nil }
        return text
    }
}
