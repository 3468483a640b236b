import Congestion
import Forwarding
import Peering
import RTP
import SDP
import Wire

// What each subscriber's link carries, and which layers that buys.
extension Node {
    private static let tellInterval = Duration.seconds(1)

    /// Makes the link of a session that receives pictures.
    mutating func addLink(to session: inout Session, _ slot: Int, _ sections: [NegotiatedSection]) {
        let sending = sections.filter(\.direction.sends)
        let hasFeedback = sending.contains { section in
            section.extensions.contains { $0.kind == .transportWideCC }
        }
        let pictures = zip(session.downTracks, sending).filter { $1.kind == .video }.map(\.0)
        guard !pictures.isEmpty, pictures.count <= BitrateAllocator.maximumSlots else { return }
        let canPad = pictures.contains { downTracks[$0]?.retransmissionSSRC != nil }
        session.downlink = subscriberLinks.insert(
            SubscriberLink(session: slot, downTracks: pictures, hasFeedback: hasFeedback, canPad: canPad))
    }

    /// Takes transport-wide feedback of a subscriber.
    mutating func receive(
        _ feedback: TransportFeedbackHeader, in compound: Span<UInt8>, from session: Int, at now: Instant
    ) {
        guard let link = sessions[session]?.downlink else { return }
        subscriberLinks[link]?.downlink.receive(feedback, in: compound, at: now)
        counters.feedbackReceived += 1
    }

    /// Takes a subscriber's own estimate.
    mutating func receive(remb bitsPerSecond: UInt64, from session: Int, at now: Instant) {
        guard let link = sessions[session]?.downlink else { return }
        subscriberLinks[link]?.downlink.receive(remb: bitsPerSecond, at: now)
    }

    /// Takes the worst loss that a subscriber has reported.
    mutating func receive(loss fraction: Double, roundTrip: Duration?, from session: Int, at now: Instant) {
        guard let link = sessions[session]?.downlink else { return }
        subscriberLinks[link]?.downlink.receive(lossFraction: fraction, roundTrip: roundTrip, at: now)
    }

    /// Does what is due for one subscriber's link: held packets, probes, another choice of layers.
    mutating func advanceLink(of session: Int, at now: Instant, into outbox: inout Outbox) {
        guard let link = sessions[session]?.downlink else { return }
        subscriberLinks[link]?.advance(to: now)
        sendHeld(on: link, at: now, into: &outbox)
        sendPadding(on: link, at: now, into: &outbox)
        if subscriberLinks[link]?.nextAllocation ?? now <= now { allocateBandwidth(of: session, at: now) }
        tellBandwidth(of: session, on: link, at: now)
    }

    /// Sends what is due on links between two ticks. Probes and paced packets want steps of a millisecond: sent in lumps
    /// they would queue, and a link would seem narrower than it is.
    mutating func serveLinks(at now: Instant, into outbox: inout Outbox) {
        for link in 0..<subscriberLinks.slotCount where subscriberLinks.isOccupied(link) {
            guard let due = subscriberLinks[link]?.deadline, due <= now else { continue }
            subscriberLinks[link]?.advance(to: now)
            sendHeld(on: link, at: now, into: &outbox)
            sendPadding(on: link, at: now, into: &outbox)
        }
        planLinks(at: now)
    }

    /// Finds out when a link is due next.
    mutating func planLinks(at now: Instant) {
        var earliest: Instant?
        for link in 0..<subscriberLinks.slotCount where subscriberLinks.isOccupied(link) {
            guard let due = subscriberLinks[link]?.deadline else { continue }
            earliest = min(earliest ?? due, due)
        }
        nextLinkTick = earliest.map { max($0, now + SubscriberLink.shortestStep) }
    }

