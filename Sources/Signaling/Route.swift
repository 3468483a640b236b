internal import HTTPTypes

/// What a request path names. The paths are the node's whole HTTP interface.
enum Route: Equatable {
    /// `/whip/{room}`: RFC 9725.
    case publish(room: String)
    /// `/whep/{room}` and `/whep/{room}/{participant}`: draft-ietf-wish-whep.
    case watch(room: String, participant: String?)
    /// `/sessions/{id}`: the session URL of all.
    case session(String)
    /// `/sessions/{id}/events`: what a participant of a conference is told.
    case sessionEvents(String)
    /// `/sessions/{id}/control`: what a participant of a conference asks for.
    case control(String)
    /// `/sessions/{id}/link`: how the way to a session's remote does.
    case link(String)
    /// `/rooms/{room}`
    case room(String)
    /// `/rooms/{room}/sessions`: conferences.
    case participate(room: String)
    /// `/rooms/{room}/events`: what everybody in the room is told.
    case roomEvents(String)
    /// `/rooms/{room}/participants/{participant}/profile`: what the room's controller lets somebody be served.
    case profile(room: String, participant: String)
    /// `/offer`: the WebRTC echo test, where it is switched on.
    case echo
    case health
    case readiness
    case metrics
    /// A file of the web client.
    case file(WebClient.File)

    /// Fails when nothing has this path. Names are not checked: a bad name is not a bad path.
    init?(path: String, in client: WebClient, echo isEchoEnabled: Bool) {
        if let file = client.file(at: path) {
            self = .file(file)
            return
        }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(
            String.init)
        guard segments.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (segments.first, segments.count) {
        case ("whip", 2): self = .publish(room: segments[1])
        case ("whep", 2): self = .watch(room: segments[1], participant: nil)
        case ("whep", 3): self = .watch(room: segments[1], participant: segments[2])
        case ("sessions", 2): self = .session(segments[1])
        case ("rooms", 2): self = .room(segments[1])
        case ("sessions", 3) where segments[2] == "events": self = .sessionEvents(segments[1])
        case ("sessions", 3) where segments[2] == "control": self = .control(segments[1])
        case ("sessions", 3) where segments[2] == "link": self = .link(segments[1])
        case ("rooms", 3) where segments[2] == "sessions": self = .participate(room: segments[1])
        case ("rooms", 3) where segments[2] == "events": self = .roomEvents(segments[1])
        case ("rooms", 5) where segments[2] == "participants" && segments[4] == "profile":
            self = .profile(room: segments[1], participant: segments[3])
        case ("offer", 1) where isEchoEnabled: self = .echo
        case ("healthz", 1): self = .health
        case ("readyz", 1): self = .readiness
        case ("metrics", 1): self = .metrics
        default: return nil
        }
    }

    /// The path with its variable parts named: a label with few values.
    var template: String {
        switch self {
        case .publish: "/whip/{room}"
        case .watch(_, .none): "/whep/{room}"
        case .watch(_, .some): "/whep/{room}/{participant}"
        case .session: "/sessions/{id}"
        case .sessionEvents: "/sessions/{id}/events"
        case .control: "/sessions/{id}/control"
        case .link: "/sessions/{id}/link"
        case .room: "/rooms/{room}"
        case .participate: "/rooms/{room}/sessions"
        case .roomEvents: "/rooms/{room}/events"
        case .profile: "/rooms/{room}/participants/{participant}/profile"
        case .echo: "/offer"
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .metrics: "/metrics"
        case .file: "/{file}"
        }
    }

    /// The methods that can succeed, for `Allow`.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .publish, .watch, .participate, .control, .echo: [.post, .options]
        case .session: [.patch, .delete, .options]
        case .profile: [.put, .delete, .options]
        case .room, .sessionEvents, .roomEvents, .link, .health, .readiness, .metrics, .file:
            [.get, .head, .options]
        }
    }

    /// Whether pages of other origins may use it: those of a node that is being drained ask whether this one is ready. Metrics are the operator's and profiles the controller's; they stay out.
    var isCrossOrigin: Bool {
        switch self {
        case .publish, .watch, .participate, .session, .sessionEvents, .control, .link, .room, .roomEvents,
            .echo, .readiness:
            true
        case .profile, .health, .metrics, .file: false
        }
    }

    /// What a POST must bring, for `Accept-Post`.
    var acceptedPost: String? {
        switch self {
        case .publish, .watch, .participate: MediaType.sdp
        case .control, .echo: MediaType.json
        case .session, .sessionEvents, .link, .room, .roomEvents, .profile, .health, .readiness, .metrics,
            .file:
            nil
        }
    }
}
