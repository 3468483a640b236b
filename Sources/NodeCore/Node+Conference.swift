import Forwarding
import Peering
import SDP
package import Wire

// Conferences: who is told what, and what participants ask for.
extension Node {
    /// How often participants are told what their slots show.
    private static let slotInterval = Duration.milliseconds(100)

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
            slots: participation.slots.map(\.told), bitsPerSecond: participation.toldBitsPerSecond)
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

    private mutating func speaker(of room: Int) -> ParticipantID? {
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

    // MARK: - Slots

    /// Brings the slots of a conference up to date: sources that came or went, speakers that changed.
    mutating func advanceConferences(to now: Instant) {
        for room in 0..<rooms.slotCount where rooms.isOccupied(room) {
            if rooms[room]?.isStale == true {
                rooms[room]?.isStale = false
                assignSources(in: room)
            }
            let speaking = speaker(of: room)
            if rooms[room]?.toldSpeaker != speaking {
                rooms[room]?.toldSpeaker = speaking
                notify(.speaker(speaking), in: room)
            }
            guard rooms[room]?.participants.isEmpty == false else { continue }
            tellDemand(in: room, at: now)
            guard rooms[room]?.nextSlotCheck ?? now <= now else { continue }
            rooms[room]?.nextSlotCheck = now + Self.slotInterval
            for session in rooms[room]?.participants ?? [] { tellSlots(of: session, at: now) }
        }
    }

    /// Gives a participant's slots their sources.
    mutating func assignSlots(of session: Int) {
        guard let participation = sessions[session]?.participation, let room = sessions[session]?.room else {
            return
        }
        let video = assignVideo(of: session, participation, in: room)
        let audio = assignAudio(of: session, participation, in: room)
        for (index, slot) in participation.slots.enumerated() {
            let track = slot.kind == .video ? video[index] : audio[index]
            sessions[session]?.participation?.slots[index].track = track
            show(track, in: slot.downTrack)
        }
        // Layers are chosen with the next tick.
        if let link = sessions[session]?.downlink { subscriberLinks[link]?.nextAllocation = nil }
    }

    /// The up track for each slot, nil for those of the other kind and those that stay empty.
    private mutating func assignVideo(
        of session: Int, _ participation: Participation, in room: Int
    ) -> [Int?] {
        var plan = [Int?](repeating: nil, count: participation.slots.count)
        var free: [Int] = []
        for (index, slot) in participation.slots.enumerated() where slot.kind == .video {
            if let pin = slot.pin {
                plan[index] = track(pin, of: .video, in: room)
            } else {
                free.append(index)
            }
        }
        let pinned = plan.compactMap(\.self)
        if let lastN = participation.lastN { free = Array(free.prefix(max(0, lastN - pinned.count))) }
        let preferred = participation.preferred.compactMap { publisher($0, in: room) }
        var candidates: [Int] = []
        for publisher in rooms[room]?.ranking(preferring: preferred) ?? [] where publisher != session {
            candidates += showable(.video, of: publisher).filter { !pinned.contains($0) }
        }
        var wanted = Array(candidates.prefix(free.count))
        // The first free slot follows who speaks; in the others a source stays where it is.
        if let first = free.first, let speaking = rooms[room]?.speaking, let leader = wanted.first,
            upTracks[leader]?.session == speaking
        {
            plan[first] = leader
            wanted.removeFirst()
            free.removeFirst()
        }
        for index in free {
            guard let present = participation.slots[index].track,
                let kept = wanted.firstIndex(of: present)
            else { continue }
            plan[index] = wanted.remove(at: kept)
        }
        for index in free where plan[index] == nil && !wanted.isEmpty { plan[index] = wanted.removeFirst() }
        return plan
    }

    private mutating func assignAudio(
        of session: Int, _ participation: Participation, in room: Int
    ) -> [Int?] {
        var plan = [Int?](repeating: nil, count: participation.slots.count)
        var free: [Int] = []
        for (index, slot) in participation.slots.enumerated() where slot.kind == .audio {
            if let pin = slot.pin {
                plan[index] = track(pin, of: .audio, in: room)
            } else {
                free.append(index)
            }
        }
        let pinned = plan.compactMap(\.self)
        var candidates: [Int] = []
        for publisher in rooms[room]?.voices ?? [] where publisher != session {
            candidates += showable(.audio, of: publisher).filter { !pinned.contains($0) }
        }
        var wanted = Array(candidates.prefix(free.count))
        for index in free {
            guard let present = participation.slots[index].track,
                let kept = wanted.firstIndex(of: present)
            else { continue }
            plan[index] = wanted.remove(at: kept)
        }
        for index in free where plan[index] == nil && !wanted.isEmpty { plan[index] = wanted.removeFirst() }
        return plan
    }

    /// The tracks of a publisher from which something comes and that are not muted.
    private mutating func showable(_ kind: MediaKind, of publisher: Int) -> [Int] {
        var tracks: [Int] = []
        for publication in sessions[publisher]?.publications ?? []
        where publication.kind == kind && !publication.told.isMuted {
            if upTracks[publication.track]?.preferredEncoding != nil { tracks.append(publication.track) }
        }
        return tracks
    }

    private mutating func track(_ pin: SessionControl.Pin, of kind: MediaKind, in room: Int) -> Int? {
        guard let publisher = publisher(pin.participant, in: room) else { return nil }
        let tracks = (sessions[publisher]?.publications ?? []).filter { $0.kind == kind }
        return tracks.first { pin.track == nil || $0.told.mid == pin.track }?.track
    }

    /// Tells a participant which of its slots show something else than it knows of.
    mutating func tellSlots(of session: Int, at now: Instant) {
        guard let room = sessions[session]?.room, let id = sessions[session]?.id else { return }
        for index in 0..<(sessions[session]?.participation?.slots.count ?? 0) {
            guard let slot = sessions[session]?.participation?.slots[index] else { continue }
            let present = describe(slot, of: session, at: now)
            guard present != slot.told else { continue }
            sessions[session]?.participation?.slots[index].told = present
            notify(.slot(present), in: room, to: id)
        }
    }

    private mutating func describe(
        _ slot: Participation.ReceiveSlot, of session: Int, at now: Instant
    ) -> ConferenceSnapshot.Slot {
        var described = ConferenceSnapshot.Slot(
            mid: slot.told.mid, kind: slot.told.kind, state: .empty, participant: slot.pin?.participant)
        guard let track = slot.track, let publisher = upTracks[track]?.session else { return described }
        let publication = sessions[publisher]?.publications.first { $0.track == track }
        described.participant = sessions[publisher]?.participant
        described.track = publication?.told.mid
        if publication?.told.isMuted == true {
            described.state = .muted
        } else if slot.isPaused {
            described.state = .paused
        } else if isStarved(slot.downTrack, of: session) {
            described.state = .starved
        } else if let source = downTracks[slot.downTrack]?.source, Int(source.track) == track {
            described.state = .active
            (described.width, described.height) = size(shownBy: slot.downTrack, at: now)
        } else {
            described.state = .waiting
        }
        return described
    }
}
