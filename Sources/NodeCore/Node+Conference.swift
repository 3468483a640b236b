import Forwarding
import Peering
import SDP
package import Wire

// Conferences: who is told what, and what participants ask for.
extension Node {
    /// What has happened in conferences since the last call, in order.
    package mutating func takeNotices() -> [ConferenceNotice] {
        guard !notices.isEmpty else { return [] }
        defer { notices.removeAll(keepingCapacity: true) }
        return notices
    }

    /// The rooms that have ended since the last call.
    package mutating func takeEndedRooms() -> [RoomID] {
        guard !endedRooms.isEmpty else { return [] }
        defer { endedRooms.removeAll(keepingCapacity: true) }
        return endedRooms
    }

    // MARK: - Control

    /// Changes what a participant receives and sends, as a whole or not at all; see `MediaPlane.control`.
    package mutating func control(
        _ id: SessionID, _ change: SessionControl, at now: Instant
    ) throws(SessionError) -> ConferenceSnapshot {
        guard let slot = sessionsByID[id] else { throw .unknownSession }
        guard let room = sessions[slot]?.room, let wished = try wishes(of: slot, after: change) else {
            throw .notAConference
        }
        let publications = try publications(of: slot, after: change)

        // From here on nothing fails.
        sessions[slot]?.participation = wished
        if let wish = change.profile { try serve(wish, to: id, at: now) }
        for (index, publication) in publications.enumerated() {
            let former = sessions[slot]?.publications[index].told
            sessions[slot]?.publications[index] = publication
            guard former != publication.told else { continue }
            upTracks[publication.track]?.isMuted = publication.told.isMuted
            if former?.isMuted == true, !publication.told.isMuted { requestKeyFrames(of: publication.track) }
            if let participant = sessions[slot]?.participant {
                notify(.track(participant, publication.told), in: room)
            }
            rooms[room]?.isStale = true
        }
        assignSources(to: slot)
        allocateBandwidth(of: slot, at: now)
        tellSlots(of: slot, at: now)
        return try snapshot(of: id)
    }

    private mutating func wishes(
        of slot: Int, after change: SessionControl
    ) throws(SessionError) -> Participation? {
        guard var wished = sessions[slot]?.participation, let room = sessions[slot]?.room else { return nil }
        for (mid, asked) in change.slots.sorted(by: { $0.key < $1.key }) {
            guard let index = wished.slots.firstIndex(where: { $0.told.mid == mid }) else {
                throw .unacceptableControl(
                    where: "/slots/\(Self.escaped(mid))",
                    reason: "The offer has no receiving section with the MID \"\(mid)\"; its slots are "
                        + wished.slots.map { "\"\($0.told.mid)\"" }.joined(separator: ", ") + ".")
            }
            if let pin = asked.pin {
                if let pin {
                    try check(
                        pin, for: wished.slots[index].kind, in: room, at: "/slots/\(Self.escaped(mid))/pin")
                }
                wished.slots[index].pin = pin
            }
            if let height = asked.height {
                guard (0...4320).contains(height) else {
                    throw .unacceptableControl(
                        where: "/slots/\(Self.escaped(mid))/height",
                        reason: "The height \(height) is not from 0 to 4320 pixels.")
                }
                wished.slots[index].height = height
            }
            if let isPaused = asked.isPaused { wished.slots[index].isPausedByClient = isPaused }
        }
        if let preferred = change.preferred { wished.preferred = preferred }
        if let lastN = change.lastN {
            guard lastN.map({ (0...64).contains($0) }) ?? true else {
                throw .unacceptableControl(
                    where: "/lastN", reason: "lastN has to be null or a number from 0 to 64.")
            }
            wished.lastN = lastN
        }
        return wished
    }

    private mutating func check(
        _ pin: SessionControl.Pin, for kind: MediaKind, in room: Int, at pointer: String
    ) throws(SessionError) {
        guard let publisher = publisher(pin.participant, in: room) else {
            throw .unacceptableControl(
                where: pointer + "/participant",
                reason: "Nobody in the room publishes as \"\(pin.participant)\".")
        }
        let tracks = (sessions[publisher]?.publications ?? []).filter { $0.kind == kind }
        guard pin.track.map({ mid in tracks.contains { $0.told.mid == mid } }) ?? !tracks.isEmpty else {
            let known = tracks.map { "\"\($0.told.mid)\"" }.joined(separator: ", ")
            throw .unacceptableControl(
                where: pin.track == nil ? pointer : pointer + "/track",
                reason: "\"\(pin.participant)\" has no such \(kind.rawValue) track; "
                    + (tracks.isEmpty ? "it publishes none." : "it publishes \(known)."))
        }
    }

    private mutating func publications(
        of slot: Int, after change: SessionControl
    ) throws(SessionError) -> [Publication] {
        var publications = sessions[slot]?.publications ?? []
        for (mid, asked) in change.tracks.sorted(by: { $0.key < $1.key }) {
            guard let index = publications.firstIndex(where: { $0.told.mid == mid }) else {
                throw .unacceptableControl(
                    where: "/tracks/\(Self.escaped(mid))",
                    reason: "The offer has no sending section with the MID \"\(mid)\"; its tracks are "
                        + publications.map { "\"\($0.told.mid)\"" }.joined(separator: ", ") + ".")
            }
            if let isMuted = asked.isMuted { publications[index].told.isMuted = isMuted }
            if let label = asked.label {
                guard (1...32).contains(label.unicodeScalars.count) else {
                    throw .unacceptableControl(
                        where: "/tracks/\(Self.escaped(mid))/label", reason: "A label has 1 to 32 characters."
                    )
                }
                publications[index].told.label = label
            }
        }
        return publications
    }

