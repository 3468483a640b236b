import NodeCore
import Synchronization

/// A media side that answers as it is told and remembers what it was asked.
final class FakePlane: MediaPlane {
    enum Call: Equatable {
        case open(SessionRole, room: String, offer: String)
        case patch(String, etag: String?, fragment: String)
        case close(String)
    }

    /// What every call throws, if anything.
    let refusal: SessionError?
    let patchResult: PatchResult
    let room: RoomDescription
    let families: [MetricFamily]
    let ready: Bool
    /// When set, patches with another entity tag are refused.
    let etag: String?
    private let log = Mutex<[Call]>([])

    init(
        refusing refusal: SessionError? = nil, patchResult: PatchResult = .accepted,
        room: RoomDescription = RoomDescription(participants: [], watchers: 0), families: [MetricFamily] = [],
        ready: Bool = true, etag: String? = nil
    ) {
        self.refusal = refusal
        self.patchResult = patchResult
        self.room = room
        self.families = families
        self.ready = ready
        self.etag = etag
    }

    var calls: [Call] { log.withLock { $0 } }

    func open(_ role: SessionRole, in room: RoomID, offer: String) async throws(SessionError) -> SessionAnswer
    {
        log.withLock { $0.append(.open(role, room: room.description, offer: offer)) }
        if let refusal { throw refusal }
        guard let id = SessionID("session-1") else { throw .unknownSession }
        var participant: ParticipantID?
        if case .publish(let name) = role { participant = name ?? ParticipantID("chosen") }
        return SessionAnswer(id: id, participant: participant, sdp: "v=0\r\ns=answer\r\n", etag: "tag1")
    }

    func patch(_ session: SessionID, etag: String?, fragment: String) async throws(SessionError)
        -> PatchResult
    {
        log.withLock { $0.append(.patch(session.description, etag: etag, fragment: fragment)) }
        if let refusal { throw refusal }
        if let etag, let current = self.etag, etag != current { throw .etagMismatch(current: current) }
        return patchResult
    }

    func close(_ session: SessionID) async throws(SessionError) {
        log.withLock { $0.append(.close(session.description)) }
        if let refusal { throw refusal }
    }

    func describe(_ room: RoomID) async throws(SessionError) -> RoomDescription {
        if let refusal { throw refusal }
        return self.room
    }

    func metrics() async -> [MetricFamily] { families }

    func isReady() async -> Bool { ready }
}
