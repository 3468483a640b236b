import NodeCore
import Synchronization
import Transcoding

/// A media side that answers as it is told and remembers what it was asked.
final class FakePlane: MediaPlane {
    enum Call: Equatable {
        case open(SessionRole, room: String, offer: String, terms: SessionTerms = SessionTerms())
        case grant(LinkProfile.Wish?, to: String, room: String)
        case link(String)
        case prefer(String, Tier)
        case serve(String, LinkProfile.Wish)
        case patch(String, etag: String?, fragment: String)
        case close(String)
        case limit(String, bitsPerSecond: Int)
        case control(String, SessionControl)
        case sessionEvents(String, after: UInt64?)
        case roomEvents(String, after: UInt64?)
    }

    /// What every call throws, if anything.
    let refusal: SessionError?
    let patchResult: PatchResult
    let room: RoomDescription
    let families: [MetricFamily]
    let ready: Bool
    /// When set, patches with another entity tag are refused.
    let etag: String?
    /// What every control is answered with.
    let snapshot: ConferenceSnapshot
    /// Where event streams come from.
    let events: EventSource
    private let log = Mutex<[Call]>([])

    init(
        refusing refusal: SessionError? = nil, patchResult: PatchResult = .accepted,
        room: RoomDescription = RoomDescription(participants: [], watchers: 0), families: [MetricFamily] = [],
        ready: Bool = true, etag: String? = nil,
        snapshot: ConferenceSnapshot = .init(
            number: 1, participant: nil, participants: [], speaker: nil, slots: [], bitsPerSecond: nil),
        events: EventSource = EventSource()
    ) {
        self.refusal = refusal
        self.patchResult = patchResult
        self.room = room
        self.families = families
        self.ready = ready
        self.etag = etag
        self.snapshot = snapshot
        self.events = events
    }

    var calls: [Call] { log.withLock { $0 } }

    func open(
        _ role: SessionRole, in room: RoomID, offer: String, on terms: SessionTerms
    ) async throws(SessionError) -> SessionAnswer {
        log.withLock { $0.append(.open(role, room: room.description, offer: offer, terms: terms)) }
        if let refusal { throw refusal }
        guard let id = SessionID("session-1") else { throw .unknownSession }
        var participant: ParticipantID?
        switch role {
        case .publish(let name), .participate(let name): participant = name ?? ParticipantID("chosen")
        case .watch, .echo: break
        }
        return SessionAnswer(id: id, participant: participant, sdp: "v=0\r\ns=answer\r\n", etag: "tag1")
    }

    func grant(
        _ grant: LinkProfile.Wish?, to participant: ParticipantID, in room: RoomID
    ) async throws(SessionError) -> LinkProfile {
        log.withLock {
            $0.append(.grant(grant, to: participant.description, room: room.description))
        }
        if let refusal { throw refusal }
        var profile = LinkProfile()
        profile.grant(grant)
        return profile
    }

    func prefer(_ tier: Tier, in session: SessionID) async throws(SessionError) {
        log.withLock { $0.append(.prefer(session.description, tier)) }
        if let refusal { throw refusal }
    }

    func serve(_ wish: LinkProfile.Wish, to session: SessionID) async throws(SessionError) {
        log.withLock { $0.append(.serve(session.description, wish)) }
        if let refusal { throw refusal }
    }

    func patch(_ session: SessionID, etag: String?, fragment: String) async throws(SessionError)
        -> PatchResult
    {
        log.withLock { $0.append(.patch(session.description, etag: etag, fragment: fragment)) }
        if let refusal { throw refusal }
        if let etag, let current = self.etag, etag != current { throw .etagMismatch(current: current) }
        return patchResult
    }

    func limit(_ session: SessionID, bitsPerSecond: Int) async throws(SessionError) {
        log.withLock { $0.append(.limit(session.description, bitsPerSecond: bitsPerSecond)) }
        if let refusal { throw refusal }
    }

    func link(of session: SessionID) async throws(SessionError) -> SessionLink {
        log.withLock { $0.append(.link(session.description)) }
        if let refusal { throw refusal }
        return SessionLink(
            profile: LinkProfile(), bitsPerSecond: 120_000, roundTrip: .milliseconds(300),
            sent: .init(bytes: 1000, datagrams: 10, bitsPerSecond: 70_000, peakBitsPerSecond: 80_000),
            received: .init(bytes: 100, datagrams: 2, bitsPerSecond: 9000, peakBitsPerSecond: 9500))
    }

    func close(_ session: SessionID) async throws(SessionError) {
        log.withLock { $0.append(.close(session.description)) }
        if let refusal { throw refusal }
    }

    func describe(_ room: RoomID) async throws(SessionError) -> RoomDescription {
        if let refusal { throw refusal }
        return self.room
    }

    func control(
        _ session: SessionID, _ change: SessionControl
    ) async throws(SessionError) -> ConferenceSnapshot {
        log.withLock { $0.append(.control(session.description, change)) }
        if let refusal { throw refusal }
        return snapshot
    }

    func events(
        of session: SessionID, after last: UInt64?
    ) async throws(SessionError) -> AsyncStream<ConferenceEvent> {
        log.withLock { $0.append(.sessionEvents(session.description, after: last)) }
        if let refusal { throw refusal }
        return events.open()
    }

    func events(
        in room: RoomID, after last: UInt64?
    ) async throws(SessionError) -> AsyncStream<ConferenceEvent> {
        log.withLock { $0.append(.roomEvents(room.description, after: last)) }
        if let refusal { throw refusal }
        return events.open()
    }

    func metrics() async -> [MetricFamily] { families }

    func isReady() async -> Bool { ready }
}
