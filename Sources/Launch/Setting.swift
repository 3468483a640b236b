/// Everything that the operator can set. The raw value is the flag without its dashes and the key in the
/// configuration file; the environment variable is `SMARTC_` and the same in upper case with underscores.
package enum Setting: String, CaseIterable, Sendable {
    case http
    case udpPort = "udp-port"
    case workers
    case advertise
    case logFormat = "log-format"
    case logLevel = "log-level"
    case tlsCertificate = "tls-certificate"
    case tlsKey = "tls-key"
    case enableEcho = "enable-echo"
    case maxSessions = "max-sessions"
    case maxSessionsPerRoom = "max-sessions-per-room"
    case maxParticipantsPerRoom = "max-participants-per-room"
    case maxTracksPerParticipant = "max-tracks-per-participant"
    case spreadThreshold = "spread-threshold"
    case drainSeconds = "drain-seconds"
    case moveTo = "move-to"
    case iceServer = "ice-server"
    case grantKey = "grant-key"

    /// Whether it takes several values: a repeated flag, a JSON array, or a comma-separated variable.
    package var isList: Bool { self == .advertise || self == .iceServer }
}
