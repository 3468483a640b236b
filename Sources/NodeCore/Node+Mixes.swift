import Codecs
import Forwarding
package import Mixing
import Peering
import RTP
import SDP
package import Wire

// Mixes: all voices of a room in one, for those whose links carry no more.
extension Node {
    /// The mixes of a room end so long after the last who needed them.
    private static let mixIdleTime = Duration.seconds(10)
    private static let mixCheckInterval = Duration.milliseconds(500)
    private static let lossCheckInterval = Duration.seconds(5)
    /// Who says nothing for so long shares the mix of all.
    private static let talkTime = Duration.seconds(5)
    /// Until a room that could not be mixed is tried again.
    private static let roomRefusalTime = Duration.seconds(30)
    /// Until a source that could not be decoded is tried again.
    private static let voiceRefusalTime = Duration.seconds(60)
    /// Levels above are silence, whatever a microphone makes of it, in -dBov.
    private static let silentLevel: UInt8 = 70

    /// What the thread of mixes is to do, since the last call.
    package mutating func takeMixOrders() -> [MixOrder] {
        guard !mixes.orders.isEmpty else { return [] }
        defer { mixes.orders.removeAll(keepingCapacity: true) }
        return mixes.orders
    }

    /// Takes what the thread of mixes tells.
    package mutating func receive(_ report: MixReport, at now: Instant, into outbox: inout Outbox) {
        switch report {
        case .packet(let packet, let mix): send(packet, of: mix, at: now, into: &outbox)
        case .undecodable(let voice): refuse(voice: voice, at: now)
        case .unlevelled(let voice):
            guard let room = mixes.roomsByVoice[voice], let index = mixes.rooms[room]?.voice(voice) else {
                return
            }
            mixes.rooms[room]?.voices[index].hasLevels = false
        case .failed(let id, _): refuseMixes(of: id, at: now)
        case .heard(let voice, let timestamp, let shown):
            noteClock(of: voice, at: timestamp, shownAs: shown, at: now)
        case .voiceStatistics(let voice, let statistics):
            guard let room = mixes.roomsByVoice[voice], let index = mixes.rooms[room]?.voice(voice) else {
                return
            }
            mixes.rooms[room]?.voices[index].statistics = statistics
        case .mixStatistics(let mix, let statistics):
            note(statistics, of: mix, at: now)
        }
    }

    // MARK: - Making and ending

    /// Makes the mixes that a room needs, of the voices that are loudest.
    mutating func arrangeMixes(of room: Int) {
        guard let members = rooms[room] else { return }
        var listeners: [Int] = []
        for session in members.watchers + members.participants where wantsMix(session) {
            listeners.append(session)
        }
        if mixes.rooms[room] == nil {
            guard !listeners.isEmpty, mixes.refusedRooms[members.id] == nil else { return }
            let id = mixes.newID()
            mixes.rooms[room] = MixTable.Room(id: id)
            mixes.orders.append(.openRoom(id))
            addMix(without: nil, to: room)
            counters.mixesOpened += 1
        }
        chooseVoices(of: room)
        let speaking = (mixes.rooms[room]?.voices ?? []).filter {
            $0.lastHeard != nil && listeners.contains($0.session)
        }.map(\.id)
        for mix in mixes.rooms[room]?.mixes ?? [] {
            if let own = mix.without, !speaking.contains(own) { removeMix(mix.id, of: room) }
        }
        for own in speaking where mixes.rooms[room]?.mixes.contains(where: { $0.without == own }) == false {
            addMix(without: own, to: room)
        }
    }

