import ArgumentParser
import FoundationEssentials
import Launch
import NodeIO
import Signaling
import Wire

/// `smartc-relay check`: tells whether the machine is fit to run a relay with the given settings.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell whether this machine is fit to run a relay.",
        discussion: """
            Takes the settings of serve and tries what they need. Exits with 1 when something would not \
            work. Run it while no relay runs: ports in use count as failed.

            EXAMPLES
              smartc-relay check
              smartc-relay check --http 0.0.0.0:443 --json
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Print the findings as JSON.")
    var json = false

    func run() async throws {
        let settings = try options.settings()
        var findings = [await Self.http(settings.http)]
        if let tls = settings.tlsFiles { findings.append(Self.certificate(tls)) }
        if let path = settings.grantKey { findings.append(Self.grantKey(path)) }
        findings += MachineCheck.run(settings.relay)
        print(json ? try Self.document(findings) : Self.table(findings))
        if findings.contains(where: { $0.state == .failed }) { throw ExitCode.failure }
    }

    private static func http(_ address: SocketAddress) async -> MachineCheck.Finding {
        do throws(SignalingError) {
            try await SignalingServer.checkListening(on: address)
            return MachineCheck.Finding(
                name: "HTTP port", state: .ok, detail: "\(address) can be listened on")
        } catch {
            return MachineCheck.Finding(
                name: "HTTP port", state: .failed, detail: "\(error)",
                advice: "End what uses the port, or choose another one with --http.")
        }
    }

    private static func certificate(_ files: TLSFiles) -> MachineCheck.Finding {
        do throws(SignalingError) {
            try files.check()
            return MachineCheck.Finding(
                name: "TLS certificate", state: .ok, detail: "\(files.certificate) and its key fit")
        } catch {
            return MachineCheck.Finding(
                name: "TLS certificate", state: .failed, detail: "\(error)",
                advice: "Give PEM files that belong together with --tls-certificate and --tls-key.")
        }
    }

    private static func grantKey(_ path: String) -> MachineCheck.Finding {
        do throws(SignalingError) {
            _ = try GrantKey(file: path)
            return MachineCheck.Finding(name: "Key of grants", state: .ok, detail: "\(path) has a key")
        } catch {
            return MachineCheck.Finding(
                name: "Key of grants", state: .failed, detail: "\(error)",
                advice: "Make one with \"openssl rand -hex 32 > FILE\" and give it with --grant-key.")
        }
    }

    // MARK: - Output

    private static func table(_ findings: [MachineCheck.Finding]) -> String {
        let width = findings.map(\.name.count).max() ?? 0
        return findings.map { finding in
            let padding = String(repeating: " ", count: width - finding.name.count)
            let line = "\(word(finding.state))  \(finding.name)\(padding)  \(finding.detail)"
            let indentation = String(repeating: " ", count: 9 + width + 2)
            return finding.advice.map { "\(line)\n\(indentation)\($0)" } ?? line
        }.joined(separator: "\n")
    }

    /// As wide as the widest.
    private static func word(_ state: MachineCheck.Finding.State) -> String {
        switch state {
        case .ok: "ok     "
        case .warning: "warning"
        case .failed: "FAILED "
        }
    }

    private static func document(_ findings: [MachineCheck.Finding]) throws -> String {
        let entries = findings.map { finding in
            Entry(
                name: finding.name, state: finding.state.rawValue,
                detail: finding.detail, advice: finding.advice)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(entries), as: UTF8.self)
    }

    private struct Entry: Encodable {
        let name: String
        let state: String
        let detail: String
        let advice: String?
    }
}