    /// Divides what the link carries over a session's slots.
    mutating func allocateBandwidth(of session: Int, at now: Instant) {
        guard let link = sessions[session]?.downlink, sessions[session]?.peer.isConnected == true else {
            return
        }
        judgeProfile(of: session, on: link, at: now)
        subscriberLinks[link]?.nextAllocation = now + SubscriberLink.allocationInterval
        let reserve = reservedForVoice(of: session)
        guard
            let measured = subscriberLinks[link]?.downlink.videoBitsPerSecond(
                at: now, reservingForAudio: reserve)
        else { return }
        subscriberLinks[link]?.noteLaneBudget(measured)
        let downTracks = subscriberLinks[link]?.downTracks ?? []
        let served = self.isWeak(session) ? servedPlace(of: session, on: link) : nil
        for (place, downTrack) in downTracks.enumerated() {
            prepare(place, of: link, downTrack, of: session, isServed: served == place, at: now)
        }
        var budget = measured
        // Nothing is taken away on suspicion: an estimate that is low because little was sent yet proves nothing.
        if !mayStarve(session, on: link, at: now) {
            budget = max(budget, smallest(of: link))
        }
        guard var summary = subscriberLinks[link]?.allocator.allocate(budget, at: now) else { return }
        if measured < summary.bitsPerSecond {
            // What is given on trust is to be proven: by a probe, as the media alone raises the estimate slowly.
            summary.nextBitsPerSecond = summary.bitsPerSecond
        }
        let isWeak = isWeak(session)
        // What does not fit anyway is not held back, nor is the first picture.
        let isNew = subscriberLinks[link]?.since.map { now < $0 + SubscriberLink.benefitOfDoubt } ?? true
        subscriberLinks[link]?.downlink.isGentle = isWeak && !isNew && summary.bitsPerSecond <= measured
        if isWeak { widen(&summary, of: session, on: link, at: now) }
        subscriberLinks[link]?.downlink.wish(for: summary, at: now)
        let isOverdrawn = takenByPlaying(on: link, at: now) > measured
        for (place, downTrack) in downTracks.enumerated() {
            guard let slot = subscriberLinks[link]?.allocator.slots[place],
                subscriberLinks[link]?.shown[place] != nil
            else {
                continue
            }
            // A lane that was asked for by name stays.
            if sessions[session]?.tier != nil { continue }
            // Of a source that has just begun nothing is measured yet.
            if slot.options.isEmpty, slot.wantedHeight > 0 { continue }
            let target: LayerTarget =
                switch slot.choice {
                case .unused, .paused: .paused
                case .layer(let number): ServedOption(number: number).target
                }
            if self.downTracks[downTrack]?.layerTarget != target {
                let isLess =
                    slot.bitsPerSecond(of: slot.choice) < playingBitsPerSecond(of: downTrack, slot, at: now)
                aim(downTrack, at: target, isEasing: isOverdrawn && isLess)
                let isToBeCut = isOverdrawn && isLess && isWeak
                subscriberLinks[link]?.cut = isToBeCut ? now + SubscriberLink.overdraft : nil
            }
        }
        if let cut = subscriberLinks[link]?.cut, cut <= now { cutOverdraft(on: link, isOverdrawn) }
    }

    /// The size in pixels of what a slot shows, where known.
    mutating func size(shownBy downTrack: Int, at now: Instant) -> (width: Int?, height: Int?) {
        guard let source = downTracks[downTrack]?.source, let layer = downTracks[downTrack]?.layer else {
            return (nil, nil)
        }
        for option in layers(of: Int(source.track), at: now).reversed()
        where option.layer.encoding == layer.encoding && option.layer.spatial <= layer.spatial {
            return (option.width, option.height)
        }
        return (nil, nil)
    }

    /// Whether the link is too narrow for the smallest layer of what a slot is to show.
    mutating func isStarved(_ downTrack: Int, of session: Int) -> Bool {
        guard let link = sessions[session]?.downlink else { return false }
        return subscriberLinks[link]?.choice(of: downTrack) == .paused
            && downTracks[downTrack]?.isPaused == true
    }

    // MARK: - Sending

    /// Counts a packet that is about to go to a subscriber. Returns its transport-wide number.
    mutating func count(
        bytes: Int, _ kind: PacketKind, to session: Int, at now: Instant
    ) -> UInt16? {
        guard let link = sessions[session]?.downlink else { return nil }
        if subscriberLinks[link]?.since == nil { subscriberLinks[link]?.since = now }
        return subscriberLinks[link]?.downlink.sent(bytes: bytes, kind: kind, at: now)
    }

