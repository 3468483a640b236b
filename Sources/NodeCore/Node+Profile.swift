import Congestion
import Forwarding
import SDP
import Transcoding
package import Wire

// Links that carry less than the smallest layer and the voices: one picture and one mixed voice, whatever the slots.
extension Node {
    /// What the mixed voice takes of a link: 16 kbit/s in 17 packets a second, all headers included.
    private static let mixedVoice = 27_000
    /// A voice that is forwarded: 32 kbit/s in 50 packets.
    private static let usualVoice = 58_000
    /// What a session that asked for little is sent in all; reports and checks of its transport come on top of it.
    private static let askedBitsPerSecond = 77_000
    /// What the whole service takes has to fit so many times before it is tried.
    private static let returnHeadroom = 1.3

    /// Takes what a session's client wishes to be served.
    package mutating func serve(
        _ wish: LinkProfile.Wish, to id: SessionID, at now: Instant
    ) throws(SessionError) {
        guard let slot = sessionsByID[id], var profile = sessions[slot]?.profile else {
            throw .unknownSession
        }
        profile.ask(wish)
        serve(profile, to: slot, at: now)
    }

    /// Takes what the controller of a room grants somebody who publishes or takes part there; see `MediaPlane.grant`.
    package mutating func grant(
        _ grant: LinkProfile.Wish?, to participant: ParticipantID, in id: RoomID, at now: Instant
    ) throws(SessionError) -> LinkProfile {
        guard let room = roomsByID[id] else { throw .unknownRoom }
        guard let slot = publisher(participant, in: room), sessions[slot]?.mirrored == nil,
            var profile = sessions[slot]?.profile
        else { throw .unknownParticipant(participant) }
        profile.grant(grant)
        serve(profile, to: slot, at: now)
        return profile
    }

    /// Lets a session have another profile, with all that comes of it.
    mutating func serve(_ profile: LinkProfile, to slot: Int, at now: Instant) {
        guard sessions[slot]?.profile != profile else { return }
        sessions[slot]?.profile = profile
        profileChanged(of: slot, at: now)
        allocateBandwidth(of: slot, at: now)
    }

    /// Whether a session's slots are served as a weak link's are. Who has asked for a lane by its name keeps to that.
    mutating func isWeak(_ session: Int) -> Bool {
        sessions[session]?.profile.isWeak == true && sessions[session]?.tier == nil
    }

    /// Finds out whether a session's profile is still right for its link. Without transport-wide feedback nothing tells
    /// that a link has recovered while little is sent, so that such a session is weak by its wish alone.
    mutating func judgeProfile(of session: Int, on link: Int, at now: Instant) {
        guard sessions[session]?.profile.isChosen == false, sessions[session]?.tier == nil,
            sessions[session]?.role != .echo,
            subscriberLinks[link]?.downlink.estimator.hasFeedback == true,
            let since = subscriberLinks[link]?.since,
            now >= since + SubscriberLink.benefitOfDoubt,
            let estimate = subscriberLinks[link]?.downlink.bitsPerSecond,
            let left = subscriberLinks[link]?.downlink.videoBitsPerSecond(at: now),
            let voice = subscriberLinks[link]?.downlink.audioBitsPerSecond(at: now)
        else { return }
        if sessions[session]?.profile.isWeak == false { subscriberLinks[link]?.voiceBitsPerSecond = voice }
        guard let smallest = smallestLayer(of: session, on: link, at: now) else { return }
        let whole = smallest + voices(of: session, on: link)
        let isLimited = subscriberLinks[link]?.limit.map { $0 < whole } ?? false
        let isOverfull = subscriberLinks[link]?.downlink.isOverfull(at: now) == true
        let isStarving = subscriberLinks[link]?.isStarving == true
        let evidence = LinkProfile.Evidence(
            isShort: left < max(smallest, 1), isProven: isOverfull || isStarving || isLimited,
            isBlank: isStarving && isBlank(session, on: link),
            hasRoom: Double(estimate) >= Double(whole) * Self.returnHeadroom)
        if sessions[session]?.profile.judge(evidence, at: now) == true {
            profileChanged(of: session, at: now)
        }
    }

    /// What is kept of a link's bits for the mixed voice, whether somebody speaks or not.
    mutating func reservedForVoice(of session: Int) -> Int {
        isWeak(session) && hasVoice(session) ? Self.mixedVoice : 0
    }

