/// How log lines are written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object per line, for log collectors.
    case json
    /// For people.
    case text
}
