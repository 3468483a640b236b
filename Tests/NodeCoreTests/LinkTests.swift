import DTLS
import Forwarding
import Impairment
import Peering
import RTP
import SDP
import Testing
import Wire

@testable import NodeCore

/// Two nodes with a link between them; packets of publishers are put in after decryption.
private struct LinkedNodes: ~Copyable {
    static let addresses = [
        SocketAddress(ipv4: 0xC000_0201, port: 1), SocketAddress(ipv4: 0xC000_0202, port: 2),
    ]

    var origin: Node
    var edge: Node
    var outbox = Outbox(bytes: 1 << 20, entryLimit: 1024)
    var now = Instant.milliseconds(0)
    var generator: SplitMix64
    let room: RoomID
    /// Datagrams from the origin to the edge, and the other way, in place of the wire.
    var toEdge: [[UInt8]] = []
    var toOrigin: [[UInt8]] = []

    init() throws {
        var generator = SplitMix64(seed: 7)
        let now = Instant.milliseconds(0)
        guard let room = RoomID("room") else { throw SessionError.unknownRoom }
        var origin = try Node(
            NodeConfiguration(worker: 0, candidates: [Self.addresses[0]]), certificate: Certificate())
        var edge = try Node(
            NodeConfiguration(worker: 1, candidates: [Self.addresses[1]]), certificate: Certificate())
        let keys = LinkTerms.keys(using: &generator)
        _ = origin.openLink(
            to: NodeID(worker: 1), LinkTerms(address: Self.addresses[1], keys: keys.first), at: now)
        _ = edge.openLink(
            to: NodeID(worker: 0), LinkTerms(address: Self.addresses[0], keys: keys.second), at: now)
        self.origin = origin
        self.edge = edge
        self.room = room
        self.generator = generator
    }

    /// A publisher at the origin and a watcher at the edge. Returns the slot number of the publisher.
    mutating func populate() throws -> Int {
        let answer = try origin.open(
            .publish(as: nil), in: room, offer: Fixtures.offer("a_sendrecv_av"), at: now, using: &generator)
        _ = try edge.open(
            .watch(nil), in: room, offer: Fixtures.offer("a_sendrecv_av"), at: now, using: &generator)
        edge.follow(room, of: NodeID(worker: 0))
        carryMessages()
        guard let slot = origin.sessionsByID[answer.id] else { throw SessionError.unknownSession }
        return slot
    }

    /// Carries messages until there are none. Returns how many.
    @discardableResult
    mutating func carryMessages() -> Int {
        var count = 0
        while true {
            let messages = origin.takeLinkMessages() + edge.takeLinkMessages()
            guard !messages.isEmpty else { return count }
            count += messages.count
            for envelope in messages {
                if envelope.to == NodeID(worker: 0) {
                    origin.receive(envelope.message, from: envelope.from, at: now)
                } else {
                    edge.receive(envelope.message, from: envelope.from, at: now)
                }
            }
        }
    }

    /// The slot number of a publisher's first track of a kind.
    mutating func track(_ kind: MediaKind, of slot: Int) -> Int? {
        var found: Int?
        for track in origin.sessions[slot]?.upTracks ?? [] where origin.upTracks[track]?.kind == kind {
            found = found ?? track
        }
        return found
    }

    /// A packet of the publisher's first video track, with its MID, and a contributing source and padding that end here.
    mutating func send(_ number: UInt16, ssrc: UInt32 = 77, from slot: Int, fill: UInt8 = 1) throws {
        guard let track = track(.video, of: slot),
            let type = origin.upTracks[track]?.codecs.first?.payloadType,
            let id = origin.upTracks[track]?.identifiers.mid, let mid = origin.upTracks[track]?.mid
        else { throw SessionError.unknownSession }
        let element = [id << 4 | UInt8(mid.utf8.count - 1)] + Array(mid.utf8)
        let words = (element.count + 3) / 4
        var bytes: [UInt8] = [0xB1, 0x80 | type, UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
        bytes += [0, 0, UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
        bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ssrc >> $0) } + [9, 9, 9, 9]
        bytes += [0xBE, 0xDE, 0, UInt8(words)] + element
        bytes += [UInt8](repeating: 0, count: words * 4 - element.count)
        bytes += [UInt8](repeating: fill, count: 20) + [0, 0, 3]
        origin.receiveMedia(bytes.span, from: slot, at: now, into: &outbox)
        _ = origin.forward(at: now, into: &outbox)
        toEdge += collect()
    }

