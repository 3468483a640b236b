import Congestion
import Forwarding
import Peering
import Wire

// What goes over the wire of each session, and what a session on a weak link is spared.
extension Node {
    /// How the way to a session's remote does; see `MediaPlane.link`.
    package mutating func link(of id: SessionID) throws(SessionError) -> SessionLink {
        guard let slot = sessionsByID[id], let profile = sessions[slot]?.profile,
            let traffic = sessions[slot]?.peer.traffic, let meter = sessions[slot]?.wire
        else { throw .unknownSession }
        let estimate = sessions[slot]?.downlink.flatMap { subscriberLinks[$0]?.downlink.bitsPerSecond }
        return SessionLink(
            profile: profile, bitsPerSecond: estimate, roundTrip: roundTrip(to: slot),
            sent: .init(traffic.sent, meter.sent), received: .init(traffic.received, meter.received))
    }

    /// Reads a session's counters of bytes, once a second, and fits what it is sent to its link.
    mutating func meterWire(of slot: Int, at now: Instant) {
        guard sessions[slot]?.wire.deadline ?? now <= now,
            let traffic = sessions[slot]?.peer.traffic
        else { return }
        sessions[slot]?.wire.sample(traffic, at: now)
        countWire(of: slot)
        fitToLink(slot, at: now)
    }

    /// Adds what went over a session's wire to the node's counters.
    mutating func countWire(of slot: Int) {
        guard let traffic = sessions[slot]?.peer.traffic,
            let bytes = sessions[slot]?.wire.takeUncounted(traffic)
        else { return }
        counters.wireBytesSent += bytes.sent
        counters.wireBytesReceived += bytes.received
    }

    /// Lets the down tracks of a session know how its link is, and how far away its remote is.
    private mutating func fitToLink(_ slot: Int, at now: Instant) {
        let isLossy = sessions[slot]?.losses.isFrequent(at: now) == true
        let quality: LinkQuality =
            sessions[slot]?.profile.isWeak == true ? .weak : isLossy ? .lossy : .good
        let trip = roundTrip(to: slot)
        sessions[slot]?.repairPatience = trip.map { $0 + .milliseconds(30) }
        for index in sessions[slot]?.downTracks ?? [] {
            downTracks[index]?.fit(to: quality, roundTrip: trip)
        }
    }

    /// Asks a lane for a picture that does without what a viewer on a weak link has lost and is not sent again.
    mutating func replaceLost(on index: Int, of track: Int, _ reason: DropReason, at now: Instant) {
        guard reason == .retransmissionTooLate || reason == .retransmissionBudget,
            upTracks[track]?.isLane == true, downTracks[index]?.takeResync(at: now) == true
        else { return }
        upTracks[track]?.requestKeyFrame(of: 0, because: .loss, .broken)
    }

    /// Asks a lane for a picture that does without what a viewer keeps asking for: without one it would be stuck until it asks
    /// for a key frame after some seconds.
    mutating func noteRepair(of outgoing: UInt16, on index: Int, of track: Int, at now: Instant) {
        guard upTracks[track]?.isLane == true, downTracks[index]?.isHopeless(outgoing, at: now) == true else {
            return
        }
        upTracks[track]?.requestKeyFrame(of: 0, because: .loss, .broken)
    }

    /// The longest round trip that any of a session's down tracks has measured.
    private mutating func roundTrip(to slot: Int) -> Duration? {
        var longest: Duration?
        for index in sessions[slot]?.downTracks ?? [] {
            if let trip = downTracks[index]?.roundTrip { longest = max(longest ?? trip, trip) }
        }
        return longest
    }
}

extension SessionLink.Direction {
    fileprivate init(_ traffic: WireTraffic.Direction, _ rate: WireMeter.Rate) {
        self.init(
            bytes: traffic.bytes, datagrams: traffic.datagrams, bitsPerSecond: rate.mean,
            peakBitsPerSecond: rate.peak)
    }
}
