import BasicContainers
import Congestion
import Forwarding
import Peering
import RTP
import SDP
package import Wire

// From the packets that arrived together to the outbox, once for every subscriber.
extension Node {
    /// What a packet needs on the way out beyond its payload: header, extension block with MID, RTX's two bytes.
    private static let headerRoom = 96

    /// For so long the rest of a frame is waited for.
    private static let longestWait = Duration.milliseconds(1)
    /// With fewer subscribers an early packet is worth more than what one send for the whole frame saves.
    private static let crowd = 8

    /// Until when the packets that were collected should wait: nil if they should go at once. A publisher's packets that come
    /// one by one are sent one by one otherwise, which costs three times as much.
    package mutating func batchDeadline(at now: Instant) -> Instant? {
        guard !batch.isEmpty, batch.isUnfinished, now < batch.since + Self.longestWait else { return nil }
        for index in batch.chains.indices {
            let track = batch.chains[index].track
            guard upTracks[track]?.subscriber(Self.crowd - 1) != nil else { return nil }
        }
        return batch.since + Self.longestWait
    }

    /// Offers the packets that were collected to those who subscribe to them, and to links.
    ///
    /// - Parameter limit: stops when so many bytes wait in the outbox.
    /// - Returns: whether it stopped there: the caller sends what waits and calls again.
    package mutating func forward(at now: Instant, into outbox: inout Outbox, upTo limit: Int = .max) -> Bool
    {
        guard !batch.isEmpty else { return false }
        var offered = PacketBatch()
        swap(&offered, &batch)
        defer { swap(&offered, &batch) }
        while offered.chain < offered.chains.count {
            guard forwardChain(of: &offered, at: now, into: &outbox, upTo: limit) else { return true }
            offered.endChain()
        }
        offered.removeAll()
        return false
    }

    /// Offers the packets of one track. Returns whether all have had them.
    private mutating func forwardChain(
        of batch: inout PacketBatch, at now: Instant, into outbox: inout Outbox, upTo limit: Int
    ) -> Bool {
        let chain = batch.chains[batch.chain]
        let track = chain.track
        guard upTracks.isOccupied(track), upTracks.generation(of: track) == chain.generation else {
            // It ended between the arrival and now.
            counters.drops[.unknownSource] += UInt64(chain.count)
            return true
        }
        if batch.subscriber == 0, chain.count > 1 { batch.equalize(chain) }
        // What waits is found again in the source's store.
        let isHeld = chain.kind == .video && upTracks[track]?.isStored == true
        while let index = upTracks[track]?.subscriber(batch.subscriber) {
            guard outbox.byteCount < limit else { return false }
            offer(&batch, chain, isHeld: isHeld, to: index, at: now, into: &outbox)
            // Who is taken off the list leaves its place to another.
            if upTracks[track]?.subscriber(batch.subscriber) == index { batch.subscriber += 1 }
        }
        for encoding in batch.waiting.indices {
            guard let urgency = batch.waiting[encoding] else { continue }
            upTracks[track]?.requestKeyFrame(
                of: encoding, urgency, waiting: batch.waitingCounts[encoding])
        }
        var next: Int? = chain.first
        while let number = next {
            next = batch.entries[number].next
            copyToLinks(
                batch.bytes.span.extracting(batch.entries[number].place), batch.entries[number].header,
                from: batch.entries[number].origin, into: &outbox)
        }
        return true
    }