    /// Lets the loudest voices be decoded, and no others.
    private mutating func chooseVoices(of room: Int) {
        var wanted: [(track: Int, session: Int)] = []
        for session in rooms[room]?.voices ?? [] where wanted.count < VoiceMixer.voiceLimit {
            for track in sessions[session]?.upTracks ?? [] where isMixable(track) {
                if wanted.count < VoiceMixer.voiceLimit { wanted.append((track, session)) }
            }
        }
        guard let table = mixes.rooms[room] else { return }
        for voice in table.voices where !wanted.contains(where: { $0.track == voice.track }) {
            removeVoice(voice.id, of: room)
        }
        for (track, session) in wanted where upTracks[track]?.voice == nil {
            let id = mixes.newID()
            upTracks[track]?.voice = id
            mixes.roomsByVoice[id] = room
            mixes.rooms[room]?.voices.append(MixTable.Voice(id: id, track: track, session: session))
            mixes.orders.append(.addVoice(id, room: table.id))
        }
    }

    private mutating func isMixable(_ track: Int) -> Bool {
        guard upTracks[track]?.kind == .audio, upTracks[track]?.isMuted == false,
            upTracks[track]?.arrivingCodec == .opus
        else { return false }
        return !isRefused(track)
    }

    /// Whether a voice turned out not to be Opus that can be decoded.
    mutating func isRefused(_ track: Int) -> Bool {
        mixes.refused[track]?.generation == upTracks.generation(of: track)
    }

    private mutating func addMix(without own: UInt32?, to room: Int) {
        guard let table = mixes.rooms[room] else { return }
        let id = mixes.newID()
        // It comes from nobody: the session is that of a listener, and not asked for.
        var track = UpTrack(
            session: 0, section: NegotiatedSection(laneOf: .opus, payloadType: MixTable.payloadType))
        track.isMix = true
        _ = track.add(ssrc: id, rid: nil)
        let place = upTracks.insert(track)
        let mix = MixTable.Mix(
            id: id, track: place, without: own,
            packetizer: MixPacketizer(payloadType: MixTable.payloadType, ssrc: id))
        mixes.orders.append(.addMix(id, room: table.id, without: own, mix.encoding))
        mixes.rooms[room]?.mixes.append(mix)
        mixes.roomsByMix[id] = room
    }

    private mutating func removeMix(_ id: UInt32, of room: Int) {
        guard let index = mixes.rooms[room]?.mix(id), let table = mixes.rooms[room] else { return }
        let track = table.mixes[index].track
        mixes.rooms[room]?.mixes.remove(at: index)
        mixes.roomsByMix[id] = nil
        mixes.orders.append(.removeMix(id, room: table.id))
        for downTrack in upTracks[track]?.subscribers ?? [] {
            downTracks[downTrack]?.detach(track: UInt32(truncatingIfNeeded: track))
        }
        upTracks.remove(track)
        // Who heard it is given another with the next tick at the latest.
        rooms[room]?.isStale = true
    }

    private mutating func removeVoice(_ id: UInt32, of room: Int) {
        guard let index = mixes.rooms[room]?.voice(id), let table = mixes.rooms[room] else { return }
        let track = table.voices[index].track
        if upTracks.isOccupied(track), upTracks[track]?.voice == id { upTracks[track]?.voice = nil }
        mixes.rooms[room]?.voices.remove(at: index)
        mixes.roomsByVoice[id] = nil
        mixes.orders.append(.removeVoice(id, room: table.id))
        for mix in table.mixes where mix.without == id { removeMix(mix.id, of: room) }
    }

    /// Takes a track that ends out of its room's mixes.
    mutating func closeVoice(of track: Int) {
        guard upTracks.isOccupied(track), let id = upTracks[track]?.voice, let room = mixes.roomsByVoice[id]
        else { return }
        removeVoice(id, of: room)
    }

    /// Ends all mixes of a room.
    mutating func closeMixes(of room: Int) {
        guard let table = mixes.rooms[room] else { return }
        for mix in table.mixes { removeMix(mix.id, of: room) }
        for voice in table.voices { removeVoice(voice.id, of: room) }
        mixes.rooms[room] = nil
        mixes.orders.append(.closeRoom(table.id))
    }

