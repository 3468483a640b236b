import Wire

/// Who is in one room, and who of them is shown to those who follow the room.
struct Room {
    let id: RoomID
    /// The slot numbers of the sessions that send into the room, in the order in which they came.
    var publishers: [Int] = []
    var watchers: [Int] = []
    var echoes: [Int] = []
    /// Those of the publishers that also receive in slots.
    var participants: [Int] = []
    /// Whether sources have come or gone, or speakers changed, since sources were last assigned to slots.
    var isStale = false
    /// Who speaks, as everybody was told last.
    var toldSpeaker: ParticipantID?
    /// When participants are told next what their slots show.
    var nextSlotCheck: Instant?
    /// When they are told next which of their encodings are wanted.
    var nextDemandCheck: Instant?
    var storm = JoinStorm()
    private var speaker = SpeakerSelector()

    init(id: RoomID) {
        self.id = id
    }

    var sessionCount: Int { publishers.count + watchers.count + echoes.count }

    /// The session that speaks, if it publishes.
    var speaking: Int? { speaker.current.flatMap { publishers.contains($0) ? $0 : nil } }

    mutating func remove(_ session: Int) {
        publishers.removeAll { $0 == session }
        watchers.removeAll { $0 == session }
        echoes.removeAll { $0 == session }
        participants.removeAll { $0 == session }
        speaker.remove(session)
        isStale = true
    }

    /// Takes one packet's audio level, 0 loudest to 127 silent. Returns whether another participant speaks now.
    mutating func heard(_ session: Int, level: UInt8, at now: Instant) -> Bool {
        let hasChanged = speaker.heard(session, level: level, at: now)
        if speaker.takeReordering() { isStale = true }
        return hasChanged
    }

    /// The publishers in the order in which a watcher's slots show them: who speaks, then who came last.
    var ranking: [Int] {
        let latestFirst = Array(publishers.reversed())
        guard let speaking else { return latestFirst }
        return [speaking] + latestFirst.filter { $0 != speaking }
    }

    /// The publishers in the order in which a participant's free video slots show them: who speaks, those preferred, who
    /// spoke last, who came last.
    func ranking(preferring preferred: [Int]) -> [Int] {
        var order: [Int] = []
        let candidates = (speaking.map { [$0] } ?? []) + preferred + speaker.history + publishers.reversed()
        var seen: Set<Int> = []
        for session in candidates where publishers.contains(session) && seen.insert(session).inserted {
            order.append(session)
        }
        return order
    }

    /// The publishers in the order in which audio slots carry them: the loudest, then those never heard, who may send no
    /// levels.
    var voices: [Int] {
        let heard = speaker.order.filter { publishers.contains($0) }
        return heard + publishers.filter { !heard.contains($0) }
    }
}
