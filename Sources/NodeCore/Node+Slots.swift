import Forwarding
import SDP
import Transcoding
import Wire

// Which source is in which slot of a participant.
extension Node {
    /// How often participants are told what their slots show.
    private static let slotInterval = Duration.milliseconds(100)

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
        let preferred = participation.preferred.compactMap { publisher($0, in: room) }
        let ranking = rooms[room]?.ranking(preferring: preferred) ?? []
        let voices = rooms[room]?.voices ?? []
        let video = assign(.video, of: ranking, to: session, participation, in: room)
        let audio =
            switch hearing(of: session) {
            case .voices: assign(.audio, of: voices, to: session, participation, in: room)
            case .one(let track): Self.plan(of: track, for: participation)
            }
        for (index, slot) in participation.slots.enumerated() {
            let track = slot.kind == .video ? video[index] : audio[index]
            sessions[session]?.participation?.slots[index].track = track
            if slot.kind == .video {
                show(track, in: slot.downTrack)
            } else {
                hear(track, in: slot.downTrack)
            }
        }
        // Layers are chosen with the next tick.
        if let link = sessions[session]?.downlink { subscriberLinks[link]?.nextAllocation = nil }
    }

    /// One track in the first slot for sound, and nothing in the others.
    private static func plan(of track: Int?, for participation: Participation) -> [Int?] {
        var plan = [Int?](repeating: nil, count: participation.slots.count)
        if let first = participation.slots.firstIndex(where: { $0.kind == .audio }) { plan[first] = track }
        return plan
    }

    /// The up track for each slot, nil for those of the other kind and those that stay empty: pins, and for the rest the first
    /// of the publishers' tracks. What is in a slot already stays there.
    private mutating func assign(
        _ kind: MediaKind, of publishers: [Int], to session: Int, _ participation: Participation, in room: Int
    ) -> [Int?] {
        var plan = [Int?](repeating: nil, count: participation.slots.count)
        var free: [Int] = []
        for (index, slot) in participation.slots.enumerated() where slot.kind == kind {
            if let pin = slot.pin {
                plan[index] = track(pin, of: kind, in: room)
            } else {
                free.append(index)
            }
        }
        let pinned = plan.compactMap(\.self)
        if kind == .video, let lastN = participation.lastN {
            free = Array(free.prefix(max(0, lastN - pinned.count)))
        }
        var candidates: [Int] = []
        for publisher in publishers where publisher != session {
            candidates += showable(kind, of: publisher).filter { !pinned.contains($0) }
        }
        var wanted = Array(candidates.prefix(free.count))
        // The first free video slot follows who speaks.
        if kind == .video, let first = free.first, let speaking = rooms[room]?.speaking,
            let leader = wanted.first, upTracks[leader]?.session == speaking
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
        guard let track = slot.track, upTracks.isOccupied(track), let publisher = upTracks[track]?.session
        else { return described }
        if upTracks[track]?.isMix == true {
            described.participant = nil
            described.track = "mix"
            let isHeard = downTracks[slot.downTrack]?.source?.track == UInt32(truncatingIfNeeded: track)
            described.state = isHeard ? .active : .waiting
            return described
        }
        let publication = sessions[publisher]?.publications.first { $0.track == track }
        described.participant = sessions[publisher]?.participant
        described.track = publication?.told.mid
        if publication?.told.isMuted == true {
            described.state = .muted
        } else if slot.isPaused {
            described.state = .paused
        } else if slot.kind == .video, isWeak(session), !isServed(slot.downTrack, of: session) {
            described.state = .paused
            described.reason = .profile
        } else if isStarved(slot.downTrack, of: session) {
            described.state = .starved
            if isWeak(session) { described.reason = whyNoLane(of: track, for: slot.downTrack) }
        } else if let source = downTracks[slot.downTrack]?.source, origin(of: Int(source.track)) == track {
            described.state = .active
            (described.width, described.height) = size(shownBy: slot.downTrack, at: now)
            if slot.kind == .audio, wantsMix(session) { described.reason = whyNoMix(track) }
            if let lane = lanes.route(ofTrack: Int(source.track)), let offer = lanes.routes[lane]?.offer {
                described.tier = offer.grade == .still ? "still" : offer.tier.rawValue
            } else if slot.kind == .video, isWeak(session) {
                described.reason = whyNoLane(of: track, for: slot.downTrack)
            }
        } else {
            described.state = .waiting
        }
        return described
    }

    private mutating func isServed(_ downTrack: Int, of session: Int) -> Bool {
        guard let link = sessions[session]?.downlink, let place = servedPlace(of: session, on: link) else {
            return false
        }
        return subscriberLinks[link]?.downTracks[place] == downTrack
    }
}
