package import DTLS
package import Peering

/// Something that an operator or a room's controller wants to know.
package struct NodeEvent: Sendable {
    package enum Kind: Sendable {
        case opened
        case connected(SRTPProfile)
        case closed(CloseReason)
        /// A publisher's track has begun to arrive: its codec.
        case trackStarted(kind: String, codec: String)
    }

    package let kind: Kind
    package let session: SessionID
    package let room: RoomID
    package let role: SessionRole
    package let participant: ParticipantID?
}