    /// Holds a video packet back if the subscriber's link is busy. Returns whether it waits now; the caller sends it if not.
    /// Without feedback nothing is known of the link, and nothing is held back; nor for WHEP's watchers, who have one
    /// picture and nothing that it could wait for, unless their link is weak: there a voice has to pass.
    mutating func hold(
        _ sequenceNumber: UInt16, payloadType: UInt8, bytes: Int, _ kind: PacketKind, of downTrack: Int,
        at now: Instant
    ) -> Bool {
        guard let session = downTracks[downTrack]?.session, let link = sessions[session]?.downlink,
            let ssrc = downTracks[downTrack]?.ssrc,
            sessions[session]?.isParticipant == true || sessions[session]?.profile.isWeak == true,
            subscriberLinks[link]?.downlink.estimator.hasFeedback == true
        else { return false }
        let isFree =
            subscriberLinks[link]?.hasAhead(of: kind) == false
            && subscriberLinks[link]?.downlink.canSend(at: now) == true
        guard !isFree, let place = subscriberLinks[link]?.downTracks.firstIndex(of: downTrack) else {
            return false
        }
        let held = QueuedPacket(
            reference: SubscriberLink.HeldPacket(
                downTrack: Int32(truncatingIfNeeded: downTrack), ssrc: ssrc, sequenceNumber: sequenceNumber,
                payloadType: payloadType),
            bytes: bytes, slot: place, kind: kind)
        guard subscriberLinks[link]?.hold(held) == true else {
            guard kind == .retransmission else { return false }
            counters.drops[.retransmissionBudget] += 1
            return true
        }
        nextLinkTick = min(
            nextLinkTick ?? now + SubscriberLink.shortestStep, now + SubscriberLink.shortestStep)
        // A lane's key frame takes a second of its bits, and a resync frame may follow: they have to come through.
        let patience = sessions[session]?.profile.isWeak == true ? 6 : 1
        if let pacing = subscriberLinks[link]?.downlink.pacingBitsPerSecond,
            let full = subscriberLinks[link]?.slotToDrop(pacing: pacing * patience)
        {
            giveUp(Int(full), of: link, at: now)
        }
        return true
    }

    private mutating func giveUp(_ place: Int, of link: Int, at now: Instant) {
        let dropped = subscriberLinks[link]?.drop(slot: UInt8(truncatingIfNeeded: place)) ?? 0
        counters.drops[.pacingQueueFull] += UInt64(dropped)
        guard let downTrack = subscriberLinks[link]?.downTracks[place] else { return }
        downTracks[downTrack]?.waitForKeyFrame()
        if let source = downTracks[downTrack]?.target, isCurrent(source) {
            upTracks[Int(source.track)]?.requestKeyFrame(
                of: Int(source.encoding), because: .congestion, .broken)
        }
    }

    private mutating func sendHeld(on link: Int, at now: Instant, into outbox: inout Outbox) {
        while let held = subscriberLinks[link]?.nextHeld(at: now) { send(held, at: now, into: &outbox) }
    }

    private mutating func send(
        _ held: SubscriberLink.HeldPacketOfKind, at now: Instant, into outbox: inout Outbox
    ) {
        let downTrack = Int(held.packet.downTrack)
        guard downTracks[downTrack]?.ssrc == held.packet.ssrc else { return }
        sendStored(
            held.packet.sequenceNumber, payloadType: held.packet.payloadType, held.kind,
            on: downTrack, at: now, into: &outbox)
    }

    /// Sends padding while a probe wants it, on the RTX stream of the first slot that has one: it repairs nothing, and the
    /// remote drops it once it is counted. Repairs that wait go instead.
    private mutating func sendPadding(on link: Int, at now: Instant, into outbox: inout Outbox) {
        guard let session = subscriberLinks[link]?.session else { return }
        while let wanted = subscriberLinks[link]?.downlink.padding(at: now) {
            if let repair = subscriberLinks[link]?.nextRepair() {
                send(repair, at: now, into: &outbox)
                continue
            }
            var isSent = false
            for downTrack in subscriberLinks[link]?.downTracks ?? [] {
                guard let padding = downTracks[downTrack]?.padding() else { continue }
                isSent = send(padding, bytes: wanted, on: downTrack, of: session, at: now, into: &outbox)
                break
            }
            guard isSent else { return }
            counters.paddingSent += 1
        }
    }

