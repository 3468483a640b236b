import Glibc
import SystemPackage

/// Shows how far a long measurement is: a bar on a terminal, a plain line every tenth elsewhere. Everything goes to
/// standard error, so that results can be piped.
struct Progress: ~Copyable {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastTenth = -1

    init(_ title: String) {
        self.title = title
    }

    /// - Parameters:
    ///   - share: 0...1.
    ///   - detail: what is going on.
    mutating func show(_ share: Double, _ detail: String) {
        let share = min(max(share, 0), 1)
        if isTerminal {
            let filled = Int(share * 30)
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
            Self.write("\r\u{1B}[K\(title) [\(bar)] \(Int(share * 100)) % \(detail)")
        } else if Int(share * 10) > lastTenth {
            lastTenth = Int(share * 10)
            Self.write("\(title): \(Int(share * 100)) % \(detail)\n")
        }
    }

    /// Ends the bar's line.
    mutating func finish() {
        if isTerminal { Self.write("\r\u{1B}[K") }
    }

    static func write(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
