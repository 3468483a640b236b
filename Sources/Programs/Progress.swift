import Glibc
import SystemPackage

/// Shows how far a long work is: a bar on a terminal, a plain line every tenth elsewhere. Everything goes to standard
/// error, so that results can be piped.
package struct Progress: ~Copyable {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastTenth = -1
    private var lastPermille = -1

    package init(_ title: String) {
        self.title = title
    }

    /// - Parameters:
    ///   - share: 0...1.
    ///   - detail: what is going on.
    package mutating func show(_ share: Double, _ detail: String) {
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

    /// Whether enough has changed since it last said so for a terminal to be written to: for work in small steps.
    package mutating func isWorthShowing(_ share: Double) -> Bool {
        guard Int(share * 1000) != lastPermille else { return false }
        lastPermille = Int(share * 1000)
        return true
    }

    /// Ends the bar's line.
    package mutating func finish() {
        if isTerminal { Self.write("\r\u{1B}[K") }
    }

    package static func write(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
