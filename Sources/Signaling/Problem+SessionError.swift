internal import HTTPTypes
internal import NodeCore

extension Problem {
    /// What the media side's refusal looks like to an HTTP client.
    init(_ error: SessionError) {
        switch error {
        case .malformedSDP(let line, let reason):
            self.init(
                .badRequest, "malformed-sdp", "Malformed SDP", "SDP line \(line): \(reason)", line: line)
        case .unacceptableSDP(let line, let reason):
            self.init(
                .unprocessableContent, "unacceptable-sdp", "Unacceptable SDP",
                line > 0 ? "SDP line \(line): \(reason)" : reason, line: line > 0 ? line : nil)
        case .unknownSession:
            self.init(
                .notFound, "unknown-session", "Unknown session",
                "No session is at this URL; it may have ended. Open a new one with POST to /whip,"
                    + " /whep or /rooms/{room}/sessions.")
        case .unknownRoom:
            self.init(
                .notFound, "unknown-room", "Unknown room",
                "There is no such room; a room exists while somebody publishes in it or watches it.")
        case .unknownParticipant(let participant):
            self.init(
                .notFound, "unknown-participant", "Unknown participant",
                "Nobody publishes or takes part in the room as \"\(participant)\".")
        case .unacceptableControl(let place, let reason):
            self.init(
                .unprocessableContent, "unacceptable-control", "Unacceptable control", reason, pointer: place)
        case .notAConference:
            self.init(
                .conflict, "not-a-conference", "Not a conference",
                "The session was opened by WHIP, WHEP or the echo test; events and control are for those opened"
                    + " with POST to /rooms/{room}/sessions.")
        case .tooManyTracks(let what):
            self.init(.conflict, "too-many-tracks", "Too many tracks", what)
        case .participantTaken(let participant):
            self.init(
                .conflict, "participant-taken", "Participant taken",
                "Another session publishes as \"\(participant)\" in this room; choose another name, leave out"
                    + " the query parameter \"participant\", or end that session first.")
        case .etagMismatch(let current):
            self.init(
                .preconditionFailed, "etag-mismatch", "Entity tag mismatch",
                "The entity tag in If-Match is not the current one, which is in ETag; ICE may have restarted.",
                headers: [.eTag: "\"\(current)\""])
        case .limitReached(let what, let retryAfter):
            self.init(
                .serviceUnavailable, "limit-reached", "Limit reached",
                "\(what) Try again later or ask another node.",
                headers: [.retryAfter: String(Self.wholeSeconds(retryAfter))])
        case .draining:
            self.init(
                .serviceUnavailable, "draining", "Node draining",
                "This node is being stopped and takes no new sessions; ask another node.",
                headers: [.retryAfter: "5"])
        }
    }

    /// At least 1, rounded up: a client that comes back too early is refused again.
    private static func wholeSeconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, attoseconds > 0 ? seconds &+ 1 : seconds)
    }
}
