import FoundationEssentials
import Logging
import Testing
import Wire

@testable import Launch

@Suite struct RelaySettingsTests {
    private static func settings(
        flags: [Setting: [String]] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws -> RelaySettings {
        guard let file else {
            return try RelaySettings(
                SettingSources(flags: flags, environment: environment, file: nil), cores: 4)
        }
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
        try Data(file.utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        do {
            return try RelaySettings(
                SettingSources(flags: flags, environment: environment, file: path.path), cores: 4)
        } catch {
            throw Refused(text: error.description.replacing(path.path, with: "FILE"))
        }
    }

    /// The message of a refusal with the name of the temporary file replaced.
    private struct Refused: Error, Equatable {
        let text: String
    }

    @Test func `without any source the defaults hold`() throws {
        let settings = try Self.settings()
        #expect(settings.http.description == "0.0.0.0:8080")
        #expect(settings.udpPort == 40000)
        #expect(settings.workers == 4)
        #expect(settings.advertised == [])
        #expect(settings.logFormat == .json)
        #expect(settings.logLevel == .info)
        #expect(settings.tls == nil)
        #expect(settings.isEchoEnabled == false)
        #expect(settings.maxSessions == 2000)
        #expect(settings.maxSessionsPerRoom == 1000)
        #expect(settings.maxParticipantsPerRoom == 200)
        #expect(settings.maxTracksPerParticipant == 6)
        #expect(settings.spreadThreshold == 100)
        #expect(settings.drainSeconds == 0)
        #expect(settings.moveTo == nil)
        #expect(settings.iceServers == [])
        #expect(settings.grantKey == nil)
    }

    @Test func `a flag wins over a variable, a variable over the file, the file over the default`() throws {
        let file = #"{"workers": 1, "udp-port": 1001, "max-sessions": 11, "log-level": "debug"}"#
        let environment = ["SMARTC_WORKERS": "2", "SMARTC_UDP_PORT": "1002", "SMARTC_MAX_SESSIONS": ""]
        let settings = try Self.settings(flags: [.workers: ["3"]], environment: environment, file: file)
        #expect(settings.workers == 3)
        #expect(settings.udpPort == 1002)
        #expect(settings.maxSessions == 11)
        #expect(settings.logLevel == .debug)
        #expect(settings.maxSessionsPerRoom == 1000)
    }

    @Test func `every setting can come from a flag`() throws {
        let settings = try Self.settings(flags: [
            .http: ["[::1]:0"], .udpPort: ["0"], .workers: ["2"], .advertise: ["203.0.113.7", "2001:db8::7"],
            .logFormat: ["text"], .logLevel: ["trace"], .tlsCertificate: ["c.pem"], .tlsKey: ["k.pem"],
            .enableEcho: ["true"], .maxSessions: ["5"], .maxSessionsPerRoom: ["6"],
            .maxParticipantsPerRoom: ["8"], .maxTracksPerParticipant: ["9"], .spreadThreshold: ["7"],
            .drainSeconds: ["30"], .moveTo: ["https://b.example:8443/"],
            .iceServer: ["stun:a", "turns:b:443?transport=tcp"], .grantKey: ["g.key"],
        ])
        Self.expectEverySetting(settings)
    }

    @Test func `every setting can come from the environment, lists with commas`() throws {
        let settings = try Self.settings(environment: [
            "SMARTC_HTTP": "[::1]:0", "SMARTC_UDP_PORT": "0", "SMARTC_WORKERS": "2",
            "SMARTC_ADVERTISE": "203.0.113.7, 2001:db8::7", "SMARTC_LOG_FORMAT": "text",
            "SMARTC_LOG_LEVEL": "trace",
            "SMARTC_TLS_CERTIFICATE": "c.pem", "SMARTC_TLS_KEY": "k.pem", "SMARTC_ENABLE_ECHO": "1",
            "SMARTC_MAX_SESSIONS": "5", "SMARTC_MAX_SESSIONS_PER_ROOM": "6",
            "SMARTC_SPREAD_THRESHOLD": "7", "SMARTC_MAX_PARTICIPANTS_PER_ROOM": "8",
            "SMARTC_MAX_TRACKS_PER_PARTICIPANT": "9",
            "SMARTC_DRAIN_SECONDS": "30", "SMARTC_MOVE_TO": "https://b.example:8443",
            "SMARTC_ICE_SERVER": "stun:a,turns:b:443?transport=tcp", "SMARTC_RELAY_SERVICE_HOST": "10.0.0.1",
            "SMARTC_GRANT_KEY": "g.key",
        ])
        Self.expectEverySetting(settings)
    }

    @Test func `every setting can come from the file`() throws {
        let settings = try Self.settings(
            file: """
                {"http": "[::1]:0", "udp-port": 0, "workers": 2, "advertise": ["203.0.113.7", "2001:db8::7"],
                 "log-format": "text", "log-level": "trace", "tls-certificate": "c.pem", "tls-key": "k.pem",
                 "enable-echo": true, "max-sessions": 5, "max-sessions-per-room": 6, "spread-threshold": 7,
                 "max-participants-per-room": 8, "max-tracks-per-participant": 9,
                 "drain-seconds": 30, "move-to": "https://b.example:8443",
                 "ice-server": ["stun:a", "turns:b:443?transport=tcp"], "grant-key": "g.key"}
                """)
        Self.expectEverySetting(settings)
    }

    private static func expectEverySetting(_ settings: RelaySettings) {
        #expect(settings.http.description == "[::1]:0")
        #expect(settings.udpPort == 0)
        #expect(settings.workers == 2)
        #expect(settings.advertised.map(\.host) == ["203.0.113.7", "2001:db8::7"])
        #expect(settings.logFormat == .text)
        #expect(settings.logLevel == .trace)
        #expect(settings.tls == .init(certificate: "c.pem", key: "k.pem"))
        #expect(settings.isEchoEnabled)
        #expect(settings.maxSessions == 5)
        #expect(settings.maxSessionsPerRoom == 6)
        #expect(settings.maxParticipantsPerRoom == 8)
        #expect(settings.maxTracksPerParticipant == 9)
        #expect(settings.spreadThreshold == 7)
        #expect(settings.drainSeconds == 30)
        #expect(settings.moveTo == "https://b.example:8443")
        #expect(settings.iceServers == ["stun:a", "turns:b:443?transport=tcp"])
        #expect(settings.grantKey == "g.key")
    }

    @Test(arguments: [
        (Setting.http, "8080"), (.http, "localhost:8080"), (.http, "1.2.3.4:70000"), (.udpPort, "-1"),
        (.udpPort, "65536"), (.udpPort, "x"), (.workers, "0"), (.workers, "257"), (.advertise, "example.org"),
        (.advertise, "0.0.0.0"), (.advertise, "1.2.3.4:5"), (.logFormat, "xml"), (.logLevel, "loud"),
        (.enableEcho, "maybe"), (.maxSessions, "0"), (.maxSessionsPerRoom, "1000001"),
        (.spreadThreshold, "0"), (.maxParticipantsPerRoom, "0"), (.maxTracksPerParticipant, "65"),
        (.drainSeconds, "-1"), (.drainSeconds, "86401"), (.drainSeconds, "5s"), (.moveTo, "b.example"),
        (.moveTo, "https://"), (.moveTo, "https://a;script-src *"), (.moveTo, "https://a b"),
        (.iceServer, "http://a"),
        (.iceServer, "stun:"), (.iceServer, "stun:a>b"), (.tlsKey, ""), (.grantKey, ""),
    ])
    func `a value that cannot be is refused with its flag`(setting: Setting, value: String) {
        let error = #expect(throws: SettingsError.self) { try Self.settings(flags: [setting: [value]]) }
        guard case .badValue(let origin, let found, _) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(origin == "--\(setting.rawValue)")
        #expect(found == value)
    }

    @Test func `a refusal names the variable`() {
        #expect(
            throws: SettingsError.badValue(
                origin: "environment variable SMARTC_UDP_PORT", value: "x", expected: "a port from 0 to 65535"
            )
        ) {
            try Self.settings(environment: ["SMARTC_UDP_PORT": "x"])
        }
    }

    @Test(arguments: [
        (#"{"udp-port": 70000}"#, #""udp-port" in FILE: "70000" is not a port from 0 to 65535."#),
        (
            #"{"udpport": 1}"#,
            #"FILE: there is no setting "udpport"; the settings are http, udp-port, workers, advertise, log-format, "#
                + "log-level, tls-certificate, tls-key, enable-echo, max-sessions, max-sessions-per-room, "
                + "max-participants-per-room, max-tracks-per-participant, spread-threshold, drain-seconds, move-to, "
                + "ice-server, grant-key."
        ),
        (
            #"{"workers": [1]}"#,
            "FILE: the configuration file must be one JSON object of settings: "
        ),
        (#"{"workers": null}"#, "FILE: the configuration file must be one JSON object of settings: "),
        (#"{"workers": 1"#, "FILE: the configuration file must be one JSON object of settings: "),
        (#"[]"#, "FILE: the configuration file must be one JSON object of settings: "),
        (
            #"{"http": ["1.2.3.4:1"]}"#,
            #""http" in FILE: "1.2.3.4:1" is not a single value; a list is not possible here."#
        ),
    ])
    func `a refusal names the file and the key`(file: String, message: String) throws {
        let error = try #require(throws: Refused.self) { try Self.settings(file: file) }
        #expect(error.text.hasPrefix(message), "\(error.text)")
    }

    @Test func `a file that cannot be read is refused by its name`() {
        #expect(throws: SettingsError.unreadableFile(path: "/nowhere.json")) {
            try SettingSources(flags: [:], environment: [:], file: "/nowhere.json")
        }
    }

    @Test(arguments: [
        ([Setting.tlsCertificate: ["c.pem"]], "--tls-certificate needs --tls-key: HTTPS takes both or none."),
        ([.tlsKey: ["k.pem"]], "--tls-key needs --tls-certificate: HTTPS takes both or none."),
        (
            [.udpPort: ["65535"], .workers: ["2"]],
            "2 workers take one UDP port each from 65535 on, which goes beyond 65535; choose a lower --udp-port or"
                + " fewer --workers."
        ),
    ])
    func `settings that do not go together are refused`(flags: [Setting: [String]], message: String) {
        #expect(throws: SettingsError.inconsistent(message)) { try Self.settings(flags: flags) }
    }
}