    private mutating func refuse(voice id: UInt32, at now: Instant) {
        guard let room = mixes.roomsByVoice[id], let index = mixes.rooms[room]?.voice(id),
            let track = mixes.rooms[room]?.voices[index].track
        else { return }
        mixes.refused[track] = (upTracks.generation(of: track), now + Self.voiceRefusalTime)
        counters.mixVoicesRefused += 1
        removeVoice(id, of: room)
        rooms[room]?.isStale = true
    }

    /// Goes without the mixes of a room for some time.
    private mutating func refuseMixes(of id: UInt32, at now: Instant) {
        counters.mixFailures += 1
        guard let room = mixes.rooms.first(where: { $0.value.id == id })?.key, let name = rooms[room]?.id
        else {
            return
        }
        mixes.refusedRooms[name] = now + Self.roomRefusalTime
        closeMixes(of: room)
        rooms[room]?.isStale = true
    }

    // MARK: - From voices to listeners

    /// Takes a packet of a voice that is mixed.
    mutating func collect(
        _ packet: Span<UInt8>, _ header: RTPHeader, for voice: UInt32, of track: Int, at now: Instant
    ) {
        guard let room = mixes.roomsByVoice[voice], let id = mixes.rooms[room]?.id else { return }
        var level: UInt8?
        if let element = upTracks[track]?.identifiers.audioLevel, element != 0,
            let data = header.extensions.range(of: element, in: packet)
        {
            level = AudioLevel(parsing: packet, at: data)?.level
        }
        noteTalk(of: voice, level: level, in: room, at: now)
        mixes.orders.append(
            .packet(VoicePacket(packet, header, level: level, at: now), voice: voice, room: id))
    }

    /// Before a speaker's first word can be in the mix, it is given one without its voice.
    private mutating func noteTalk(of voice: UInt32, level: UInt8?, in room: Int, at now: Instant) {
        guard let index = mixes.rooms[room]?.voice(voice),
            mixes.rooms[room]?.voices[index].hasLevels == false || level ?? 0 <= Self.silentLevel
        else { return }
        let wasSilent = mixes.rooms[room]?.voices[index].lastHeard == nil
        mixes.rooms[room]?.voices[index].lastHeard = now
        // Who hears a voice that cannot be mixed is to hear the mix again.
        if wasSilent, !mixes.refused.isEmpty { rooms[room]?.isStale = true }
        guard wasSilent, let session = mixes.rooms[room]?.voices[index].session, wantsMix(session) else {
            return
        }
        assignSources(to: session)
    }

    private mutating func send(
        _ packet: MixPacket, of mix: UInt32, at now: Instant, into outbox: inout Outbox
    ) {
        guard let room = mixes.roomsByMix[mix], let index = mixes.rooms[room]?.mix(mix),
            let track = mixes.rooms[room]?.mixes[index].track,
            let bytes = mixes.rooms[room]?.mixes[index].packetizer.packetize(packet),
            let header = RTPHeader(parsing: bytes.span)
        else { return }
        let source = Session.Source(ssrc: mix, track: track, encoding: 0, isRetransmission: false)
        accept(bytes.span, header, of: source, from: 0, at: now, into: &outbox)
    }

    /// A mix has the clock of who speaks, so that sound and picture of that one keep together.
    private mutating func noteClock(
        of voice: UInt32, at timestamp: UInt32, shownAs shown: UInt32, at now: Instant
    ) {
        guard let room = mixes.roomsByVoice[voice], let table = mixes.rooms[room],
            let index = table.voice(voice)
        else { return }
        let track = table.voices[index].track
        guard rooms[room]?.speaking ?? table.voices[index].session == table.voices[index].session,
            let encoding = upTracks[track]?.preferredEncoding,
            let clock = upTracks[track]?.clock(of: encoding)
        else { return }
        let time = clock.time(of: timestamp, clockRate: Codec.opus.clockRate)
        for mix in table.mixes where mix.without != voice {
            upTracks[mix.track]?.receive(
                SenderReport(
                    ssrc: mix.id, ntpTimestamp: time.rawValue, rtpTimestamp: shown, packetCount: 0,
                    octetCount: 0), of: 0, at: now)
        }
    }

