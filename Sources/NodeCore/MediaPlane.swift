package import Transcoding

/// What signaling asks of the media side: sessions are opened with an offer, changed by SDP fragments, and closed.
///
/// `NodeIO` implements it with workers. Every call either takes effect as a whole or throws and leaves nothing
/// behind.
package protocol MediaPlane: Sendable {
    /// Opens a session of `role` in `room` and returns the answer to `offer`, which asks somebody who is served the weak
    /// profile to send little.
    func open(
        _ role: SessionRole, in room: RoomID, offer: String, on terms: SessionTerms
    ) async throws(SessionError) -> SessionAnswer

    /// Lets a watcher be sent what a lane makes of its source, a picture of this size, instead of any layer of it. Where no
    /// lane can be had, the smallest layer is sent.
    func prefer(_ tier: Tier, in session: SessionID) async throws(SessionError)

    /// Lets a session be sent no more than so many bits a second, all headers included, as far as there are layers to
    /// choose from: the smallest is sent to a watcher in any case.
    func limit(_ session: SessionID, bitsPerSecond: Int) async throws(SessionError)

    /// How the way to a session's remote does: which profile it is served, and what goes over its wire.
    func link(of session: SessionID) async throws(SessionError) -> SessionLink

    /// Takes what a session's client wishes to be served from now on: all that its slots take, what a link of 3G carries, or
    /// whichever of the two the node finds right.
    func serve(_ wish: LinkProfile.Wish, to session: SessionID) async throws(SessionError)

    /// Lets a room's controller choose what somebody who publishes or takes part there is served from now on: what a link of 3G
    /// carries, or as much as there is, or whichever of the two the node finds right; nil leaves that to the client again. Returns
    /// what came of it.
    func grant(
        _ grant: LinkProfile.Wish?, to participant: ParticipantID, in room: RoomID
    ) async throws(SessionError) -> LinkProfile

    /// Applies an SDP fragment (RFC 8840) to a session: trickled candidates, or an ICE restart when the fragment
    /// brings new credentials.
    ///
    /// `etag` is the entity tag that the client believes to be current; nil stands for `*`, which RFC 9725
    /// section 4.3.2 asks for with an ICE restart.
    func patch(_ session: SessionID, etag: String?, fragment: String) async throws(SessionError)
        -> PatchResult

    /// Ends a session and tells its remote.
    func close(_ session: SessionID) async throws(SessionError)

    /// The participants of a room that exists.
    func describe(_ room: RoomID) async throws(SessionError) -> RoomDescription

    /// Changes what a participant of a conference receives and sends; returns what came of it.
    func control(
        _ session: SessionID, _ change: SessionControl
    ) async throws(SessionError) -> ConferenceSnapshot

    /// What a participant of a conference is told from now on, or from the event after number `last` on. A snapshot
    /// comes first unless all events since `last` are still known. The stream ends with the session.
    func events(
        of session: SessionID, after last: UInt64?
    ) async throws(SessionError) -> AsyncStream<ConferenceEvent>

    /// The same for somebody who observes a room that exists.
    func events(
        in room: RoomID, after last: UInt64?
    ) async throws(SessionError) -> AsyncStream<ConferenceEvent>

    /// All counters and gauges of the media side, summed over the workers.
    func metrics() async -> [MetricFamily]

    /// Whether new sessions are taken: false before all workers run, while draining, and when limits are reached.
    func isReady() async -> Bool
}

extension MediaPlane {
    /// Opens a session whose profile the node chooses.
    package func open(
        _ role: SessionRole, in room: RoomID, offer: String
    ) async throws(SessionError) -> SessionAnswer {
        try await open(role, in: room, offer: offer, on: SessionTerms())
    }
}

/// The name of a room: 1 to 64 letters, digits, `.`, `_` or `-`.
package struct RoomID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Fails when the name has a character or a length that is not allowed.
    package init?(_ name: some StringProtocol) {
        guard let name = Self.checked(name) else { return nil }
        description = name
    }

    /// The rule for names that appear in URLs, logs and metrics.
    static func checked(_ name: some StringProtocol) -> String? {
        // `.` and `..` would be eaten by clients that normalise URLs.
        guard (1...64).contains(name.utf8.count), name != ".", name != "..",
            name.utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            })
        else { return nil }
        return String(name)
    }
}

/// The name of somebody who publishes in a room: the same rule as for rooms.
package struct ParticipantID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Fails when the name has a character or a length that is not allowed.
    package init?(_ name: some StringProtocol) {
        guard let name = RoomID.checked(name) else { return nil }
        description = name
    }
}

/// The unguessable name of one session: the path segment behind `/sessions/`.
package struct SessionID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Fails when the text cannot be a session's name.
    package init?(_ text: some StringProtocol) {
        guard let text = RoomID.checked(text) else { return nil }
        description = text
    }
}

