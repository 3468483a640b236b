package import NodeCore
import Wire

// Rooms that are wider than one worker.
extension Worker {
    /// Opens a session in a room that is at home at another worker: its publishers appear here over a link.
    package func open(
        _ role: SessionRole, in room: RoomID, offer: String, on terms: SessionTerms,
        following origin: NodeID
    ) throws(SessionError) -> SessionAnswer {
        let answer = try open(role, in: room, offer: offer, on: terms)
        node.follow(room, of: origin)
        return answer
    }

    /// How many sessions are here: of one room, and of all.
    package func load(of room: RoomID) -> (room: Int, all: Int) {
        (node.sessionCount(in: room), node.sessionCount)
    }

    package func hasLink(to remote: NodeID) -> Bool { node.hasLink(to: remote) }

    /// Makes this worker's end of a link. Returns false when OpenSSL fails.
    package func openLink(to remote: NodeID, _ terms: LinkTerms) -> Bool {
        node.openLink(to: remote, terms, at: MonotonicClock.now())
    }

    /// Takes what another worker tells.
    package func receive(_ message: LinkMessage, from remote: NodeID) {
        node.receive(message, from: remote, at: MonotonicClock.now())
    }
}
