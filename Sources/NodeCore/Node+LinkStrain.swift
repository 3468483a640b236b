import Congestion
import Forwarding
package import Wire

// What shows that a subscriber's link is given more than it carries.
extension Node {
    /// Lets a session be sent no more than that; see `MediaPlane.limit`.
    package mutating func limit(
        _ id: SessionID, bitsPerSecond: Int, at now: Instant
    ) throws(SessionError) {
        guard let slot = sessionsByID[id] else { throw .unknownSession }
        // Without pictures there is nothing to choose.
        guard let link = sessions[slot]?.downlink else { return }
        subscriberLinks[link]?.limit = bitsPerSecond
        boundLink(link, of: slot, at: now)
        allocateBandwidth(of: slot, at: now)
    }

    /// Whether slots may be left without their smallest layer: only those of participants, who are told of it, and only where
    /// it was told that the link is overfull, or where little was asked for. Who is starved already has to prove that the link
    /// carries more: by a probe, or, where none could be measured, by what becomes of the smallest layers when they are tried
    /// again.
    mutating func mayStarve(_ session: Int, on link: Int, at now: Instant) -> Bool {
        guard sessions[session]?.isParticipant == true, let since = subscriberLinks[link]?.since,
            now >= since + SubscriberLink.benefitOfDoubt, let isStarving = subscriberLinks[link]?.isStarving
        else { return false }
        if subscriberLinks[link]?.downlink.estimator.hasFeedback == false,
            subscriberLinks[link]?.trial.isDue(isStarving: isStarving, at: now) == true
        {
            subscriberLinks[link]?.since = now
            return false
        }
        // Who has asked for little is not sent more than that.
        let isAsked = isWeak(session) && sessions[session]?.profile.isChosen == true
        return isAsked || isStarving || subscriberLinks[link]?.downlink.isOverfull(at: now) == true
    }

    /// Ends what plays where a lane is waited for, if the link still does not carry it: the lane would wait behind it.
    mutating func cutOverdraft(on link: Int, _ isOverdrawn: Bool) {
        subscriberLinks[link]?.cut = nil
        guard isOverdrawn else { return }
        for downTrack in subscriberLinks[link]?.downTracks ?? [] {
            guard let playing = downTracks[downTrack]?.source, isCurrent(playing),
                let next = downTracks[downTrack]?.target, isCurrent(next), next.track != playing.track,
                upTracks[Int(next.track)]?.isLane == true
            else { continue }
            upTracks[Int(playing.track)]?.unsubscribe(downTrack)
            downTracks[downTrack]?.detach(track: playing.track)
        }
    }

    /// What a link is sent at present, as far as layers are known: more than what the allocator has chosen while switches
    /// wait for their key frames.
    mutating func takenByPlaying(on link: Int, at now: Instant) -> Int {
        var sum = 0
        for (place, downTrack) in (subscriberLinks[link]?.downTracks ?? []).enumerated() {
            guard let slot = subscriberLinks[link]?.allocator.slots[place] else { continue }
            sum += playingBitsPerSecond(of: downTrack, slot, at: now)
        }
        return sum
    }

    /// What a slot is sent at present; 0 while that is nothing, or not known.
    mutating func playingBitsPerSecond(of downTrack: Int, _ slot: AllocatedSlot, at now: Instant) -> Int {
        guard let playing = downTracks[downTrack]?.layer, let source = downTracks[downTrack]?.source,
            isCurrent(source), let session = downTracks[downTrack]?.session
        else { return 0 }
        if let lane = lanes.route(ofTrack: Int(source.track)), let route = lanes.routes[lane] {
            return route.offer.bitsOnWire(at: route.target)
        }
        // Of a weak link's options some layers are left out.
        let options = isWeak(session) ? options(of: Int(source.track), at: now) : slot.options
        var most = 0
        for index in 0..<options.count {
            let layer = Layer(number: options[index].id)
            guard layer.encoding == playing.encoding, layer.spatial <= playing.spatial,
                layer.temporal <= playing.temporal
            else { continue }
            most = max(most, Int(options[index].bitsPerSecond))
        }
        return most
    }
}