    /// Offers the packets of one track to one subscriber.
    private mutating func offer(
        _ batch: inout PacketBatch, _ chain: PacketBatch.Chain, isHeld: Bool, to index: Int,
        at now: Instant, into outbox: inout Outbox
    ) {
        // By encoding: how urgently a key frame was missing that did not come.
        var waiting = InlineArray<4, KeyFrameUrgency?>(repeating: nil)
        var next: Int? = chain.first
        while let number = next {
            let entry = batch.entries[number]
            next = entry.next
            let encoding = Int(entry.origin.encoding & 3)
            if entry.isRestart { downTracks[index]?.restart(entry.origin) }
            let decision =
                downTracks[index]?.decide(entry.header, entry.description, of: entry.origin, at: now)
                ?? .drop(.inactiveLayer)
            switch decision {
            case .send(let rewrite):
                waiting[encoding] = nil
                if let replaced = rewrite.replaced, replaced.track != entry.origin.track {
                    upTracks[Int(replaced.track)]?.unsubscribe(index)
                }
                if isHeld,
                    hold(
                        rewrite.numbers.sequenceNumber, payloadType: rewrite.payloadType,
                        bytes: entry.place.count, .video, of: index, at: now)
                {
                    continue
                }
                let refusal = send(
                    batch.bytes.span.extracting(entry.place), entry.header, entry.extensions, as: rewrite,
                    chain.kind, padding: entry.padding, on: index, at: now, into: &outbox)
                if let refusal {
                    counters.drops[refusal] += 1
                } else {
                    counters.packetsForwarded += 1
                    counters.bytesForwarded += UInt64(entry.header.payload.count)
                }
            case .drop(let reason):
                counters.drops[reason] += 1
                if case .waitingForKeyFrame = reason {
                    waiting[encoding] = max(
                        waiting[encoding] ?? .other, downTracks[index]?.urgency(of: entry.origin) ?? .other)
                }
                if case .inactiveLayer = reason,
                    downTracks[index]?.follows(track: entry.origin.track) == false
                {
                    upTracks[chain.track]?.unsubscribe(index)
                    return
                }
            }
        }
        for encoding in batch.waiting.indices {
            guard let urgency = waiting[encoding] else { continue }
            batch.waiting[encoding] = max(batch.waiting[encoding] ?? .other, urgency)
            batch.waitingCounts[encoding] += 1
        }
        // A report that is due goes along as the last, shorter segment of what is sent.
        if let session = downTracks[index]?.session { sendReports(to: session, at: now, into: &outbox) }
    }

    /// Writes one packet for one subscriber. Returns why it was not sent, or nil.
    ///
    /// - Parameter padding: bytes of padding (RFC 3550 section 5.1), if the packet may have any.
    mutating func send(
        _ packet: Span<UInt8>, _ header: RTPHeader, _ extensions: ForwardedExtensions,
        as rewrite: DownTrack.Rewrite, _ kind: PacketKind, padding: UInt8 = 0, on downTrack: Int,
        at now: Instant, into outbox: inout Outbox
    ) -> DropReason? {
        let padding = rewrite.mayBePadded ? padding : 0
        let capacity =
            header.payload.count + header.extensions.range.count + Self.headerRoom + Int(padding)
        let sendTime = rewrite.identifiers.absoluteSendTime == 0 ? nil : AbsoluteSendTime(now)
        var transportSequence: UInt16?
        if sessions[rewrite.session]?.downlink != nil {
            // The header with an extension block, the tag.
            let bytes = header.payload.count + 12 + 12 + 16 + Int(padding)
            let number = count(bytes: bytes, kind, to: rewrite.session, at: now)
            transportSequence = rewrite.identifiers.transportWideCC == 0 ? nil : number
        }
        let refusal = sessions[rewrite.session]?.peer.sendMedia(capacity: capacity, into: &outbox) { output in
            output.append(padding > 0 ? 0xA0 : 0x80)
            output.append(rewrite.payloadType | (rewrite.hasMarker ? 0x80 : 0))
            output.append(bigEndian: rewrite.numbers.sequenceNumber)
            output.append(bigEndian: rewrite.numbers.timestamp)
            output.append(bigEndian: rewrite.ssrc)
            if extensions.write(
                identifiers: rewrite.identifiers, mid: rewrite.mid, transportSequence: transportSequence,
                sendTime: sendTime, playoutDelay: rewrite.playoutDelay,
                frameNumberOffset: rewrite.frameNumberOffset, from: packet, into: &output)
            {
                var written = output.mutableSpan
                written[0] |= 0x10
            }
            if let original = rewrite.originalSequenceNumber { output.append(bigEndian: original) }
            let start = output.count
            output.append(copying: packet, header.payload)
            if !rewrite.patch.isEmpty {
                var written = output.mutableSpan
                rewrite.patch.apply(to: &written, at: start)
            }
            if padding > 0 {
                for _ in 1..<padding { output.append(0) }
                output.append(padding)
            }
            return true
        }
        if let refusal = refusal { return refusal }
        downTracks[downTrack]?.sent(payloadBytes: header.payload.count)
        return nil
    }
}
