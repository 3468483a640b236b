import FoundationEssentials

/// What a measurement ran on.
struct ResultsMachine: Encodable, Sendable {
    let processor: String
    let cores: Int
    let memoryGigabytes: Double
    let system: String
    let kernel: String
    /// Runnable processes in the minute before: what else the machine did.
    let loadAverage: Double

    init() {
        processor = Self.field("model name", of: "/proc/cpuinfo") ?? "unknown processor"
        cores = ProcessInfo.processInfo.activeProcessorCount
        let kilobytes = Self.field("MemTotal", of: "/proc/meminfo")?.split(separator: " ").first
        memoryGigabytes = (kilobytes.flatMap { Double($0) } ?? 0) / 1e6
        let name = Self.field("PRETTY_NAME", of: "/etc/os-release", separator: "=")
        system = name.map { $0.filter { $0 != "\"" } } ?? "Linux"
        kernel =
            Self.text("/proc/sys/kernel/osrelease").split(whereSeparator: \.isNewline).first.map(String.init)
            ?? ""
        loadAverage = Self.text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    /// For people: `Processor, 2 cores, 25 GB, Debian GNU/Linux 12 (bookworm), Linux 6.1.0`.
    var description: String {
        "\(processor), \(cores) \(cores == 1 ? "core" : "cores"), \(decimal(memoryGigabytes, 0)) GB, \(system), Linux \(kernel)"
    }

    /// The UDP datagrams that found a receive buffer full since the machine started.
    static func receiveBufferDrops() -> Int {
        // A line of names and a line of values.
        let lines = text("/proc/net/snmp").split(separator: "\n").filter { $0.hasPrefix("Udp:") }
            .map { $0.split(separator: " ") }
        guard lines.count == 2, let column = lines[0].firstIndex(of: "RcvbufErrors"), column < lines[1].count
        else { return 0 }
        return Int(lines[1][column]) ?? 0
    }

    private static func field(_ name: String, of path: String, separator: Character = ":") -> String? {
        for line in text(path).split(whereSeparator: \.isNewline) where line.hasPrefix(name) {
            guard let mark = line.firstIndex(of: separator) else { continue }
            return String(line[line.index(after: mark)...].drop { $0.isWhitespace })
        }
        return nil
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
