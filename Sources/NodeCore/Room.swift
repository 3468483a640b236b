import Wire

/// Who is in one room, and who of them is shown to those who follow the room.
struct Room {
    let id: RoomID
    /// The slot numbers of the sessions, in the order in which they came.
    var publishers: [Int] = []
    var watchers: [Int] = []
    var echoes: [Int] = []
    private var speaker = SpeakerSelector()

    init(id: RoomID) {
        self.id = id
    }

    var sessionCount: Int { publishers.count + watchers.count + echoes.count }

    mutating func remove(_ session: Int) {
        publishers.removeAll { $0 == session }
        watchers.removeAll { $0 == session }
        echoes.removeAll { $0 == session }
        speaker.remove(session)
    }

    /// Takes one packet's audio level, 0 loudest to 127 silent. Returns whether another participant speaks now.
    mutating func heard(_ session: Int, level: UInt8, at now: Instant) -> Bool {
        speaker.heard(session, level: level, at: now)
    }

    /// The publishers in the order in which a watcher's slots show them: who speaks, then who came last.
    var ranking: [Int] {
        let latestFirst = Array(publishers.reversed())
        guard let speaking = speaker.current, publishers.contains(speaking) else { return latestFirst }
        return [speaking] + latestFirst.filter { $0 != speaking }
    }
}
