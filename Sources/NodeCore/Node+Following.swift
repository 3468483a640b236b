import Forwarding
import Peering
import RTP
import SDP
import Wire

// Rooms whose publishers are at another node: they are here for as long as somebody watches here.
extension Node {
    /// Follows a room of another node: its publishers appear here for as long as somebody watches.
    package mutating func follow(_ id: RoomID, of origin: NodeID) {
        guard let room = roomsByID[id], cascade.followed[room] == nil, origin != configuration.id else {
            return
        }
        let subscription = cascade.newSubscription()
        cascade.followed[room] = .init(origin: origin, subscription: subscription)
        tell(.watch(id, subscription: subscription), to: origin)
    }

    /// Ends the following of a room that nobody watches any more.
    mutating func unfollow(_ room: Int) {
        guard let follow = cascade.followed.removeValue(forKey: room), let id = rooms[room]?.id else {
            return
        }
        for session in rooms[room]?.publishers ?? [] { removeMirrored(session) }
        tell(.unwatch(id, subscription: follow.subscription), to: follow.origin)
    }

    /// Whether a room has no session of its own and is not mirrored.
    mutating func isDeserted(_ room: Int) -> Bool {
        ownSessionCount(of: room) == 0 && cascade.mirrored[room] == nil
    }

    /// The sessions of a room whose remotes are connected to this node.
    package mutating func sessionCount(in id: RoomID) -> Int {
        roomsByID[id].map { ownSessionCount(of: $0) } ?? 0
    }

    private mutating func ownSessionCount(of room: Int) -> Int {
        let all = rooms[room]?.sessionCount ?? 0
        guard cascade.followed[room] != nil else { return all }
        var mirrored = 0
        for session in rooms[room]?.publishers ?? [] where sessions[session]?.mirrored != nil {
            mirrored += 1
        }
        return all - mirrored
    }

    mutating func followedRoom(
        _ id: RoomID, from remote: NodeID, _ subscription: UInt32
    ) -> Int? {
        guard let room = roomsByID[id], let follow = cascade.followed[room], follow.origin == remote,
            follow.subscription == subscription
        else { return nil }
        return room
    }

    /// Makes the session that stands for a publisher elsewhere, or brings its streams up to date.
    mutating func show(
        _ announcement: LinkAnnouncement, in room: Int, from link: Int, at now: Instant
    ) {
        let known = cascade.links[link]?.publishers[announcement.publisher]
        guard let slot = known ?? addMirrored(announcement, in: room, from: link, at: now) else { return }
        let tracks = sessions[slot]?.upTracks ?? []
        var kept: Set<UInt32> = []
        for (track, announced) in zip(tracks, announcement.tracks) {
            for encoding in announced.encodings {
                kept.insert(encoding.ssrc)
                cascade.links[link]?.announce(
                    .init(ssrc: encoding.ssrc, session: slot, track: track, label: encoding.label))
            }
        }
        cascade.links[link]?.withdrawSources(of: slot, keeping: kept)
    }

    private mutating func addMirrored(
        _ announcement: LinkAnnouncement, in room: Int, from link: Int, at now: Instant
    ) -> Int? {
        guard cascade.mirroredSessions < configuration.limits.sessions,
            let id = SessionID("mirror-\(link)-\(announcement.publisher)")
        else { return nil }
        let slot = sessions.nextSlot
        var session = Session(
            id: id, room: room, role: .publish(as: announcement.participant),
            participant: announcement.participant, peer: Peer(behindLink: slot, at: now),
            ssrc: CascadeLink.reportSSRC, cname: "", usesReducedSizeRTCP: true, wantsREMB: false,
            descriptionID: 0, at: now)
        session.mirrored = Session.Mirrored(link: link, publisher: announcement.publisher)
        for track in announcement.tracks {
            session.upTracks.append(upTracks.insert(UpTrack(session: slot, section: track.section)))
        }
        sessions.insert(session)
        cascade.mirroredSessions += 1
        cascade.links[link]?.publishers[announcement.publisher] = slot
        rooms[room]?.publishers.append(slot)
        return slot
    }

    mutating func removeMirrored(_ slot: Int) {
        guard let mirrored = sessions[slot]?.mirrored, let room = sessions[slot]?.room else { return }
        cascade.links[mirrored.link]?.publishers[mirrored.publisher] = nil
        cascade.links[mirrored.link]?.withdrawSources(of: slot)
        removeTracks(of: slot)
        sessions.remove(slot)
        cascade.mirroredSessions -= 1
        rooms[room]?.remove(slot)
        assignSources(in: room)
    }
}
