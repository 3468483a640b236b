/// Why a session description, or a fragment of one, was refused.
///
/// Lines count from 1; line 0 means that no one line is to blame. The reason is a full sentence that says
/// what was wrong and what would be right, fit to be returned to the client.
package enum SDPError: Error, Equatable {
    /// The text breaks the grammar of RFC 8866 or of the RFC that defines the attribute.
    case malformed(line: Int, reason: String)
    /// The text is well formed, but asks for something that this node does not do.
    case unacceptable(line: Int, reason: String)
}