    private mutating func note(_ statistics: MixStatistics, of mix: UInt32, at now: Instant) {
        guard let room = mixes.roomsByMix[mix], let index = mixes.rooms[room]?.mix(mix),
            let former = mixes.rooms[room]?.mixes[index]
        else { return }
        if let since = former.toldAt, now > since {
            let bits = Double((statistics.bytes &- former.statistics.bytes) * 8)
            mixes.rooms[room]?.mixes[index].bitsPerSecond = Int(bits / (now - since).inSeconds)
        }
        mixes.rooms[room]?.mixes[index].toldAt = now
        mixes.rooms[room]?.mixes[index].statistics = statistics
    }

    /// Takes what a subscriber reports to have lost of a stream, of 256.
    mutating func noteLoss(_ fraction: UInt8, on downTrack: Int) {
        guard !mixes.rooms.isEmpty, let source = downTracks[downTrack]?.source, isCurrent(source),
            upTracks[Int(source.track)]?.isMix == true, let session = downTracks[downTrack]?.session,
            let room = sessions[session]?.room,
            let index = mixes.rooms[room]?.mixes.firstIndex(where: { $0.track == Int(source.track) }),
            let worst = mixes.rooms[room]?.mixes[index].worstLoss
        else { return }
        mixes.rooms[room]?.mixes[index].worstLoss = max(worst, fraction)
    }

    // MARK: - Time

    /// Does what is due for mixes: ends, speakers who have finished, losses to be prepared for.
    mutating func advanceMixes(to now: Instant) {
        guard now >= mixes.nextCheck else { return }
        mixes.nextCheck = now + Self.mixCheckInterval
        for (track, refusal) in mixes.refused where refusal.until <= now { mixes.refused[track] = nil }
        for (id, until) in mixes.refusedRooms where until <= now {
            mixes.refusedRooms[id] = nil
            if let room = roomsByID[id] { rooms[room]?.isStale = true }
        }
        guard !mixes.rooms.isEmpty else { return }
        let checksLosses = now >= mixes.nextLossCheck
        if checksLosses { mixes.nextLossCheck = now + Self.lossCheckInterval }
        for room in mixes.rooms.keys.sorted() {
            endTalks(in: room, at: now)
            if checksLosses { adaptMixes(of: room) }
            var isHeard = false
            for session in (rooms[room]?.watchers ?? []) + (rooms[room]?.participants ?? []) {
                isHeard = isHeard || wantsMix(session)
            }
            let since = isHeard ? nil : mixes.rooms[room]?.idleSince ?? now
            mixes.rooms[room]?.idleSince = since
            if let since, since + Self.mixIdleTime <= now { closeMixes(of: room) }
        }
    }

    private mutating func endTalks(in room: Int, at now: Instant) {
        for index in (mixes.rooms[room]?.voices ?? []).indices {
            guard let last = mixes.rooms[room]?.voices[index].lastHeard, last + Self.talkTime < now else {
                continue
            }
            mixes.rooms[room]?.voices[index].lastHeard = nil
            rooms[room]?.isStale = true
        }
    }

    /// Fits the encoding of each mix to what its listeners lose: at once when it gets worse, slowly when it gets better.
    private mutating func adaptMixes(of room: Int) {
        guard let table = mixes.rooms[room] else { return }
        for (index, mix) in table.mixes.enumerated() {
            let loss = max((Int(mix.worstLoss) * 100 + 128) / 256, mix.expectedLoss * 3 / 4)
            let encoding = VoiceEncoding.suited(toLoss: loss)
            mixes.rooms[room]?.mixes[index].worstLoss = 0
            mixes.rooms[room]?.mixes[index].expectedLoss = loss
            guard encoding != mix.encoding else { continue }
            mixes.rooms[room]?.mixes[index].encoding = encoding
            mixes.orders.append(.changeMix(mix.id, room: table.id, encoding))
        }
    }
}
