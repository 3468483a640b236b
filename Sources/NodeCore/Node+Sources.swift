import Forwarding
import Peering
import SDP
import Wire

// Which source is shown in which slot.
extension Node {
    /// Gives every watcher of the room in a slot the sources that its slots are for. What is right already stays as it is.
    mutating func assignSources(in room: Int) {
        guard let members = rooms[room] else { return }
        arrangeMixes(of: room)
        let ranking = members.ranking
        for session in members.watchers + members.echoes + members.participants {
            assignSources(to: session, from: ranking)
        }
    }

    /// Gives one session that has connected its sources.
    mutating func assignSources(to session: Int) {
        guard let room = sessions[session]?.room, let ranking = rooms[room]?.ranking else { return }
        arrangeMixes(of: room)
        assignSources(to: session, from: ranking)
    }

    private mutating func assignSources(to session: Int, from ranking: [Int]) {
        guard sessions[session]?.peer.isConnected == true, let role = sessions[session]?.role else { return }
        switch role {
        case .watch(nil): assign(ranking, to: session)
        case .watch(let participant):
            assign(ranking.filter { sessions[$0]?.participant == participant }, to: session)
        case .echo: assign([session], to: session)
        case .participate: assignSlots(of: session)
        case .publish: break
        }
    }

    /// Fills a session's slots of each kind with the tracks of the publishers, in their order; or the first for sound with
    /// their mix, or one of them.
    private mutating func assign(_ publishers: [Int], to watcher: Int) {
        let hearing = hearing(of: watcher)
        for kind in [MediaKind.video, .audio] {
            let slots = (sessions[watcher]?.downTracks ?? []).filter { downTracks[$0]?.kind == kind }
            if kind == .audio, case .one(let track) = hearing {
                for slot in slots { hear(slot == slots.first ? track : nil, in: slot) }
                continue
            }
            var available: [SourceReference] = []
            for publisher in publishers {
                for track in sessions[publisher]?.upTracks ?? [] where upTracks[track]?.kind == kind {
                    if let source = preferredSource(of: track) { available.append(source) }
                }
            }
            for (slot, source) in zip(slots, available) {
                if kind == .audio {
                    hear(Int(source.track), in: slot)
                } else {
                    retarget(slot, to: wanted(by: slot, of: source))
                }
            }
            for slot in slots.dropFirst(available.count) { clear(slot) }
        }
    }

    /// The encoding of a track that subscribers are given; nil before its first packet.
    private mutating func preferredSource(of track: Int) -> SourceReference? {
        guard let preferred = upTracks[track]?.preferredEncoding else { return nil }
        return SourceReference(
            track: UInt32(truncatingIfNeeded: track), generation: upTracks.generation(of: track),
            encoding: UInt8(truncatingIfNeeded: preferred))
    }

    /// The lane or the encoding of a source that a slot has been aimed at, if it exists, else the preferred encoding.
    private mutating func wanted(by downTrack: Int, of source: SourceReference) -> SourceReference {
        if case .lane(let shortSide, let grade) = downTracks[downTrack]?.layerTarget {
            return lane(of: Int(source.track), shortSide: shortSide, grade, for: downTrack)
                ?? smallest(of: source)
        }
        guard let encoding = downTracks[downTrack]?.wantedEncoding,
            Int(encoding) < upTracks[Int(source.track)]?.encodingCount ?? 0
        else { return source }
        return SourceReference(track: source.track, generation: source.generation, encoding: encoding)
    }

    /// The encoding of a source with the fewest bits.
    private mutating func smallest(of source: SourceReference) -> SourceReference {
        guard let lowest = lowestLayer(of: Int(source.track)) else { return source }
        return SourceReference(
            track: source.track, generation: source.generation, encoding: lowest.encoding)
    }

    /// Chooses the layer of its source that a slot is given. What is playing goes on until the new one can begin; with
    /// fewer pictures if that is to ease the link.
    mutating func aim(_ downTrack: Int, at target: LayerTarget, isEasing: Bool = false) {
        downTracks[downTrack]?.aim(at: target, isEasing: isEasing)
        guard target != .paused, let source = downTracks[downTrack]?.target ?? downTracks[downTrack]?.source,
            isCurrent(source), let preferred = preferredSource(of: origin(of: Int(source.track)))
        else { return }
        let chosen = wanted(by: downTrack, of: preferred)
        retarget(downTrack, to: chosen)
        // After a pause the source is the same, and waits for a key frame nevertheless.
        if downTracks[downTrack]?.target == chosen {
            let urgency = downTracks[downTrack]?.urgency(of: chosen) ?? .nothing
            upTracks[Int(chosen.track)]?.requestKeyFrame(of: Int(chosen.encoding), urgency)
        }
    }

    private mutating func retarget(_ downTrack: Int, to source: SourceReference) {
        guard downTracks[downTrack]?.source != source, downTracks[downTrack]?.target != source else {
            if downTracks[downTrack]?.source == source { abandonTarget(of: downTrack, keeping: source.track) }
            return
        }
        abandonTarget(of: downTrack, keeping: source.track)
        let track = Int(source.track)
        let arriving = upTracks[track]?.codecs ?? []
        guard downTracks[downTrack]?.retarget(to: source, codecs: arriving) == true else {
            // Packets are offered all the same, so that the reason is counted.
            upTracks[track]?.subscribe(downTrack)
            return
        }
        upTracks[track]?.subscribe(downTrack)
        if downTracks[downTrack]?.isPaused == true { return }
        let urgency = downTracks[downTrack]?.urgency(of: source) ?? .nothing
        upTracks[track]?.requestKeyFrame(of: Int(source.encoding), urgency)
    }

    /// Shows a track in a slot of a participant, or nothing.
    mutating func show(_ track: Int?, in downTrack: Int) {
        guard let track, let source = preferredSource(of: track) else {
            clear(downTrack)
            return
        }
        let present = downTracks[downTrack]?.target ?? downTracks[downTrack]?.source
        if present.map({ origin(of: Int($0.track)) }) != track {
            switch downTracks[downTrack]?.layerTarget {
            case .best, .layer:
                // Layers were chosen of another source, or of none yet; of this one the lowest is right until that is done: to
                // ask for the best would cost its sender a key frame that nobody gets to see.
                let lowest = lowestLayer(of: track)
                downTracks[downTrack]?.aim(at: lowest.map { .layer($0) } ?? .best)
            case .lane, .paused, nil:
                break
            }
        }
        retarget(downTrack, to: wanted(by: downTrack, of: source))
    }

    /// Leaves a slot without a source.
    mutating func clear(_ downTrack: Int) {
        for source in [downTracks[downTrack]?.source, downTracks[downTrack]?.target] {
            guard let source else { continue }
            if isCurrent(source) { upTracks[Int(source.track)]?.unsubscribe(downTrack) }
            downTracks[downTrack]?.detach(track: source.track)
        }
    }

    /// Takes a down track off a source that it was waiting for and does not want any more.
    private mutating func abandonTarget(of downTrack: Int, keeping track: UInt32) {
        guard let former = downTracks[downTrack]?.target else { return }
        let isPlaying = downTracks[downTrack]?.source.map { $0.track == former.track } ?? false
        if former.track != track, isPlaying != true { upTracks[Int(former.track)]?.unsubscribe(downTrack) }
        if let source = downTracks[downTrack]?.source, source.track == track {
            _ = downTracks[downTrack]?.retarget(to: source, codecs: [])
        }
    }
}
