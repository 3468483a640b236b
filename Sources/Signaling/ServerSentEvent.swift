internal import FoundationEssentials
internal import Hummingbird
internal import NodeCore

/// The lines of server-sent events (WHATWG HTML, section 9.2): `id`, `event` and `data`, ended by an empty line.
enum ServerSentEvent {
    /// What a stream starts with: how many milliseconds a browser waits before it comes back.
    static let hint = ByteBuffer(string: "retry: 2000\n\n")
    /// A comment, which clients ignore and proxies take for a sign of life.
    static let keepAlive = ByteBuffer(string: ": keep-alive\n\n")

    static func bytes(_ event: ConferenceEvent) -> ByteBuffer {
        let (name, data) = content(event.kind)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(64 + data.count)
        buffer.writeString("id: \(event.number)\nevent: \(name)\ndata: ")
        // One line is enough: JSON escapes the line ends of its strings.
        buffer.writeBytes(data)
        buffer.writeString("\n\n")
        return buffer
    }

    private static func content(_ kind: ConferenceEvent.Kind) -> (name: String, data: Data) {
        switch kind {
        case .snapshot(let snapshot):
            ("snapshot", .json(ConferenceDocument.Snapshot(snapshot)))
        case .joined(let participant):
            ("joined", .json(ConferenceDocument.Participant(participant)))
        case .left(let participant):
            ("left", .json(ConferenceDocument.Name(participant)))
        case .track(let participant, let track):
            (
                "track",
                .json(
                    ConferenceDocument.ParticipantTrack(
                        participant: participant.description, track: .init(track)))
            )
        case .speaker(let participant):
            ("speaker", .json(ConferenceDocument.Name(participant)))
        case .slot(let slot):
            ("slot", .json(ConferenceDocument.Slot(slot)))
        case .bandwidth(let bitsPerSecond):
            ("bandwidth", .json(ConferenceDocument.Bandwidth(bitsPerSecond: bitsPerSecond)))
        case .profile(let profile):
            ("profile", .json(ConferenceDocument.Profile(profile)))
        case .layers(let track, let wanted):
            ("layers", .json(ConferenceDocument.Layers(track: track, wanted: wanted)))
        case .move(let deadline, let target):
            // Rounded down: who believes it is not late.
            (
                "move",
                .json(
                    ConferenceDocument.Move(
                        deadlineSeconds: max(0, deadline.components.seconds), url: target))
            )
        case .closed(let reason):
            ("closed", .json(ConferenceDocument.Closed(reason: reason)))
        }
    }
}

extension Data {
    /// A JSON document with its keys in a fixed order, on one line.
    static func json(_ document: some Encodable) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Our documents consist of strings, integers and booleans, for which encoding has no failure.
        return (try? encoder.encode(document)) ?? Data()
    }
}
