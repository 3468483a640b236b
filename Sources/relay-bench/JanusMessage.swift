import FoundationEssentials

/// The name of a room or of a feed: a number, or a text where the VideoRoom has `string_ids`.
enum JanusIdentifier: Codable, Sendable {
    case number(UInt64)
    case text(String)

    init(_ name: String) {
        self = UInt64(name).map { .number($0) } ?? .text(name)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(UInt64.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

/// A session description as Janus passes it.
struct JanusDescription: Codable, Sendable {
    /// `offer` or `answer`.
    let type: String
    let sdp: String
}

/// A request of the Janus API.
struct JanusRequest: Encodable, Sendable {
    /// What the VideoRoom plugin is asked.
    struct Body: Encodable, Sendable {
        struct Stream: Encodable, Sendable {
            let feed: JanusIdentifier
        }

        let request: String
        var ptype: String?
        var room: JanusIdentifier?
        var streams: [Stream]?
    }

    let janus: String
    var transaction = ""
    var plugin: String?
    var body: Body?
    var jsep: JanusDescription?

    static let create = JanusRequest(janus: "create")
    static let destroy = JanusRequest(janus: "destroy")
    static let attach = JanusRequest(janus: "attach", plugin: "janus.plugin.videoroom")
    static let detach = JanusRequest(janus: "detach")

    static func publish(_ offer: String, in room: JanusIdentifier) -> JanusRequest {
        JanusRequest(
            janus: "message", body: Body(request: "joinandconfigure", ptype: "publisher", room: room),
            jsep: JanusDescription(type: "offer", sdp: offer))
    }

    static func subscribe(to feed: JanusIdentifier, in room: JanusIdentifier) -> JanusRequest {
        JanusRequest(
            janus: "message",
            body: Body(request: "join", ptype: "subscriber", room: room, streams: [Body.Stream(feed: feed)]))
    }

    static func start(_ answer: String) -> JanusRequest {
        JanusRequest(
            janus: "message", body: Body(request: "start"),
            jsep: JanusDescription(type: "answer", sdp: answer))
    }
}

/// What Janus says, at once or over the long poll.
struct JanusMessage: Decodable, Sendable {
    struct Created: Decodable, Sendable {
        let id: UInt64
    }

    struct Failure: Decodable, Sendable {
        let code: Int
        let reason: String
    }

    struct PluginData: Decodable, Sendable {
        struct Content: Decodable, Sendable {
            /// Our own name in the room.
            let id: JanusIdentifier?
            let errorCode: Int?
            let error: String?

            private enum CodingKeys: String, CodingKey {
                case id, error
                case errorCode = "error_code"
            }
        }

        let data: Content
    }

    /// `success`, `ack`, `event`, `error`, `keepalive`, `webrtcup` and so on.
    let janus: String
    let transaction: String?
    let data: Created?
    let error: Failure?
    let plugindata: PluginData?
    let jsep: JanusDescription?

    /// What went wrong, in the core or in the plugin.
    var failure: Failure? {
        if let error { return error }
        guard let content = plugindata?.data, let reason = content.error else { return nil }
        return Failure(code: content.errorCode ?? 0, reason: reason)
    }

    /// One message, or the list that a long poll with `maxev` brings.
    static func list(in bytes: [UInt8]) -> [JanusMessage]? {
        let decoder = JSONDecoder()
        let data = Data(bytes)
        if let list = try? decoder.decode([JanusMessage].self, from: data) { return list }
        return (try? decoder.decode(JanusMessage.self, from: data)).map { [$0] }
    }
}
