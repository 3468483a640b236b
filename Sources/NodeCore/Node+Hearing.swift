import Forwarding
import Mixing
import Peering
import SDP
import Wire

/// What the slots for sound of a session are to carry.
enum Hearing {
    /// Voices, one in each.
    case voices
    /// One track in the first, the mix or else a voice, and nothing in the others.
    case one(Int?)
}

// Who hears voices, who a mix, and who one voice since there is no mix.
extension Node {
    /// Whether a session is to be sent its room's voices as one, or one of them.
    mutating func wantsMix(_ session: Int) -> Bool {
        guard isWeak(session), sessions[session]?.peer.isConnected == true else { return false }
        switch sessions[session]?.role {
        case .watch(nil), .participate: return true
        case .watch, .publish, .echo, nil: return false
        }
    }

    /// What a session's slots for sound are to carry.
    mutating func hearing(of session: Int) -> Hearing {
        guard wantsMix(session), let room = sessions[session]?.room else { return .voices }
        guard let table = mixes.rooms[room] else { return .one(loudestVoice(in: room, for: session)) }
        if let voice = voiceInsteadOfMix(for: session, in: room) { return .one(voice) }
        let own = table.voices.first { $0.session == session && $0.lastHeard != nil }
        return .one(table.mixes.first { $0.without == own?.id }?.track ?? table.mixes.first?.track)
    }

    /// Why a session that hears one voice hears no mix; nil if the track that it is given is one.
    mutating func whyNoMix(_ track: Int) -> ConferenceSnapshot.Slot.Reason? {
        guard upTracks[track]?.isMix == false else { return nil }
        return isRefused(track) ? .undecodable : .noCPU
    }

    /// The voice that has to be forwarded as it is, since it cannot be mixed and there is nothing else to hear: that of who speaks while
    /// nobody does whose voice can be mixed, or any where there is no such voice. What is broken silences nobody.
    private mutating func voiceInsteadOfMix(for session: Int, in room: Int) -> Int? {
        guard !mixes.refused.isEmpty else { return nil }
        let others = (mixes.rooms[room]?.voices ?? []).filter { $0.session != session }
        guard !others.contains(where: { $0.lastHeard != nil }) else { return nil }
        if let speaking = rooms[room]?.speaking, speaking != session,
            let voice = voice(of: speaking), isRefused(voice)
        {
            return voice
        }
        return others.isEmpty ? loudestVoice(in: room, for: session) : nil
    }

    /// The voice of somebody else that comes first.
    private mutating func loudestVoice(in room: Int, for session: Int) -> Int? {
        for publisher in rooms[room]?.voices ?? [] where publisher != session {
            if let voice = voice(of: publisher) { return voice }
        }
        return nil
    }

    /// The first track for sound of a publisher that is not muted and from which something comes.
    private mutating func voice(of publisher: Int) -> Int? {
        for track in sessions[publisher]?.upTracks ?? []
        where upTracks[track]?.kind == .audio && upTracks[track]?.isMuted == false {
            if upTracks[track]?.preferredEncoding != nil { return track }
        }
        return nil
    }

    /// Shows a mix, a voice or nothing in a slot for sound.
    ///
    /// A mix is given up at once: the next packets of another one come in the same moment as its own, and voices that come by
    /// themselves are in it, too. A voice goes on until the mix begins.
    mutating func hear(_ track: Int?, in downTrack: Int) {
        let present = downTracks[downTrack]?.source.map { Int($0.track) }
        if let present, present != track, upTracks.isOccupied(present), upTracks[present]?.isMix == true {
            clear(downTrack)
        }
        let awaited = downTracks[downTrack]?.target.map { Int($0.track) }
        show(track, in: downTrack)
        guard let track, track != present, track != awaited, upTracks[track]?.isMix == true else { return }
        for (_, room) in mixes.rooms {
            guard let mix = room.mixes.first(where: { $0.track == track }) else { continue }
            mixes.orders.append(.wake(mix.id, room: room.id))
        }
    }
}