    /// Writes a packet that is only padding (RFC 3550 section 5.1). Returns whether it was sent.
    private mutating func send(
        _ padding: PaddingHeader, bytes: Int, on downTrack: Int, of session: Int, at now: Instant,
        into outbox: inout Outbox
    ) -> Bool {
        guard let identifiers = downTracks[downTrack]?.identifiers, let mid = downTracks[downTrack]?.mid,
            identifiers.transportWideCC != 0 || identifiers.absoluteSendTime != 0
        else { return false }
        // Header, extensions with MID and number, tag.
        let overhead = 12 + 4 + 16 + 16
        let count = min(max(bytes - overhead, 1), 255)
        guard let number = self.count(bytes: count + overhead, .padding, to: session, at: now) else {
            return false
        }
        let refusal = sessions[session]?.peer.sendMedia(capacity: count + 64, into: &outbox) { output in
            output.append(0xB0)
            output.append(padding.payloadType)
            output.append(bigEndian: padding.sequenceNumber)
            output.append(bigEndian: padding.timestamp)
            output.append(bigEndian: padding.ssrc)
            _ = ForwardedExtensions.none.write(
                identifiers: identifiers, mid: mid,
                transportSequence: identifiers.transportWideCC == 0 ? nil : number,
                sendTime: identifiers.absoluteSendTime == 0 ? nil : AbsoluteSendTime(now), from: Span(),
                into: &output)
            for _ in 1..<count { output.append(0) }
            output.append(UInt8(truncatingIfNeeded: count))
            return true
        }
        return refusal == nil
    }

    // MARK: - Choosing

    /// Tells the allocator what one slot is to show and what there is of it.
    private mutating func prepare(
        _ place: Int, of link: Int, _ downTrack: Int, of session: Int, isServed: Bool, at now: Instant
    ) {
        let isWeak = isWeak(session)
        var track = shownTrack(place, on: link)
        if sessions[session]?.tier != nil {
            let source = downTracks[downTrack]?.target ?? downTracks[downTrack]?.source
            track = source.flatMap { isCurrent($0) ? Int($0.track) : nil }
        }
        var height = BitrateAllocator.anyHeight
        if let slot = sessions[session]?.participation?.slots.first(where: { $0.downTrack == downTrack }) {
            height = slot.isPaused ? 0 : slot.height ?? BitrateAllocator.anyHeight
        }
        if isWeak, !isServed { height = 0 }
        var options = LayerOptions()
        if let track {
            options =
                isWeak
                ? weakOptions(of: track, for: downTrack, on: link, at: now) : self.options(of: track, at: now)
        }
        if subscriberLinks[link]?.shown[place] != track {
            subscriberLinks[link]?.shown[place] = track
            subscriberLinks[link]?.allocator.slots[place].show(options)
        } else {
            subscriberLinks[link]?.allocator.slots[place].options = options
        }
        if subscriberLinks[link]?.allocator.slots[place].wantedHeight != height {
            subscriberLinks[link]?.allocator.slots[place].wantedHeight = height
            // A large picture is worth more than a thumbnail.
            subscriberLinks[link]?.allocator.slots[place].priority = height >= 360 ? 1 : 0
        }
    }

    /// The budget with which every slot gets the smallest layer at least.
    private mutating func smallest(of link: Int) -> Int {
        var sum = 0
        for slot in subscriberLinks[link]?.allocator.slots ?? []
        where slot.wantedHeight > 0 && !slot.options.isEmpty {
            sum += Int(slot.options[0].bitsPerSecond)
        }
        return Int(Double(sum) * SubscriberLink.allocatorHeadroom)
    }

    private mutating func tellBandwidth(of session: Int, on link: Int, at now: Instant) {
        guard sessions[session]?.isParticipant == true, let room = sessions[session]?.room,
            let id = sessions[session]?.id, let estimate = subscriberLinks[link]?.downlink.bitsPerSecond,
            sessions[session]?.participation?.nextBandwidth ?? now <= now
        else { return }
        sessions[session]?.participation?.nextBandwidth = now + Self.tellInterval
        let told = sessions[session]?.participation?.toldBitsPerSecond ?? 0
        guard abs(estimate - told) * 10 > told else { return }
        sessions[session]?.participation?.toldBitsPerSecond = estimate
        notify(.bandwidth(estimate), in: room, to: id)
    }
}