    /// Lets the probes look for what a weak link's slot could make use of: a better rate of its lane, another lane, the whole
    /// service.
    mutating func widen(
        _ summary: inout BitrateAllocator.Summary, of session: Int, on link: Int, at now: Instant
    ) {
        if let raised = bitsForRaisingLane(on: link) {
            summary.nextBitsPerSecond = min(summary.nextBitsPerSecond ?? raised, raised)
        }
        summary.desiredBitsPerSecond = max(summary.nextBitsPerSecond ?? 0, summary.bitsPerSecond)
        guard sessions[session]?.profile.reason == .estimate,
            let smallest = smallestLayer(of: session, on: link, at: now)
        else { return }
        let whole = Double(smallest + voices(of: session, on: link)) * Self.returnHeadroom
        summary.nextBitsPerSecond = summary.nextBitsPerSecond ?? Int(whole)
        summary.desiredBitsPerSecond = max(summary.desiredBitsPerSecond, Int(whole))
    }

    /// Of a link's video slots the one that is served while it is weak: the first that is pinned, else the first.
    mutating func servedPlace(of session: Int, on link: Int) -> Int? {
        let places = subscriberLinks[link]?.downTracks ?? []
        guard let slots = sessions[session]?.participation?.slots else {
            return places.firstIndex { downTracks[$0]?.source != nil || downTracks[$0]?.target != nil }
        }
        let shown = slots.filter { $0.kind == .video && $0.track != nil && !$0.isPaused }
        guard let chosen = shown.first(where: { $0.pin != nil }) ?? shown.first else { return nil }
        return places.firstIndex(of: chosen.downTrack)
    }

    /// The track that a link's slot shows or is to show, not what a lane makes of it.
    mutating func shownTrack(_ place: Int, on link: Int) -> Int? {
        guard let downTrack = subscriberLinks[link]?.downTracks[place],
            let sources = downTracks[downTrack]?.sources(), let source = sources.target ?? sources.present,
            isCurrent(source)
        else { return nil }
        return origin(of: Int(source.track))
    }

    // MARK: - Private

    private mutating func profileChanged(of session: Int, at now: Instant) {
        if let link = sessions[session]?.downlink {
            boundLink(link, of: session, at: now)
            subscriberLinks[link]?.laneBudget = nil
            // All that was learned of the slots was learned of others.
            for place in subscriberLinks[link]?.shown.indices ?? 0..<0 {
                subscriberLinks[link]?.shown[place] = nil
                subscriberLinks[link]?.allocator.slots[place].show(LayerOptions())
            }
            subscriberLinks[link]?.nextAllocation = nil
        }
        presume(of: session)
        if sessions[session]?.participation != nil, let room = sessions[session]?.room,
            let id = sessions[session]?.id, let profile = sessions[session]?.profile
        {
            notify(.profile(ConferenceSnapshot.Profile(profile)), in: room, to: id)
        }
        assignSources(to: session)
    }

    /// What slots without a source are taken to want until bits are divided: a source's first key frame may come before that, and as
    /// it is it would keep a weak link busy for a second.
    private mutating func presume(of session: Int) {
        guard sessions[session]?.tier == nil else { return }
        let isWeak = isWeak(session)
        var isFirst = true
        for downTrack in sessions[session]?.downTracks ?? [] where downTracks[downTrack]?.kind == .video {
            defer { isFirst = false }
            guard downTracks[downTrack]?.source == nil, downTracks[downTrack]?.target == nil else { continue }
            aim(
                downTrack,
                at: !isWeak ? .best : isFirst ? .lane(shortSide: Tier.p144.shortSide) : .paused)
        }
    }

    /// Holds a link to what its session was to be limited to.
    mutating func boundLink(_ link: Int, of session: Int, at now: Instant) {
        var most = subscriberLinks[link]?.limit ?? BandwidthEstimator.Limits().ceiling
        if isWeak(session), sessions[session]?.profile.isChosen == true {
            most = min(most, Self.askedBitsPerSecond)
        }
        subscriberLinks[link]?.downlink.limit(to: most, at: now)
    }

    /// What the smallest layer of what a link is to show takes; 0 if there is nothing to show, nil if that is not known yet.
    private mutating func smallestLayer(of session: Int, on link: Int, at now: Instant) -> Int? {
        guard let place = servedPlace(of: session, on: link), let track = shownTrack(place, on: link) else {
            return 0
        }
        let options = options(of: track, at: now)
        return options.isEmpty ? nil : Int(options[0].bitsPerSecond)
    }

    /// Whether the slot that would be served shows nothing.
    private mutating func isBlank(_ session: Int, on link: Int) -> Bool {
        guard let place = servedPlace(of: session, on: link) else { return false }
        return subscriberLinks[link]?.allocator.slots[place].choice == .paused
    }

    /// What the voices take when they are forwarded one by one.
    private mutating func voices(of session: Int, on link: Int) -> Int {
        hasVoice(session) ? max(subscriberLinks[link]?.voiceBitsPerSecond ?? 0, Self.usualVoice) : 0
    }

    private mutating func hasVoice(_ session: Int) -> Bool {
        (sessions[session]?.downTracks ?? []).contains { downTracks[$0]?.kind == .audio }
    }
}
