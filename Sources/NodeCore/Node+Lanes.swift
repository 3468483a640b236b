import Codecs
import Forwarding
import RTP
import SDP
package import Transcoding
package import Wire

// Lanes: what of a source is transcoded for those whose links or screens are too small for any of its layers.
extension Node {
    /// A lane that nobody watches ends after so long.
    private static let laneIdleTime = Duration.seconds(10)
    private static let choiceInterval = Duration.seconds(1)
    /// Until a source that was refused is tried again.
    private static let refusalTime = Duration.seconds(10)
    /// A source is given up after so many pictures in a row that cannot be decoded, as it may be encrypted, or that find too many
    /// waiting.
    private static let damageLimit = 20

    /// What the thread of lanes is to do, since the last call.
    package mutating func takeLaneOrders() -> [LaneOrder] {
        guard !lanes.orders.isEmpty else { return [] }
        defer { lanes.orders.removeAll(keepingCapacity: true) }
        return lanes.orders
    }

    /// Takes what the thread of lanes tells; frames leave as packets.
    package mutating func receive(_ report: LaneReport, at now: Instant, into outbox: inout Outbox) {
        switch report {
        case .frame(let lane, let frame): send(frame, of: lane, at: now, into: &outbox)
        case .damaged(let source): noteDamage(to: source, at: now)
        case .dropped(let source): noteDrop(of: source, at: now)
        case .failed(let source, _): giveUp(source, because: .undecodable, at: now)
        case .refused(let lane):
            guard let route = lanes.routes[lane], let track = lanes.sources[route.source]?.track else {
                return
            }
            refuse(track, .noCPU, at: now)
            removeLane(lane)
        case .statistics(let lane, let statistics, let effort):
            note(statistics, effort, of: lane, at: now)
        }
    }

    /// Lets a session be sent a lane's pictures of this size, never larger ones, instead of any layer of its sources.
    package mutating func prefer(_ tier: Tier, in id: SessionID) throws(SessionError) {
        guard let session = sessionsByID[id] else { throw .unknownSession }
        sessions[session]?.tier = tier
        for downTrack in sessions[session]?.downTracks ?? [] where downTracks[downTrack]?.kind == .video {
            aim(downTrack, at: .lane(shortSide: tier.shortSide, grade: .exact))
        }
    }

    // MARK: - Choosing

    /// The up track that a lane's frames come from, else the track itself.
    mutating func origin(of track: Int) -> Int {
        guard upTracks.isOccupied(track), upTracks[track]?.isLane == true,
            let lane = lanes.route(ofTrack: track), let source = lanes.routes[lane]?.source
        else { return track }
        return lanes.sources[source]?.track ?? track
    }

    /// The lane of a track in a size, in the codec that a subscriber prefers; it is made if there is none. Nil if it cannot
    /// be had.
    mutating func lane(
        of track: Int, shortSide: Int, _ grade: LaneGrade, for downTrack: Int
    ) -> SourceReference? {
        guard let tier = Tier.allCases.last(where: { $0.shortSide <= shortSide }) ?? Tier.allCases.first,
            let codec = downTracks[downTrack]?.laneCodec?.laneCodec, upTracks.isOccupied(track)
        else { return nil }
        let offer = LaneOffer(tier: tier, grade: grade)
        if let known = route(to: offer, of: track, codec), let route = lanes.routes[known] {
            // Who comes may want another size than those who are there: it is to begin with that.
            lanes.nextRates = Instant(nanoseconds: .min)
            return reference(to: route.track)
        }
        guard whyNoLane(of: track, for: downTrack) == nil,
            let arriving = upTracks[track]?.arrivingCodec?.laneCodec
        else { return nil }
        let source = upTracks[track]?.transcoder ?? openTranscoder(of: track, arriving, for: tier)
        return reference(to: addLane(of: source, offer, codec))
    }

    /// The lane of a track that is already made, if it is.
    mutating func route(to offer: LaneOffer, of track: Int, _ codec: VPXCodec) -> UInt32? {
        guard upTracks.isOccupied(track), let source = upTracks[track]?.transcoder else { return nil }
        for (id, route) in lanes.routes
        where route.source == source && route.offer == offer && route.codec == codec {
            return id
        }
        return nil
    }

    /// Why no lane of a track can be made for a subscriber; nil if one can.
    mutating func whyNoLane(of track: Int, for downTrack: Int) -> ConferenceSnapshot.Slot.Reason? {
        guard downTracks[downTrack]?.laneCodec?.laneCodec != nil, upTracks.isOccupied(track),
            upTracks[track]?.isLane == false, upTracks[track]?.arrivingCodec?.laneCodec != nil
        else { return .codec }
        guard let refusal = lanes.refused[track], refusal.generation == upTracks.generation(of: track) else {
            return nil
        }
        return refusal.reason
    }

