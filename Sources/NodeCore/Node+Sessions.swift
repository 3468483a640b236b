import DTLS
import Forwarding
import Peering
import RTP
import SDP
import STUN
package import Wire

// Sessions come and go here: each call takes effect as a whole or not at all.
extension Node {
    private static let tokenAlphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)

    /// Answers an offer and keeps a session for it.
    ///
    /// - Parameter terms: what the session is served; whoever is served little is asked to send little, too.
    package mutating func open(
        _ role: SessionRole, in room: RoomID, offer: String, on terms: SessionTerms = SessionTerms(),
        at now: Instant,
        using generator: inout some RandomNumberGenerator
    ) throws(SessionError) -> SessionAnswer {
        try checkLimits(room, role)
        let negotiation = try negotiate(offer, role, terms)
        try checkTracks(negotiation, role)
        let participant = try name(role, in: room, using: &generator)
        let id = newID(using: &generator)
        let local = newCredentials(using: &generator)

        // From here on nothing fails.
        let slot = sessions.nextSlot
        let place = place(of: room)
        let peer = Peer(
            slot: slot, local: local, remoteUfrag: negotiation.remoteUfrag,
            fingerprints: negotiation.remoteFingerprints.map {
                .init(algorithm: $0.algorithm, bytes: $0.bytes)
            },
            role: negotiation.localSetup == .active ? .client : .server, at: now)
        let accepted = negotiation.sections.filter(\.isAccepted)
        var session = Session(
            id: id, room: place, role: role, participant: participant, peer: peer, ssrc: generator.next(),
            cname: token(12, using: &generator),
            usesReducedSizeRTCP: accepted.allSatisfy(\.usesReducedSizeRTCP),
            wantsREMB: accepted.contains { section in
                section.direction.receives && section.codecs.contains { $0.feedback.contains(.remb) }
            },
            descriptionID: generator.next() >> 2, at: now)
        var sections: [LocalSection] = []
        for section in accepted {
            if section.direction.receives {
                let track = upTracks.insert(UpTrack(session: slot, section: section))
                session.upTracks.append(track)
                session.publications.append(Publication(of: section, track: track))
                prepareFeedback(of: &session, section)
            }
            if section.direction.sends {
                sections.append(addDownTrack(to: &session, slot, section, using: &generator))
            }
        }
        let answer = negotiation.answer(
            LocalDescription(
                sessionID: session.descriptionID, version: 1, ufrag: local.ufrag, pwd: local.password,
                fingerprint: Fingerprint(algorithm: "sha-256", bytes: fingerprint),
                candidates: configuration.candidates, sections: sections))
        addLink(to: &session, slot, accepted)
        if case .participate = role {
            session.participation = Participation(
                slots: zip(session.downTracks, accepted.filter(\.direction.sends)).map {
                    .init(downTrack: $0, kind: $1.kind, mid: $1.mid)
                })
        }
        sessions.insert(session)
        sessionsByID[id] = slot
        if let key = UfragKey.key(local.ufrag) { sessionsByUfrag[key] = slot }
        join(slot, room: place, role)
        tellOfPublishers(in: place)
        connecting += 1
        counters.sessionsOpened += 1
        report(.opened, of: slot)
        wake(at: now)
        serve(terms.profile, to: slot, at: now)
        return SessionAnswer(id: id, participant: participant, sdp: answer, etag: local.ufrag)
    }

    /// Applies an SDP fragment; see `MediaPlane.patch`.
    package mutating func patch(
        _ id: SessionID, etag: String?, fragment: String, using generator: inout some RandomNumberGenerator
    ) throws(SessionError) -> PatchResult {
        guard let slot = sessionsByID[id], let current = sessions[slot]?.peer.ice.local.ufrag else {
            throw .unknownSession
        }
        if let etag, etag != current { throw .etagMismatch(current: current) }
        let parsed: TrickleFragment
        do {
            parsed = try TrickleFragment(parsing: fragment)
        } catch {
            throw SessionError(error)
        }
        guard let ufrag = parsed.ufrag, parsed.pwd != nil, ufrag != sessions[slot]?.peer.ice.remoteUfrag
        else {
            // The remote's candidates are of no use to an agent that only answers.
            return .accepted
        }
        if let previous = sessions[slot]?.peer.ice.previous, let key = UfragKey.key(previous.ufrag) {
            sessionsByUfrag[key] = nil
        }
        let local = newCredentials(using: &generator)
        sessions[slot]?.peer.restartICE(local: local, remoteUfrag: ufrag)
        if let key = UfragKey.key(local.ufrag) { sessionsByUfrag[key] = slot }
        let mid = parsed.candidates.keys.sorted().first ?? "0"
        return .restarted(
            fragment: TrickleFragment.restartAnswer(
                ufrag: local.ufrag, pwd: local.password, candidates: configuration.candidates, mid: mid),
            etag: local.ufrag)
    }

    /// Ends a session and tells its remote.
    package mutating func close(
        _ id: SessionID, at now: Instant, into outbox: inout Outbox
    ) throws(SessionError) {
        guard let slot = sessionsByID[id] else { throw .unknownSession }
        end(slot, reason: .requested, at: now, into: &outbox)
    }

    /// Ends all sessions and tells their remotes.
    package mutating func shutDown(at now: Instant, into outbox: inout Outbox) {
        closeLinks(at: now)
        for slot in 0..<sessions.slotCount where sessions.isOccupied(slot) {
            end(slot, reason: .shutdown, at: now, into: &outbox)
        }
    }

    /// The participants of a room that exists.
    package mutating func describe(_ room: RoomID) throws(SessionError) -> RoomDescription {
        guard let place = roomsByID[room], let members = rooms[place] else { throw .unknownRoom }
        var participants: [RoomDescription.Participant] = []
        for publisher in members.publishers {
            guard let id = sessions[publisher]?.participant else { continue }
            let tracks = (sessions[publisher]?.upTracks ?? []).compactMap { track -> RoomDescription.Track? in
                guard let kind = upTracks[track]?.kind.rawValue else { return nil }
                return .init(kind: kind, codec: upTracks[track]?.arrivingCodec?.name)
            }
            participants.append(
                .init(id: id, tracks: tracks, isConnected: sessions[publisher]?.peer.isConnected == true))
        }
        return RoomDescription(participants: participants, watchers: members.watchers.count)
    }

    /// What the node holds at the moment.
    package mutating func gauges() -> NodeGauges {
        var gauges = NodeGauges()
        for slot in 0..<sessions.slotCount where sessions.isOccupied(slot) {
            if sessions[slot]?.mirrored != nil {
                gauges.mirroredTracks += sessions[slot]?.upTracks.count ?? 0
                continue
            }
            if let kind = sessions[slot]?.profile.kind, sessions[slot]?.role != .echo {
                gauges.profiles[kind, default: 0] += 1
            }
            switch sessions[slot]?.role {
            case .publish: gauges.publishers += 1
            case .participate: gauges.participants += 1
            case .watch: gauges.watchers += 1
            case .echo: gauges.echoes += 1
            case nil: break
            }
        }
        gauges.connecting = connecting
        gauges.rooms = rooms.count - cascade.followed.count
        gauges.roomsSpread = cascade.mirrored.count
        gauges.links = cascade.links.count
        gauges.upTracks = upTracks.count - gauges.mirroredTracks
        gauges.downTracks = downTracks.count
        return gauges
    }

    // MARK: - Ending

    /// Forgets a session whose transport has ended.
    mutating func remove(_ slot: Int, reason: CloseReason, at now: Instant) {
        guard sessions.isOccupied(slot), let room = sessions[slot]?.room, let id = sessions[slot]?.id else {
            return
        }
        report(.closed(reason), of: slot)
        countWire(of: slot)
        announceEnd(of: slot, reason: reason)
        counters.sessionsClosed[reason.label, default: 0] += 1
        forgetAddresses(of: slot)
        sessionsByID[id] = nil
        for credentials in [sessions[slot]?.peer.ice.local, sessions[slot]?.peer.ice.previous] {
            if let credentials, let key = UfragKey.key(credentials.ufrag) { sessionsByUfrag[key] = nil }
        }
        removeTracks(of: slot)
        sessions.remove(slot)
        rooms[room]?.remove(slot)
        tellOfPublishers(in: room)
        if !removeIfDeserted(room) { assignSources(in: room) }
    }

    /// Forgets the tracks of a session, and takes them off each other.
    mutating func removeTracks(of slot: Int) {
        if let link = sessions[slot]?.downlink { subscriberLinks.remove(link) }
        for index in sessions[slot]?.downTracks ?? [] {
            for source in [downTracks[index]?.source, downTracks[index]?.target] {
                if let source, isCurrent(source) { upTracks[Int(source.track)]?.unsubscribe(index) }
            }
            downTracks.remove(index)
        }
        for track in sessions[slot]?.upTracks ?? [] {
            for index in upTracks[track]?.subscribers ?? [] {
                downTracks[index]?.detach(track: UInt32(truncatingIfNeeded: track))
            }
            closeTranscoder(of: track)
            closeVoice(of: track)
            cascade.dropMirrors(of: track)
            upTracks.remove(track)
        }
    }

    private mutating func end(_ slot: Int, reason: CloseReason, at now: Instant, into outbox: inout Outbox) {
        if sessions[slot]?.peer.isConnected == true {
            for index in sessions[slot]?.downTracks ?? [] {
                guard let ssrc = downTracks[index]?.ssrc else { continue }
                sessions[slot]?.peer.sendControl(capacity: 128, into: &outbox) { output in
                    RTCPWriter.receiverReport(sender: ssrc, blocks: [], into: &output)
                    RTCPWriter.goodbye(ssrc: ssrc, into: &output)
                    return true
                }
            }
            sessions[slot]?.peer.shutDown(into: &outbox)
        } else {
            connecting -= 1
        }
        remove(slot, reason: reason, at: now)
    }

    // MARK: - Opening

    private mutating func checkLimits(_ room: RoomID, _ role: SessionRole) throws(SessionError) {
        let limits = configuration.limits
        if sessionCount >= limits.sessions {
            throw .limitReached(
                what: "This node takes \(limits.sessions) sessions.", retryAfter: .seconds(30))
        }
        if connecting >= limits.handshakes {
            throw .limitReached(
                what: "This node lets \(limits.handshakes) sessions connect at a time.",
                retryAfter: .seconds(5))
        }
        if case .participate = role, let place = roomsByID[room],
            let count = rooms[place]?.participants.count, count >= limits.participantsPerRoom
        {
            throw .limitReached(
                what: "The room \(room) takes \(limits.participantsPerRoom) participants.",
                retryAfter: .seconds(30))
        }
        if let place = roomsByID[room], let count = rooms[place]?.sessionCount,
            count >= limits.sessionsPerRoom
        {
            throw .limitReached(
                what: "The room \(room) takes \(limits.sessionsPerRoom) sessions.", retryAfter: .seconds(30))
        }
    }

    /// What one participant may send and receive.
    private func checkTracks(_ negotiation: Negotiation, _ role: SessionRole) throws(SessionError) {
        guard case .participate = role else { return }
        let limits = configuration.limits
        let sent = negotiation.sections.filter { $0.isAccepted && $0.direction.receives }.count
        let received = negotiation.sections.filter { $0.isAccepted && $0.direction.sends }.count
        guard sent <= limits.tracksPerParticipant else {
            throw .tooManyTracks(
                what: "The offer sends \(sent) tracks; a participant may send"
                    + " \(limits.tracksPerParticipant).")
        }
        guard received <= limits.slotsPerParticipant else {
            throw .tooManyTracks(
                what: "The offer has \(received) receiving sections; a participant may have"
                    + " \(limits.slotsPerParticipant).")
        }
    }

    private func negotiate(
        _ offer: String, _ role: SessionRole, _ terms: SessionTerms
    ) throws(SessionError) -> Negotiation {
        var policy: Negotiation.Policy =
            switch role {
            case .publish: .publish
            case .watch: .watch
            case .echo: .echo
            case .participate: .participate
            }
        if terms.profile.isWeak, !terms.limitsItself { policy.uplink = .weak }
        do {
            return try Negotiation(offer: SessionDescription(parsing: offer), policy: policy)
        } catch {
            throw SessionError(error)
        }
    }

    private mutating func name(
        _ role: SessionRole, in room: RoomID, using generator: inout some RandomNumberGenerator
    ) throws(SessionError) -> ParticipantID? {
        switch role {
        case .watch, .echo:
            return nil
        case .publish(nil), .participate(nil):
            return ParticipantID("p-\(token(8, using: &generator))")
        case .publish(.some(let wanted)), .participate(.some(let wanted)):
            let publishers = roomsByID[room].flatMap { rooms[$0]?.publishers } ?? []
            for publisher in publishers where sessions[publisher]?.participant == wanted {
                throw .participantTaken(wanted)
            }
            return wanted
        }
    }

    private mutating func newID(using generator: inout some RandomNumberGenerator) -> SessionID {
        while true {
            if let id = SessionID("\(configuration.worker)-\(token(24, using: &generator))"),
                sessionsByID[id] == nil
            {
                return id
            }
        }
    }

    private func newCredentials(using generator: inout some RandomNumberGenerator) -> ICECredentials {
        while true {
            let credentials = ICECredentials(using: &generator)
            if let key = UfragKey.key(credentials.ufrag), sessionsByUfrag[key] == nil { return credentials }
        }
    }

    private func token(_ length: Int, using generator: inout some RandomNumberGenerator) -> String {
        let characters = (0..<length).map { _ in
            Self.tokenAlphabet[Int(generator.next() as UInt64 % UInt64(Self.tokenAlphabet.count))]
        }
        return String(decoding: characters, as: UTF8.self)
    }

    private mutating func prepareFeedback(of session: inout Session, _ section: NegotiatedSection) {
        guard let id = section.extensions.first(where: { $0.kind == .transportWideCC })?.id,
            session.feedback == nil
        else { return }
        session.transportSequenceID = id
        session.feedback = TransportFeedbackRecorder(senderSSRC: session.ssrc, mediaSSRC: 0)
    }

    private mutating func addDownTrack(
        to session: inout Session, _ slot: Int, _ section: NegotiatedSection,
        using generator: inout some RandomNumberGenerator
    ) -> LocalSection {
        let hasRTX = section.codecs.contains { $0.retransmissionPayloadType != nil }
        let ssrc: UInt32 = generator.next()
        let retransmissionSSRC: UInt32? = hasRTX ? generator.next() : nil
        session.downTracks.append(
            downTracks.insert(
                DownTrack(
                    session: slot, section: section, ssrc: ssrc, retransmissionSSRC: retransmissionSSRC,
                    using: &generator)))
        return LocalSection(
            mid: section.mid, ssrc: ssrc, retransmissionSSRC: retransmissionSSRC, cname: session.cname,
            streamID: "smartc", trackID: "\(section.kind.rawValue)-\(section.mid)")
    }

    /// The slot of a room, which appears on first use.
    mutating func place(of room: RoomID) -> Int {
        if let known = roomsByID[room] { return known }
        let place = rooms.insert(Room(id: room))
        roomsByID[room] = place
        return place
    }

    private mutating func join(_ slot: Int, room: Int, _ role: SessionRole) {
        switch role {
        case .publish: rooms[room]?.publishers.append(slot)
        case .watch: rooms[room]?.watchers.append(slot)
        case .echo: rooms[room]?.echoes.append(slot)
        case .participate:
            rooms[room]?.publishers.append(slot)
            rooms[room]?.participants.append(slot)
        }
    }
}

extension SessionError {
    fileprivate init(_ error: SDPError) {
        switch error {
        case .malformed(let line, let reason): self = .malformedSDP(line: line, reason: reason)
        case .unacceptable(let line, let reason): self = .unacceptableSDP(line: line, reason: reason)
        }
    }
}