    /// A name as a part of a JSON pointer (RFC 6901 section 3).
    private static func escaped(_ name: String) -> String {
        var text = ""
        for character in name {
            switch character {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.append(character)
            }
        }
        return text
    }

    /// The session that publishes under a name.
    mutating func publisher(_ participant: ParticipantID, in room: Int) -> Int? {
        for session in rooms[room]?.publishers ?? [] where sessions[session]?.participant == participant {
            return session
        }
        return nil
    }

    private mutating func requestKeyFrames(of track: Int) {
        for encoding in 0..<(upTracks[track]?.encodingCount ?? 0) {
            upTracks[track]?.requestKeyFrame(of: encoding)
        }
    }

    // MARK: - Telling

    /// What a participant knows now.
    package mutating func snapshot(of id: SessionID) throws(SessionError) -> ConferenceSnapshot {
        guard let slot = sessionsByID[id], let room = sessions[slot]?.room else { throw .unknownSession }
        guard let participation = sessions[slot]?.participation else { throw .notAConference }
        return ConferenceSnapshot(
            number: eventNumber, participant: sessions[slot]?.participant,
            participants: participants(of: room, including: slot), speaker: speaker(of: room),
            slots: participation.slots.map(\.told), bitsPerSecond: participation.toldBitsPerSecond,
            profile: (sessions[slot]?.profile).map { .init($0) })
    }

    /// What an observer of a room knows now.
    package mutating func snapshot(in id: RoomID) throws(SessionError) -> ConferenceSnapshot {
        guard let room = roomsByID[id] else { throw .unknownRoom }
        return ConferenceSnapshot(
            number: eventNumber, participant: nil, participants: participants(of: room, including: nil),
            speaker: speaker(of: room), slots: [], bitsPerSecond: nil)
    }

    /// The room that a session is in.
    package mutating func room(of id: SessionID) -> RoomID? {
        sessionsByID[id].flatMap { sessions[$0]?.room }.flatMap { rooms[$0]?.id }
    }

    /// Tells others of a publisher whose media can flow now.
    mutating func announce(_ slot: Int) {
        guard sessions[slot]?.isPublishing == true, sessions[slot]?.isAnnounced == false,
            let room = sessions[slot]?.room, let described = participant(slot)
        else { return }
        sessions[slot]?.isAnnounced = true
        rooms[room]?.isStale = true
        notify(.joined(described), in: room)
    }

    /// Tells others that a publisher is gone, and itself that its session has ended.
    mutating func announceEnd(of slot: Int, reason: CloseReason) {
        guard let room = sessions[slot]?.room, let participant = sessions[slot]?.participant else { return }
        if sessions[slot]?.participation != nil {
            notify(.closed(reason: reason.label), in: room, to: sessions[slot]?.id)
        }
        if sessions[slot]?.isAnnounced == true { notify(.left(participant), in: room) }
    }

    /// Tells others which codec a track turned out to have.
    mutating func announce(codec: String, of track: Int, from slot: Int) {
        guard let room = sessions[slot]?.room, let participant = sessions[slot]?.participant,
            let index = sessions[slot]?.publications.firstIndex(where: { $0.track == track })
        else { return }
        sessions[slot]?.publications[index].told.codec = codec
        rooms[room]?.isStale = true
        if sessions[slot]?.isAnnounced == true, let told = sessions[slot]?.publications[index].told {
            notify(.track(participant, told), in: room)
        }
    }

    /// Appends an event for everybody in a room, or for one session.
    mutating func notify(_ kind: ConferenceEvent.Kind, in room: Int, to session: SessionID? = nil) {
        guard let id = rooms[room]?.id else { return }
        eventNumber += 1
        notices.append(
            ConferenceNotice(
                room: id, session: session, event: ConferenceEvent(number: eventNumber, kind: kind)))
    }

    /// Tells all participants, and who observes their rooms, to go elsewhere.
    package mutating func tellMove(deadline: Duration, target: String?) {
        for room in 0..<rooms.slotCount where rooms.isOccupied(room) {
            notify(.move(deadline: deadline, target: target), in: room)
        }
    }

    mutating func speaker(of room: Int) -> ParticipantID? {
        rooms[room]?.speaking.flatMap { sessions[$0]?.participant }
    }

    private mutating func participants(of room: Int, including own: Int?) -> [ConferenceSnapshot.Participant]
    {
        var list: [ConferenceSnapshot.Participant] = []
        for session in rooms[room]?.publishers ?? []
        where session == own || sessions[session]?.isAnnounced == true {
            if let described = participant(session) { list.append(described) }
        }
        return list
    }

    private mutating func participant(_ slot: Int) -> ConferenceSnapshot.Participant? {
        guard let id = sessions[slot]?.participant else { return nil }
        return .init(
            id: id, tracks: (sessions[slot]?.publications ?? []).map(\.told),
            isConnected: sessions[slot]?.peer.isConnected == true)
    }
}
