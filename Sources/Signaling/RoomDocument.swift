internal import NodeCore

/// The JSON of `GET /rooms/{room}`.
struct RoomDocument: Encodable {
    let room: String
    let participants: [Participant]
    let watchers: Int

    init(_ room: RoomID, _ description: RoomDescription) {
        self.room = room.description
        participants = description.participants.map { participant in
            Participant(
                id: participant.id.description, connected: participant.isConnected,
                tracks: participant.tracks.map { Track(kind: $0.kind, codec: $0.codec) })
        }
        watchers = description.watchers
    }

    struct Participant: Encodable {
        let id: String
        let connected: Bool
        let tracks: [Track]
    }

    /// `codec` is written as null while it is unknown, so that every track has the same keys.
    struct Track: Encodable {
        let kind: String
        let codec: String?

        private enum CodingKeys: String, CodingKey {
            case kind, codec
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(kind, forKey: .kind)
            try container.encode(codec, forKey: .codec)
        }
    }
}