    /// The encoding of a track that is decoded for lanes, if one is.
    mutating func transcodedEncoding(of track: Int) -> UInt8? {
        guard let id = upTracks[track]?.transcoder, let source = lanes.sources[id] else { return nil }
        return UInt8(truncatingIfNeeded: source.successor?.encoding ?? source.encoding)
    }

    private mutating func reference(to track: Int) -> SourceReference {
        SourceReference(
            track: UInt32(truncatingIfNeeded: track), generation: upTracks.generation(of: track), encoding: 0)
    }

    // MARK: - Making and ending

    private mutating func openTranscoder(of track: Int, _ codec: VPXCodec, for tier: Tier) -> UInt32 {
        let id = lanes.newID()
        let known = encoding(of: track, atLeast: tier.shortSide, among: lastLayers(of: track))
        let encoding = known ?? upTracks[track]?.preferredEncoding ?? 0
        let shortSide = upTracks[track]?.shortSide(of: encoding) ?? tier.shortSide
        let video: VideoCodec = codec == .vp8 ? .vp8 : .vp9
        lanes.sources[id] = LaneTable.Source(
            track: track, codec: video, encoding: encoding, assembler: FrameAssembler(video),
            nextChoice: Instant(nanoseconds: .min))
        upTracks[track]?.transcoder = id
        lanes.orders.append(.openSource(id, codec, shortSide: shortSide))
        upTracks[track]?.requestKeyFrame(of: encoding, because: .lane, .broken)
        return id
    }

    private mutating func addLane(of source: UInt32, _ offer: LaneOffer, _ codec: VPXCodec) -> Int {
        let id = lanes.newID()
        let session = lanes.sources[source].flatMap { upTracks[$0.track]?.session } ?? 0
        let negotiated: Codec = codec == .vp8 ? .vp8 : .vp9(profile: 0)
        var track = UpTrack(
            session: session,
            section: NegotiatedSection(laneOf: negotiated, payloadType: LaneTable.payloadType))
        track.isLane = true
        _ = track.add(ssrc: id, rid: nil)
        let place = upTracks.insert(track)
        let rate = offer.rates.upperBound
        var settings = LaneSettings(codec: codec, tier: offer.tier)
        settings.bitsPerSecond = rate
        settings.framesPerSecond = offer.framesPerSecond(at: rate)
        settings.adaptsFrameRate = offer.grade != .still
        settings.beginsSmall = true
        lanes.routes[id] = LaneTable.Route(
            source: source, track: place, offer: offer, codec: codec,
            packetizer: LanePacketizer(codec, payloadType: LaneTable.payloadType, ssrc: id), target: rate)
        lanes.orders.append(.addLane(id, source: source, settings))
        lanes.nextRates = Instant(nanoseconds: .min)
        lanes.sources[source]?.nextChoice = Instant(nanoseconds: .min)
        counters.lanesOpened += 1
        return place
    }

    /// Ends a lane; those who watch it go back to a layer of its source, or wait for another lane.
    private mutating func removeLane(_ id: UInt32) {
        guard let route = lanes.routes.removeValue(forKey: id) else { return }
        lanes.orders.append(.removeLane(id, source: route.source))
        let origin = lanes.sources[route.source]?.track
        for downTrack in upTracks[route.track]?.subscribers ?? [] {
            if let origin { show(origin, in: downTrack) }
            downTracks[downTrack]?.detach(track: UInt32(truncatingIfNeeded: route.track))
        }
        upTracks.remove(route.track)
        if !lanes.routes.values.contains(where: { $0.source == route.source }), let origin {
            closeTranscoder(of: origin)
        }
    }

    /// Ends all lanes of a track.
    mutating func closeTranscoder(of track: Int) {
        guard upTracks.isOccupied(track), let id = upTracks[track]?.transcoder else { return }
        upTracks[track]?.transcoder = nil
        lanes.sources[id] = nil
        for (lane, route) in lanes.routes where route.source == id { removeLane(lane) }
        lanes.orders.append(.closeSource(id))
    }

    private mutating func refuse(
        _ track: Int, _ reason: ConferenceSnapshot.Slot.Reason, at now: Instant
    ) {
        lanes.refused[track] = (upTracks.generation(of: track), now + Self.refusalTime, reason)
        lanes.nextRetry = lanes.nextRetry ?? now + Self.refusalTime
        counters.lanesRefused += 1
    }