    /// Takes what is in the outbox.
    private mutating func collect() -> [[UInt8]] {
        var list: [[UInt8]] = []
        outbox.forEachDatagram { _, bytes in
            list.append([UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) })
        }
        outbox.removeAll()
        return list
    }

    mutating func deliverToEdge() {
        for datagram in toEdge {
            var bytes = datagram
            var span = bytes.mutableSpan
            edge.receive(&span, from: Self.addresses[0], at: now, into: &outbox)
        }
        toEdge = []
        toOrigin += collect()
    }

    mutating func deliverToOrigin() {
        for datagram in toOrigin {
            var bytes = datagram
            var span = bytes.mutableSpan
            origin.receive(&span, from: Self.addresses[1], at: now, into: &outbox)
        }
        toOrigin = []
        toEdge += collect()
    }

    mutating func advance(by milliseconds: Int64) {
        now = now + .milliseconds(milliseconds)
        origin.advance(to: now, into: &outbox)
        toEdge += collect()
        edge.advance(to: now, into: &outbox)
        toOrigin += collect()
    }

    /// The SSRC and number of a sealed RTP packet.
    static func numbers(_ datagram: [UInt8]) -> (ssrc: UInt32, number: UInt16) {
        (datagram.span.uint32(at: 8), datagram.span.uint16(at: 2))
    }
}

@Suite struct LinkTests {
    @Test func `a packet keeps everything but its SSRC, and loses contributing sources and padding`() throws {
        var nodes = try LinkedNodes()
        let slot = try nodes.populate()
        try nodes.send(500, from: slot, fill: 3)
        let count = nodes.toEdge.count
        #expect(count == 1)
        // Fixed header, extension block of two words at most, payload, tag.
        let first = nodes.toEdge.first
        let sealed = try #require(first)
        let (ssrc, number) = LinkedNodes.numbers(sealed)
        #expect(number == 500)
        #expect(ssrc != 77)
        #expect(sealed[0] == 0x90)
        nodes.deliverToEdge()
        let received = nodes.edge.counters.linkPacketsReceived
        #expect(received == 1)
        var mirrored: Int?
        for track in 0..<nodes.edge.upTracks.slotCount where nodes.edge.upTracks[track]?.encodingCount == 1 {
            mirrored = track
        }
        let track = try #require(mirrored)
        let stored = nodes.edge.upTracks[track]?.withStored(500, of: 0) { packet, header in
            (header: header, payload: header.payload.map { packet[$0] }, block: header.extensions.range.count)
        }
        let packet = try #require(stored ?? nil)
        #expect(packet.payload == [UInt8](repeating: 3, count: 20))
        #expect(packet.header.timestamp == 500)
        #expect(packet.header.hasMarker)
        #expect(packet.block > 0 && packet.block % 4 == 0)
    }

    @Test func `media before its announcement is dropped and counted`() throws {
        var nodes = try LinkedNodes()
        let slot = try nodes.populate()
        try nodes.send(1, from: slot)
        nodes.edge.closeLink(0, at: nodes.now)
        let keys = LinkTerms.keys(using: &nodes.generator)
        _ = nodes.edge.openLink(
            to: NodeID(worker: 0), LinkTerms(address: LinkedNodes.addresses[0], keys: keys.second),
            at: nodes.now)
        nodes.deliverToEdge()
        let drops = nodes.edge.counters.drops[.unannouncedSource]
        #expect(drops == 1)
    }

    @Test func `a source that begins anew gets another SSRC, so that no number is sealed twice`() throws {
        var nodes = try LinkedNodes()
        let slot = try nodes.populate()
        for number in 30000..<30010 as Range<UInt16> { try nodes.send(number, from: slot) }
        let first = nodes.toEdge.last.map { LinkedNodes.numbers($0).ssrc }
        nodes.deliverToEdge()
        // Back by more than any reordering: the first is taken for a stray, the second proves it.
        for number in 20000..<20010 as Range<UInt16> { try nodes.send(number, from: slot, fill: 9) }
        let second = nodes.toEdge.last.map { LinkedNodes.numbers($0).ssrc }
        #expect(first != nil && second != nil && second != first)
        let messages = nodes.carryMessages()
        #expect(messages == 1)
        nodes.deliverToEdge()
        let drops = nodes.edge.counters.drops[.unannouncedSource]
        #expect(drops == 0)
        // A request for a packet of the former stream finds nothing that could be sealed under the new one.
        let tracks = nodes.edge.gauges().mirroredTracks
        #expect(tracks == 2)
        let found = nodes.track(.video, of: slot)
        let track = try #require(found)
        let old = nodes.origin.upTracks[track]?.withStored(30005, of: 0) { _, _ in true }
        #expect((old ?? nil) == nil)
        let new = nodes.origin.upTracks[track]?.withStored(20005, of: 0) { _, _ in true }
        #expect((new ?? nil) == true)
    }

