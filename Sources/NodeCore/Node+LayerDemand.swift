import Forwarding
import Wire

// Which encodings of participants are wanted by anybody: the others need not be sent.
extension Node {
    private static let demandInterval = Duration.milliseconds(200)
    /// An encoding that was wanted is not switched off at once: what comes back costs a key frame.
    private static let demandMemory = Duration.seconds(5)

    /// Tells the participants of a room which of their encodings are wanted.
    mutating func tellDemand(in room: Int, at now: Instant) {
        guard rooms[room]?.nextDemandCheck ?? now <= now else { return }
        rooms[room]?.nextDemandCheck = now + Self.demandInterval
        for session in rooms[room]?.participants ?? [] {
            for index in 0..<(sessions[session]?.publications.count ?? 0) {
                tellDemand(for: index, of: session, in: room, at: now)
            }
        }
    }

    private mutating func tellDemand(for index: Int, of session: Int, in room: Int, at now: Instant) {
        guard let track = sessions[session]?.publications[index].track, let id = sessions[session]?.id,
            let mid = sessions[session]?.publications[index].told.mid,
            let count = upTracks[track]?.encodingCount, count > 1
        else { return }
        let wanted = wantedEncodings(of: track, at: now)
        let known = Set(layers(of: track, at: now).map(\.layer.encoding))
        var names: [String] = []
        for encoding in 0..<count {
            guard let rid = upTracks[track]?.rid(of: encoding) else { return }
            let number = UInt8(truncatingIfNeeded: encoding)
            // What its sender holds back, while it saves data or has no bits for it, can be chosen by nobody. Were it told
            // that it is not wanted, it would never come.
            if wanted.contains(number) || !known.contains(number) {
                sessions[session]?.publications[index].lastWanted[rid] = now
            } else if sessions[session]?.publications[index].lastWanted[rid] == nil {
                // Who has just come is not known to be unwanted yet.
                sessions[session]?.publications[index].lastWanted[rid] = now
            }
            if let last = sessions[session]?.publications[index].lastWanted[rid],
                last + Self.demandMemory > now
            {
                names.append(rid)
            }
        }
        guard sessions[session]?.publications[index].toldWanted ?? [] != names, !names.isEmpty else { return }
        keepDormant(of: track, except: names, at: now)
        let isFirst = sessions[session]?.publications[index].toldWanted == nil
        sessions[session]?.publications[index].toldWanted = names
        // All are sent until something else is said.
        if isFirst, names.count == count { return }
        notify(.layers(track: mid, wanted: names), in: room, to: id)
    }

    /// The encodings that somebody is given or waits for, and the lowest, for whoever comes next.
    private mutating func wantedEncodings(of track: Int, at now: Instant) -> Set<UInt8> {
        var wanted: Set<UInt8> = []
        let count = upTracks[track]?.encodingCount ?? 0
        for index in upTracks[track]?.subscribers ?? [] {
            switch downTracks[index]?.layerTarget {
            case .best: return Set((0..<count).map { UInt8(truncatingIfNeeded: $0) })
            case .layer(let layer): wanted.insert(layer.encoding)
            case .lane, .paused, nil: break
            }
            if let source = downTracks[index]?.source, Int(source.track) == track {
                wanted.insert(source.encoding)
            }
        }
        if let encoding = transcodedEncoding(of: track) { wanted.insert(encoding) }
        if track < cascade.mirrors.count, !cascade.mirrors[track].isEmpty {
            return Set((0..<count).map { UInt8(truncatingIfNeeded: $0) })
        }
        // By size, as a still picture can take more bits when it is small than some layers of a large one.
        let lowest = layers(of: track, at: now).min {
            ($0.height ?? .max, $0.bitsPerSecond) < ($1.height ?? .max, $1.bitsPerSecond)
        }
        if let lowest { wanted.insert(lowest.layer.encoding) }
        return wanted
    }

    /// Remembers what the encodings that will not be sent have to offer, so that they can be chosen all the same.
    private mutating func keepDormant(of track: Int, except names: [String], at now: Instant) {
        let known = layers(of: track, at: now)
        guard track < layerCache.count else { return }
        layerCache[track].dormant = known.filter { option in
            guard let rid = upTracks[track]?.rid(of: Int(option.layer.encoding)) else { return false }
            return !names.contains(rid)
        }
    }
}
