import ArgumentParser
import FoundationEssentials
import Launch
import NIOCore

/// The options that `serve` and `check` share. Each can also come from the environment or from a file.
struct SettingOptions: ParsableArguments {
    @Option(
        help: .init(
            "Where to serve HTTP; port 0 lets the kernel choose. (default: 0.0.0.0:8080)",
            valueName: "address:port"))
    var http: String?

    @Option(
        help: .init(
            "The UDP port of the first worker; the others take the next ones. 0: any. (default: 40000)",
            valueName: "base"))
    var udpPort: String?

    @Option(help: .init("The number of worker threads. (default: one per core)", valueName: "n"))
    var workers: String?

    @Option(
        help: .init(
            "An IP address that clients are told of instead of this machine's own; may be repeated.",
            valueName: "address"))
    var advertise: [String] = []

    @Option(help: .init("json or text. (default: json)", valueName: "format"))
    var logFormat: String?

    @Option(
        help: .init(
            "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"))
    var logLevel: String?

    @Option(help: .init("The PEM certificate chain for HTTPS.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: .init("The PEM private key for HTTPS.", valueName: "file"))
    var tlsKey: String?

    @Flag(inversion: .prefixedEnableDisable, help: "POST /offer, which sends media back to whoever sends it.")
    var echo: Bool?

    @Option(help: .init("The most sessions at a time. (default: 2000)", valueName: "n"))
    var maxSessions: String?

    @Option(help: .init("The most sessions of one room at a time. (default: 1000)", valueName: "n"))
    var maxSessionsPerRoom: String?

    @Option(help: .init("Participants of a conference in one room. (default: 200)", valueName: "n"))
    var maxParticipantsPerRoom: String?

    @Option(help: .init("Tracks that one participant sends. (default: 6)", valueName: "n"))
    var maxTracksPerParticipant: String?

    @Option(
        help: .init(
            "Sessions of a room on its own worker before watchers go to other workers, too. (default: 100)",
            valueName: "n"))
    var spreadThreshold: String?

    @Option(
        help: .init(
            "How long sessions may go on after SIGTERM, while participants are told to move. (default: 0)",
            valueName: "n"))
    var drainSeconds: String?

    @Option(
        help: .init(
            "The URL of another relay, to which participants are told to move then.", valueName: "url"))
    var moveTo: String?

    @Option(
        help: .init(
            "A stun: or turn: URL that clients are told of; may be repeated.", valueName: "url"))
    var iceServer: [String] = []

    @Option(
        help: .init(
            "A file with the key that grants of the rooms' controller are sealed with: then nobody gets in without one.",
            valueName: "file"))
    var grantKey: String?

    @Option(
        help: .init(
            "A JSON object with these options as keys, without dashes in front: {\"udp-port\": 40000}.",
            valueName: "file"))
    var config: String?

    /// The settings: a flag wins over a variable, a variable over the file, the file over the default.
    func settings() throws -> RelaySettings {
        let environment = ProcessInfo.processInfo.environment
        let file = config ?? environment["SMARTC_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        do throws(SettingsError) {
            let sources = try SettingSources(flags: flags, environment: environment, file: file)
            return try RelaySettings(sources, cores: System.coreCount)
        } catch {
            // Without the usage text: a file or a variable may be to blame.
            StandardError.write("Error: \(error)\n")
            throw ExitCode.validationFailure
        }
    }

    private var flags: [Setting: [String]] {
        let given: [(Setting, [String])] = Setting.allCases.map { setting in
            switch setting {
            case .http: (setting, [http].compactMap { $0 })
            case .udpPort: (setting, [udpPort].compactMap { $0 })
            case .workers: (setting, [workers].compactMap { $0 })
            case .advertise: (setting, advertise)
            case .logFormat: (setting, [logFormat].compactMap { $0 })
            case .logLevel: (setting, [logLevel].compactMap { $0 })
            case .tlsCertificate: (setting, [tlsCertificate].compactMap { $0 })
            case .tlsKey: (setting, [tlsKey].compactMap { $0 })
            case .enableEcho: (setting, [echo].compactMap { $0 }.map { String($0) })
            case .maxSessions: (setting, [maxSessions].compactMap { $0 })
            case .maxSessionsPerRoom: (setting, [maxSessionsPerRoom].compactMap { $0 })
            case .maxParticipantsPerRoom: (setting, [maxParticipantsPerRoom].compactMap { $0 })
            case .maxTracksPerParticipant: (setting, [maxTracksPerParticipant].compactMap { $0 })
            case .spreadThreshold: (setting, [spreadThreshold].compactMap { $0 })
            case .drainSeconds: (setting, [drainSeconds].compactMap { $0 })
            case .moveTo: (setting, [moveTo].compactMap { $0 })
            case .iceServer: (setting, iceServer)
            case .grantKey: (setting, [grantKey].compactMap { $0 })
            }
        }
        return Dictionary(uniqueKeysWithValues: given.filter { !$0.1.isEmpty })
    }
}

extension RelaySettings {
    /// What the environment variables are called, for `--help`.
    static let environmentNote = """
        Every option can also come from an environment variable, SMARTC_ and its name in upper case with \
        underscores (SMARTC_HTTP, SMARTC_UDP_PORT, SMARTC_ADVERTISE=203.0.113.7,2001:db8::7, SMARTC_CONFIG), \
        or from a JSON file (--config). A flag wins over a variable, a variable over the file, the file over \
        the default.
        """
}
