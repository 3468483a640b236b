import FoundationEssentials
import Glibc

/// CPU time and resident memory of another process of this machine, from /proc.
struct ServerMeter {
    /// What a process has used up to now.
    struct Reading {
        let cpuSeconds: Double
        let residentBytes: Int
    }

    let pid: Int32

    /// Measures this process.
    static var own: ServerMeter { ServerMeter(pid: getpid()) }

    /// Nil when there is no such process any more.
    func read() -> Reading? {
        guard let stat = Self.text("/proc/\(pid)/stat"), let statm = Self.text("/proc/\(pid)/statm") else {
            return nil
        }
        // The second field is the program's name in brackets and may contain blanks.
        guard let bracket = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: bracket)...].split(separator: " ")
        let pages = statm.split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]),
            pages.count > 1,
            let resident = Int(pages[1])
        else { return nil }
        return Reading(
            cpuSeconds: (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))),
            residentBytes: resident * sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func text(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
