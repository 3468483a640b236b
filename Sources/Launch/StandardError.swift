internal import SystemPackage

/// Where log lines and refusals go.
package enum StandardError {
    /// One system call per text, so that the lines of several threads do not mix. A text that cannot be
    /// written is lost: there is nowhere to say so.
    package static func write(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(Array(text.utf8))
    }
}