    private mutating func giveUp(
        _ source: UInt32, because reason: ConferenceSnapshot.Slot.Reason, at now: Instant
    ) {
        guard let track = lanes.sources[source]?.track else { return }
        refuse(track, reason, at: now)
        for (lane, route) in lanes.routes where route.source == source { removeLane(lane) }
    }

    // MARK: - From the source

    /// Takes a packet of a source that is transcoded.
    mutating func collect(
        _ packet: Span<UInt8>, _ header: RTPHeader, of encoding: Int, for id: UInt32, at now: Instant
    ) {
        if lanes.sources[id]?.encoding == encoding {
            lanes.sources[id]?.assembler.receive(packet, header, at: now)
            orderFrames(of: id, at: now)
        } else if lanes.sources[id]?.successor?.encoding == encoding {
            lanes.sources[id]?.successor?.assembler.receive(packet, header, at: now)
            guard let frame = lanes.sources[id]?.successor?.assembler.nextFrame(at: now),
                let successor = lanes.sources[id]?.successor
            else { return }
            // Its first picture is a key frame: from here on it is the source.
            lanes.sources[id]?.encoding = successor.encoding
            lanes.sources[id]?.assembler = successor.assembler
            lanes.sources[id]?.successor = nil
            lanes.sources[id]?.clock.change(to: frame.timestamp, at: now)
            order(frame, of: id, at: now)
            orderFrames(of: id, at: now)
        }
    }

    private mutating func orderFrames(of id: UInt32, at now: Instant) {
        while let frame = lanes.sources[id]?.assembler.nextFrame(at: now) { order(frame, of: id, at: now) }
    }

    private mutating func order(_ frame: EncodedFrame, of id: UInt32, at now: Instant) {
        var frame = frame
        frame.timestamp = lanes.sources[id]?.clock.place(frame.timestamp, at: now) ?? frame.timestamp
        lanes.sources[id]?.arrivals.note(frame.timestamp, at: now)
        lanes.sources[id]?.intake.pictures += 1
        lanes.sources[id]?.intake.bytes += UInt64(frame.bytes.count)
        lanes.orders.append(.frame(source: id, frame, at: now))
    }

    /// What the publisher says of its clocks holds for its lanes, too: they keep its timestamps, or go on with them.
    mutating func copyToLanes(_ report: SenderReport, of source: Session.Source, at now: Instant) {
        guard let id = upTracks[source.track]?.transcoder, lanes.sources[id]?.encoding == source.encoding
        else { return }
        var report = report
        report.rtpTimestamp &+= lanes.sources[id]?.clock.offset ?? 0
        for route in lanes.routes.values where route.source == id {
            upTracks[route.track]?.receive(report, of: 0, at: now)
        }
    }

    private mutating func noteDamage(to id: UInt32, at now: Instant) {
        guard let source = lanes.sources[id] else { return }
        counters.lanePicturesDamaged += 1
        lanes.sources[id]?.damaged += 1
        resume(id, at: now)
        if source.damaged + 1 >= Self.damageLimit { giveUp(id, because: .undecodable, at: now) }
    }

    private mutating func noteDrop(of id: UInt32, at now: Instant) {
        guard let source = lanes.sources[id] else { return }
        lanes.sources[id]?.intake.dropped += 1
        lanes.sources[id]?.dropped += 1
        resume(id, at: now)
        if source.dropped + 1 >= Self.damageLimit { giveUp(id, because: .noCPU, at: now) }
    }

    /// Nothing of a source is of use until its next key frame.
    private mutating func resume(_ id: UInt32, at now: Instant) {
        guard let source = lanes.sources[id] else { return }
        lanes.sources[id]?.assembler.requireKeyFrame()
        upTracks[source.track]?.requestKeyFrame(of: source.encoding, because: .lane, .broken)
    }

    // MARK: - To the viewers

    private mutating func send(
        _ frame: LaneFrame, of lane: UInt32, at now: Instant, into outbox: inout Outbox
    ) {
        guard var route = lanes.routes.removeValue(forKey: lane), upTracks.isOccupied(route.track),
            let session = upTracks[route.track]?.session
        else { return }
        lanes.sources[route.source]?.damaged = 0
        lanes.sources[route.source]?.dropped = 0
        if let arrival = lanes.sources[route.source]?.arrivals.time(of: frame.timestamp) {
            route.delay.note(now - arrival)
        }
        let source = Session.Source(ssrc: lane, track: route.track, encoding: 0, isRetransmission: false)
        if frame.kind != .delta { _ = upTracks[route.track]?.keyFrameArrived(of: 0, at: now) }
        route.packetizer.packetize(frame) { packet, audience in
            guard let header = RTPHeader(parsing: packet) else { return }
            accept(packet, header, of: source, from: session, audience: audience, at: now, into: &outbox)
        }
        lanes.routes[lane] = route
    }

