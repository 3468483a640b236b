package import Wire

/// What one node, that is one worker's world, is told when it is made.
package struct NodeConfiguration: Sendable {
    /// What this node refuses beyond, so that no number of requests makes its memory grow without bound.
    package struct Limits: Sendable, Equatable {
        package var sessions: Int
        package var sessionsPerRoom: Int
        /// Sessions whose offer was answered and whose handshake has not ended.
        package var handshakes: Int

        /// Sessions of a conference in one room.
        package var participantsPerRoom: Int
        /// Sections in which one participant sends, and those in which it receives.
        package var tracksPerParticipant: Int
        package var slotsPerParticipant: Int

        package init(
            sessions: Int = 2000, sessionsPerRoom: Int = 1000, handshakes: Int = 256,
            participantsPerRoom: Int = 200, tracksPerParticipant: Int = 6, slotsPerParticipant: Int = 48
        ) {
            self.sessions = sessions
            self.sessionsPerRoom = sessionsPerRoom
            self.handshakes = handshakes
            self.participantsPerRoom = participantsPerRoom
            self.tracksPerParticipant = tracksPerParticipant
            self.slotsPerParticipant = slotsPerParticipant
        }
    }

    /// The number of this worker in its process; it leads the names of its sessions.
    package var worker: Int
    /// The name by which linked nodes know this one.
    package var id: NodeID
    /// Where clients reach the worker's UDP port: the candidates of every answer.
    package var candidates: [SocketAddress]
    package var limits: Limits

    package init(worker: Int, candidates: [SocketAddress], limits: Limits = Limits()) {
        self.worker = worker
        id = NodeID(worker: worker)
        self.candidates = candidates
        self.limits = limits
    }
}