/// What a session is for.
package enum SessionRole: Sendable, Equatable {
    /// Sends media into the room (WHIP). Without a name the node chooses one.
    case publish(as: ParticipantID?)
    /// Receives media (WHEP): one participant's, or the room through one video and one audio slot.
    case watch(ParticipantID?)
    /// Gets back what it sends (the WebRTC echo test).
    case echo
    /// Takes part in a conference: sends its own tracks and receives others in slots. Without a name the node
    /// chooses one.
    case participate(as: ParticipantID?)
}

/// What the client gets for an accepted offer.
package struct SessionAnswer: Sendable {
    package let id: SessionID
    /// The name under which a publisher can be watched.
    package let participant: ParticipantID?
    package let sdp: String
    /// The entity tag of the ICE session, without quotes.
    package let etag: String

    package init(id: SessionID, participant: ParticipantID?, sdp: String, etag: String) {
        self.id = id
        self.participant = participant
        self.sdp = sdp
        self.etag = etag
    }
}

/// What became of an SDP fragment.
package enum PatchResult: Sendable {
    /// Candidates were taken note of; there is nothing to say.
    case accepted
    /// ICE was restarted: the node's new credentials and candidates as an SDP fragment, and the new entity tag.
    case restarted(fragment: String, etag: String)
}

/// Why a session request was refused.
package enum SessionError: Error, Sendable, Equatable {
    /// The SDP cannot be parsed. `line` counts from 1.
    case malformedSDP(line: Int, reason: String)
    /// The SDP is well-formed, but the node cannot use it. `line` counts from 1, 0 when no one line is to blame.
    case unacceptableSDP(line: Int, reason: String)
    case unknownSession
    case unknownRoom
    /// Nobody publishes or takes part in the room under this name.
    case unknownParticipant(ParticipantID)
    /// A control names a participant that is not in the room, a section that the offer does not have, or asks for
    /// something that does not exist; `where` is a JSON pointer into the request.
    case unacceptableControl(where: String, reason: String)
    /// The session was opened by WHIP, WHEP or the echo test and has no slots to control.
    case notAConference
    /// Too many sections of one kind in the offer: `what` says which limit, in words. Trying again does not help.
    case tooManyTracks(what: String)
    /// Another session publishes under this name.
    case participantTaken(ParticipantID)
    /// The ICE session has changed since the client read `etag`.
    case etagMismatch(current: String)
    /// A limit of this node: `what` says which, in words.
    case limitReached(what: String, retryAfter: Duration)
    /// The node is being stopped or drained.
    case draining
}

/// What can be told of a room.
package struct RoomDescription: Sendable, Equatable {
    package struct Track: Sendable, Equatable {
        /// `audio` or `video`.
        package let kind: String
        /// `VP8`, `H264`, `opus` …; nil until the first packet shows it.
        package let codec: String?

        package init(kind: String, codec: String?) {
            self.kind = kind
            self.codec = codec
        }
    }

    package struct Participant: Sendable, Equatable {
        package let id: ParticipantID
        package let tracks: [Track]
        /// Whether media can flow: ICE and DTLS are complete.
        package let isConnected: Bool

        package init(id: ParticipantID, tracks: [Track], isConnected: Bool) {
            self.id = id
            self.tracks = tracks
            self.isConnected = isConnected
        }
    }

    package let participants: [Participant]
    /// The number of sessions that watch.
    package let watchers: Int

    package init(participants: [Participant], watchers: Int) {
        self.participants = participants
        self.watchers = watchers
    }
}

/// One metric with its samples, in the terms of the Prometheus text format.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, summary
    }

    package struct Sample: Sendable {
        package let labels: [(name: String, value: String)]
        package let value: Double

        package init(labels: [(name: String, value: String)] = [], value: Double) {
            self.labels = labels
            self.value = value
        }
    }

    /// Snake case with the prefix `smartc_`; counters end in `_total`.
    package let name: String
    package let help: String
    package let kind: Kind
    package let samples: [Sample]

    package init(name: String, help: String, kind: Kind, samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A counter of the whole node.
    static func total(_ name: String, _ help: String, _ value: UInt64) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: .counter, samples: [.init(value: Double(value))])
    }

    /// A sample of each of some things that have labels.
    static func each<Thing: Labelled>(
        _ things: [Thing], _ name: String, _ help: String, _ kind: Kind, _ value: (Thing) -> Double
    ) -> MetricFamily {
        MetricFamily(
            name: name, help: help, kind: kind,
            samples: things.map { .init(labels: $0.labels, value: value($0)) })
    }
}

/// What an operator is told of in samples of its own.
protocol Labelled {
    var labels: [(name: String, value: String)] { get }
}