    @Test func `a loss on the link is asked for and answered with the same bytes`() throws {
        var nodes = try LinkedNodes()
        let slot = try nodes.populate()
        for number in 100..<110 as Range<UInt16> { try nodes.send(number, from: slot) }
        let lost = nodes.toEdge.remove(at: 5)
        nodes.deliverToEdge()
        for _ in 0..<3 { nodes.advance(by: 10) }
        nodes.deliverToOrigin()
        let isRepeated = nodes.toEdge.contains(lost)
        #expect(isRepeated)
        nodes.deliverToEdge()
        let received = nodes.edge.counters.linkPacketsReceived
        #expect(received == 10)
    }

    @Test func `what the origin misses, too, is not asked for again at once`() throws {
        var nodes = try LinkedNodes()
        let slot = try nodes.populate()
        for number in 100..<110 as Range<UInt16> where number != 105 { try nodes.send(number, from: slot) }
        nodes.deliverToEdge()
        for _ in 0..<25 {
            nodes.advance(by: 10)
            nodes.deliverToOrigin()
            nodes.deliverToEdge()
        }
        let asked = nodes.edge.counters.nacksSent
        #expect(asked == 1)
        // It comes late, as an ordinary packet.
        try nodes.send(105, from: slot)
        nodes.deliverToEdge()
        let received = nodes.edge.counters.linkPacketsReceived
        #expect(received == 10)
        let duplicates = nodes.edge.counters.drops[.duplicate]
        #expect(duplicates == 0)
    }

    @Test func `a picture loss at the edge is a subscriber's request at the origin`() throws {
        var nodes = try LinkedNodes()
        let slot = try nodes.populate()
        try nodes.send(1, from: slot)
        nodes.deliverToEdge()
        for track in 0..<nodes.edge.upTracks.slotCount where nodes.edge.upTracks[track]?.encodingCount == 1 {
            nodes.edge.upTracks[track]?.requestKeyFrame(of: 0)
        }
        for _ in 0..<3 { nodes.advance(by: 10) }
        nodes.deliverToOrigin()
        let received = nodes.origin.counters.keyFrameRequestsReceived
        #expect(received == 1)
        let found = nodes.track(.video, of: slot)
        let track = try #require(found)
        let isDue = nodes.origin.upTracks[track]?.takeKeyFrameRequest(of: 0, at: nodes.now)
        #expect(isDue == true)
    }

    @Test func `announcements of another subscription, over a chain, or of one's own are ignored`() throws {
        var nodes = try LinkedNodes()
        _ = try nodes.populate()
        let before = nodes.edge.gauges().mirroredTracks
        #expect(before == 2)
        func announcement(_ origin: Int, hops: Int) -> LinkAnnouncement {
            LinkAnnouncement(
                origin: NodeID(worker: origin), hops: hops, publisher: 99,
                participant: ParticipantID("ghost"), tracks: [])
        }
        for (subscription, origin, hops) in [(8, 0, 1), (1, 0, 2), (1, 1, 1), (1, 0, 0)]
            as [(UInt32, Int, Int)]
        {
            nodes.edge.receive(
                .announce(nodes.room, subscription: subscription, announcement(origin, hops: hops)),
                from: NodeID(worker: 0), at: nodes.now)
        }
        let described = try nodes.edge.describe(nodes.room)
        #expect(described.participants.count == 1)
        nodes.edge.receive(
            .announce(nodes.room, subscription: 1, announcement(0, hops: 1)), from: NodeID(worker: 0),
            at: nodes.now)
        let now = try nodes.edge.describe(nodes.room)
        #expect(now.participants.count == 2)
    }

    @Test func `a node that shuts down leaves no links, rooms or sessions`() throws {
        var nodes = try LinkedNodes()
        let slot = try nodes.populate()
        try nodes.send(1, from: slot)
        nodes.deliverToEdge()
        nodes.edge.shutDown(at: nodes.now, into: &nodes.outbox)
        nodes.origin.shutDown(at: nodes.now, into: &nodes.outbox)
        let edge = nodes.edge.gauges()
        let origin = nodes.origin.gauges()
        for gauges in [edge, origin] {
            #expect(gauges.links == 0 && gauges.rooms == 0 && gauges.roomsSpread == 0)
            #expect(gauges.upTracks == 0 && gauges.mirroredTracks == 0 && gauges.downTracks == 0)
            #expect(gauges.connecting == 0)
        }
        let fromEdge = nodes.edge.takeLinkMessages().count
        let fromOrigin = nodes.origin.takeLinkMessages().count
        let messages = fromEdge + fromOrigin
        #expect(messages == 0)
    }
}
