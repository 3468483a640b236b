import Forwarding
import RTP
import SDP
import Wire

// Rooms that other nodes follow: what they are told of the publishers, and under which SSRCs the media goes.
extension Node {
    /// Sends a room's media over a link from now on. A room appears on first use, for its publishers to come.
    mutating func mirror(_ id: RoomID, on link: Int, _ subscription: UInt32) {
        let room = place(of: id)
        // What is followed itself is not passed on: there are no chains, so there can be no loops.
        guard cascade.followed[room] == nil else {
            return
        }
        stopMirroring(room, on: link, keepingRoom: true)
        cascade.mirrored[room, default: []].append(.init(link: link, subscription: subscription))
        tellOfPublishers(in: room)
    }

    mutating func stopMirroring(_ room: Int, on link: Int, keepingRoom: Bool = false) {
        guard cascade.mirrored[room] != nil else { return }
        for session in rooms[room]?.publishers ?? [] {
            for track in sessions[session]?.upTracks ?? [] { cascade.dropMirrors(of: track, link: link) }
        }
        cascade.mirrored[room]?.removeAll { $0.link == link }
        if cascade.mirrored[room]?.isEmpty == true { cascade.mirrored[room] = nil }
        if !keepingRoom { removeIfDeserted(room) }
    }

    /// Forgets a room that is of no use any more. Returns whether it was.
    @discardableResult
    mutating func removeIfDeserted(_ room: Int) -> Bool {
        guard let id = rooms[room]?.id, isDeserted(room) else { return false }
        unfollow(room)
        closeMixes(of: room)
        roomsByID[id] = nil
        endedRooms.append(id)
        rooms.remove(room)
        return true
    }

    /// Tells those who follow a room what has changed of its publishers since they were told last. At once, so that a
    /// newcomer is known at the edge before its media can come.
    mutating func tellOfPublishers(in room: Int) {
        guard cascade.mirrored[room] != nil, let id = rooms[room]?.id else { return }
        let publishers = rooms[room]?.publishers ?? []
        for index in (cascade.mirrored[room] ?? []).indices {
            guard let mirroring = cascade.mirrored[room]?[index],
                let remote = cascade.links[mirroring.link]?.remote
            else { continue }
            let present = Set(publishers.map { publisherNumber($0) })
            for gone in mirroring.told.keys.sorted() where !present.contains(gone) {
                cascade.mirrored[room]?[index].told[gone] = nil
                tell(.withdraw(id, subscription: mirroring.subscription, publisher: gone), to: remote)
            }
            for session in publishers where sessions[session]?.mirrored == nil {
                let announcement = announcement(of: session, on: mirroring.link)
                let encodings = announcement.tracks.map(\.encodings)
                guard mirroring.told[announcement.publisher] != encodings else { continue }
                cascade.mirrored[room]?[index].told[announcement.publisher] = encodings
                tell(.announce(id, subscription: mirroring.subscription, announcement), to: remote)
            }
        }
    }

    private func publisherNumber(_ session: Int) -> UInt64 {
        UInt64(sessions.generation(of: session)) << 32 | UInt64(session)
    }

    private mutating func announcement(of session: Int, on link: Int) -> LinkAnnouncement {
        var tracks: [LinkAnnouncement.Track] = []
        for track in sessions[session]?.upTracks ?? [] {
            prepareMirror(of: track, on: link)
            guard let section = upTracks[track]?.section,
                let mirror = cascade.mirrors[track].first(where: { $0.link == link })
            else { continue }
            tracks.append(.init(section: section, encodings: mirror.announced))
        }
        return LinkAnnouncement(
            origin: configuration.id, hops: 1, publisher: publisherNumber(session),
            participant: sessions[session]?.participant, tracks: tracks)
    }

    /// Gives a track's encodings their SSRCs on a link: those that arrive already, and those that the offer promises, so
    /// that the announcement is there before the first packet.
    private mutating func prepareMirror(of track: Int, on link: Int) {
        cascade.reserveMirrors(of: track)
        guard !cascade.mirrors[track].contains(where: { $0.link == link }) else { return }
        let rids = upTracks[track]?.section.rids ?? []
        var mirror = Cascade.TrackMirror(link: link)
        for label in rids.isEmpty ? [Self.label(ofEncoding: 0)] : rids {
            let source = reference(to: track)
            guard let ssrc = cascade.links[link]?.openStream(source) else { return }
            mirror.expected.append(.init(label: label, ssrc: ssrc))
        }
        mirror.announced = mirror.expected
        cascade.mirrors[track].append(mirror)
        let index = cascade.mirrors[track].count - 1
        for encoding in 0..<(upTracks[track]?.encodingCount ?? 0) {
            beginEncoding(encoding, of: track, mirror: index)
        }
    }

    /// Takes note that a stream of a publisher begins, or begins anew with other numbers.
    mutating func encodingBegan(_ encoding: Int, of track: Int, from session: Int) {
        guard track < cascade.mirrors.count, !cascade.mirrors[track].isEmpty else { return }
        for index in cascade.mirrors[track].indices { beginEncoding(encoding, of: track, mirror: index) }
        if let room = sessions[session]?.room { tellOfPublishers(in: room) }
    }

    /// Binds an encoding to its SSRC on a link. One that was in use is given up: the numbers of a stream that begins anew
    /// may come again, and nothing may be sealed twice under one SSRC and number (RFC 7714 section 8.4).
    private mutating func beginEncoding(_ encoding: Int, of track: Int, mirror index: Int) {
        guard encoding < cascade.mirrors[track][index].ssrcs.count else { return }
        let link = cascade.mirrors[track][index].link
        let former = cascade.mirrors[track][index].ssrcs[encoding]
        guard former == 0 || cascade.mirrors[track][index].packets[encoding] > 0 else { return }
        let label = upTracks[track]?.rid(of: encoding) ?? Self.label(ofEncoding: encoding)
        let source = reference(to: track, encoding)
        if former == 0,
            let promised = cascade.mirrors[track][index].expected.first(where: { $0.label == label })
        {
            cascade.mirrors[track][index].expected.removeAll { $0.label == label }
            cascade.mirrors[track][index].ssrcs[encoding] = promised.ssrc
            cascade.links[link]?.outgoing[promised.ssrc] = source
            return
        }
        cascade.links[link]?.closeStream(former)
        guard let ssrc = cascade.links[link]?.openStream(source) else { return }
        cascade.mirrors[track][index].announced.removeAll { $0.ssrc == former }
        cascade.mirrors[track][index].announced.append(.init(label: label, ssrc: ssrc))
        cascade.mirrors[track][index].ssrcs[encoding] = ssrc
        cascade.mirrors[track][index].packets[encoding] = 0
        cascade.mirrors[track][index].bytes[encoding] = 0
    }

    private func reference(to track: Int, _ encoding: Int = 0) -> SourceReference {
        SourceReference(
            track: UInt32(truncatingIfNeeded: track), generation: upTracks.generation(of: track),
            encoding: UInt8(truncatingIfNeeded: encoding))
    }

    /// What stands for the RID of an encoding that has none. No RID begins like this (RFC 8851 section 10).
    private static func label(ofEncoding number: Int) -> String { "#\(number)" }
}