    private mutating func note(
        _ statistics: LaneStatistics, _ effort: Effort, of lane: UInt32, at now: Instant
    ) {
        guard let former = lanes.routes[lane] else { return }
        if let since = former.toldAt, now > since {
            let seconds = (now - since).inSeconds
            let frames =
                statistics.keyFrames + statistics.resyncFrames + statistics.deltaFrames
                - former.statistics.keyFrames - former.statistics.resyncFrames
                - former.statistics.deltaFrames
            lanes.routes[lane]?.bitsPerSecond = Int(
                Double((statistics.bytes - former.statistics.bytes) * 8) / seconds)
            lanes.routes[lane]?.framesPerSecond = Double(frames) / seconds
        }
        lanes.routes[lane]?.toldAt = now
        lanes.routes[lane]?.statistics = statistics
        lanes.routes[lane]?.effort = effort
    }

    // MARK: - Time

    /// Does what is due for lanes: gaps that nobody fills any more, key frames, ends, another encoding to decode.
    mutating func advanceLanes(to now: Instant, into outbox: inout Outbox) {
        if let retry = lanes.nextRetry, retry <= now { retryRefused(at: now) }
        guard !lanes.sources.isEmpty else { return }
        for id in lanes.sources.keys.sorted() {
            orderFrames(of: id, at: now)
            guard let source = lanes.sources[id] else { continue }
            if source.assembler.needsKeyFrame {
                upTracks[source.track]?.requestKeyFrame(of: source.encoding, because: .lane, .broken)
            }
            if let successor = source.successor {
                upTracks[source.track]?.requestKeyFrame(of: successor.encoding, because: .lane)
            }
            if source.nextChoice <= now { chooseEncoding(of: id, at: now) }
        }
        if lanes.nextRates <= now { adaptLanes(at: now) }
        for id in lanes.routes.keys.sorted() {
            guard let route = lanes.routes[id] else { continue }
            if upTracks[route.track]?.takeKeyFrameRequest(of: 0, at: now) == true {
                lanes.orders.append(.resync(id, source: route.source))
            }
            if upTracks[route.track]?.subscribers.isEmpty == true {
                let since = route.idleSince ?? now
                lanes.routes[id]?.idleSince = since
                if since + Self.laneIdleTime <= now { removeLane(id) }
            } else {
                lanes.routes[id]?.idleSince = nil
            }
        }
    }

    /// Decodes the smallest encoding that is as large as the largest of the source's lanes may become.
    private mutating func chooseEncoding(of id: UInt32, at now: Instant) {
        guard let source = lanes.sources[id] else { return }
        lanes.sources[id]?.nextChoice = now + Self.choiceInterval
        let needed =
            lanes.routes.values.filter { $0.source == id }
            .map { max($0.tier.shortSide, $0.largestShortSide ?? 0) }.max() ?? 0
        guard
            let best = encoding(
                of: source.track, atLeast: needed, among: layers(of: source.track, at: now))
        else { return }
        guard best != source.encoding else {
            lanes.sources[id]?.successor = nil
            return
        }
        guard source.successor?.encoding != best else { return }
        lanes.sources[id]?.successor = (best, FrameAssembler(source.codec))
        upTracks[source.track]?.requestKeyFrame(of: best, because: .lane)
    }

    /// The smallest encoding of a track whose short side has so many pixels, else the largest; nil if no size is known.
    private mutating func encoding(
        of track: Int, atLeast shortSide: Int, among options: [Forwarding.LayerOption]
    ) -> Int? {
        let sized = options.sorted { $0.bitsPerSecond < $1.bitsPerSecond }.filter { $0.size.isKnown }
        let fitting = sized.first { min(Int($0.size.width), Int($0.size.height)) >= shortSide } ?? sized.last
        guard let best = fitting.map({ Int($0.layer.encoding) }), best < upTracks[track]?.encodingCount ?? 0
        else { return nil }
        return best
    }

    /// Lets those who were refused a lane ask again.
    private mutating func retryRefused(at now: Instant) {
        lanes.nextRetry = nil
        for (track, refusal) in lanes.refused where refusal.until <= now { lanes.refused[track] = nil }
        if let next = lanes.refused.values.map(\.until).min() { lanes.nextRetry = next }
        for downTrack in 0..<downTracks.slotCount where downTracks.isOccupied(downTrack) {
            guard case .lane = downTracks[downTrack]?.layerTarget,
                let source = downTracks[downTrack]?.source, isCurrent(source),
                upTracks[Int(source.track)]?.isLane == false
            else { continue }
            show(Int(source.track), in: downTrack)
        }
    }
}
