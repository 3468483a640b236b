import Forwarding
import Peering
import RTP
import Wire

// The packet path over links: one copy for each link at the origin, and from the link to the router at the edge.
extension Node {
    /// Header and the frame of the extension block.
    private static let verbatimRoom = 16

    // MARK: - At the origin

    /// Sends a packet to the nodes that mirror its track: everything as it came but for the SSRC.
    mutating func copyToLinks(
        _ packet: Span<UInt8>, _ header: RTPHeader, from origin: SourceReference, into outbox: inout Outbox
    ) {
        let track = Int(origin.track)
        let encoding = Int(origin.encoding)
        guard track < cascade.mirrors.count else { return }
        for index in cascade.mirrors[track].indices {
            guard encoding < cascade.mirrors[track][index].ssrcs.count else { return }
            let ssrc = cascade.mirrors[track][index].ssrcs[encoding]
            guard ssrc != 0 else { continue }
            let link = cascade.mirrors[track][index].link
            if let refusal = sendVerbatim(packet, header, as: ssrc, on: link, into: &outbox) {
                counters.drops[refusal] += 1
                continue
            }
            cascade.mirrors[track][index].packets[encoding] &+= 1
            cascade.mirrors[track][index].bytes[encoding] &+= UInt32(
                truncatingIfNeeded: header.payload.count)
            counters.linkPacketsSent += 1
        }
    }

    /// Writes one packet for a link. It depends on nothing but the packet and the SSRC, so that one that is sent again is
    /// the same byte for byte. Returns why it was not sent, or nil.
    mutating func sendVerbatim(
        _ packet: Span<UInt8>, _ header: RTPHeader, as ssrc: UInt32, on link: Int, into outbox: inout Outbox
    ) -> DropReason? {
        let block = header.extensions
        let hasBlock = block.form != .none && !block.range.isEmpty
        let capacity = header.payload.count + block.range.count + Self.verbatimRoom
        return cascade.links[link]?.peer.sendMedia(capacity: capacity, into: &outbox) { output in
            output.append(hasBlock ? 0x90 : 0x80)
            output.append(header.payloadType | (header.hasMarker ? 0x80 : 0))
            output.append(bigEndian: header.sequenceNumber)
            output.append(bigEndian: header.timestamp)
            output.append(bigEndian: ssrc)
            if hasBlock {
                // RFC 8285 sections 4.2 and 4.3; the block is of whole words.
                output.append(bigEndian: block.form == .oneByte ? 0xBEDE : 0x1000 as UInt16)
                output.append(bigEndian: UInt16(truncatingIfNeeded: block.range.count / 4))
                output.append(copying: packet, block.range)
            }
            output.append(copying: packet, header.payload)
            return true
        }
    }

    // MARK: - At the edge

    /// Takes a datagram of another node.
    mutating func receiveOverLink(
        _ datagram: inout MutableSpan<UInt8>, _ kind: DatagramKind, on link: Int,
        from source: SocketAddress, at now: Instant, into outbox: inout Outbox
    ) {
        var place: Int?
        if kind == .rtp {
            // Before decryption, so that SRTP keeps state for announced streams only.
            guard datagram.count >= RTPHeader.fixedLength else {
                counters.drops[.malformedRTP] += 1
                return
            }
            let ssrc = datagram.span.uint32(at: 8)
            place = cascade.links[link]?.place(of: ssrc)
            guard place != nil else {
                counters.drops[.unannouncedSource] += 1
                return
            }
        }
        let reception =
            cascade.links[link]?.peer.receive(
                &datagram, kind, from: source, at: now, context: context, into: &outbox) ?? .consumed
        switch reception {
        case .media(let length):
            guard let place else { return }
            receiveMirrored(
                datagram.span.extracting(0..<length), of: place, on: link, at: now, into: &outbox)
        case .control(let length):
            receiveLinkControl(datagram.span.extracting(0..<length), on: link, at: now, into: &outbox)
        case .dropped(let reason):
            counters.drops[reason] += 1
        case .event:
            closeLink(link, at: now)
        case .consumed:
            break
        }
    }

    private mutating func receiveMirrored(
        _ packet: Span<UInt8>, of place: Int, on link: Int, at now: Instant, into outbox: inout Outbox
    ) {
        guard let header = RTPHeader(parsing: packet) else {
            counters.drops[.malformedRTP] += 1
            return
        }
        counters.linkPacketsReceived += 1
        cascade.links[link]?.countArrival(place)
        guard let session = cascade.links[link]?.sources[place]?.session,
            let track = cascade.links[link]?.sources[place]?.track,
            let encoding = cascade.links[link]?.sources[place]?.encoding
                ?? beginMirrored(place, of: track, on: link)
        else {
            counters.drops[.unknownSource] += 1
            return
        }
        accept(
            packet, header,
            of: .init(ssrc: header.ssrc, track: track, encoding: encoding, isRetransmission: false),
            from: session, at: now, into: &outbox)
    }

    /// Adds the encoding of a stream whose first packet has come; one of the same label gives way to it.
    private mutating func beginMirrored(_ place: Int, of track: Int, on link: Int) -> Int? {
        guard let source = cascade.links[link]?.sources[place],
            let encoding = upTracks[track]?.add(ssrc: source.ssrc, rid: source.label)
        else { return nil }
        cascade.links[link]?.begin(place, as: encoding)
        if let room = sessions[source.session]?.room { assignSources(in: room) }
        return encoding
    }
}
