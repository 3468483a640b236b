import BasicContainers
package import DTLS
import Forwarding
import Peering
import RTP
import SDP
import STUN
package import Wire

/// One worker's world: all peers, rooms and tracks that it owns. Datagrams and a time go in, datagrams and events come
/// out; it opens no socket, starts no thread and reads no clock.
///
/// The packet path is `receive` here, `Peer.receive`, `forward` and `DownTrack.decide`, `Peer.sendMedia` into the
/// outbox: one synchronous run on one thread.
package struct Node: ~Copyable {
    /// While media comes: feedback and repairs are due every few milliseconds.
    private static let busyTick = Duration.milliseconds(10)
    private static let idleTick = Duration.milliseconds(50)
    /// Of watchers nothing is due as often: each is looked after in every fifth tick.
    private static let watcherTurn = 5
    /// What Ethernet carries, with room to spare; so large a datagram also leaves in one piece.
    private static let largestDatagram = 2048

    let configuration: NodeConfiguration
    let context: DTLSContext
    let fingerprint: [UInt8]
    var sessions = SlotTable<Session>()
    var upTracks = SlotTable<UpTrack>()
    var downTracks = SlotTable<DownTrack>()
    var rooms = SlotTable<Room>()
    var roomsByID: [RoomID: Int] = [:]
    var sessionsByID: [SessionID: Int] = [:]
    private var sessionsByAddress: [SocketAddress: Int] = [:]
    var sessionsByUfrag: [UInt64: Int] = [:]
    package internal(set) var counters = NodeCounters()
    var events: [NodeEvent] = []
    var notices: [ConferenceNotice] = []
    /// Rooms that have ended since `takeEndedRooms` was called.
    var endedRooms: [RoomID] = []
    var subscriberLinks = SlotTable<SubscriberLink>()
    /// By up track.
    var layerCache: [LayerCache] = []
    /// The number of the last event of a conference.
    var eventNumber: UInt64 = 0
    /// Sources that are transcoded, and what becomes of them.
    var lanes = LaneTable()
    /// Rooms whose voices are mixed, and what becomes of them.
    var mixes = MixTable()
    /// Links to other nodes and what goes over them.
    var cascade = Cascade()
    /// Sessions whose handshake has not ended.
    var connecting = 0
    private var nextTick: Instant?
    private var tick = 0
    /// When subscribers' links want to be served before that: for probes, and for packets that wait.
    var nextLinkTick: Instant?
    /// Media that has arrived and was not offered to subscribers yet.
    var batch = PacketBatch(largestPacket: Node.largestDatagram)
    /// Packets to ask a publisher for: kept to save an allocation per report.
    var missing: [UInt16] = []

    package init(_ configuration: NodeConfiguration, certificate: Certificate) throws(DTLSError) {
        let context = try DTLSContext(certificate: certificate)
        self.configuration = configuration
        fingerprint = certificate.fingerprint
        self.context = context
        missing.reserveCapacity(NACKGenerator.maximumMissing)
        Peer.prepare()
    }

    /// When `advance` wants to be called next; nil while there is nobody.
    package var deadline: Instant? {
        guard let nextLinkTick else { return nextTick }
        return min(nextLinkTick, nextTick ?? nextLinkTick)
    }

    /// The number of sessions whose remotes are connected to this node.
    package var sessionCount: Int { sessions.count - cascade.mirroredSessions }

    /// What has happened since the last call.
    package mutating func takeEvents() -> [NodeEvent] {
        guard !events.isEmpty else { return [] }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    // MARK: - Receiving

    /// Takes one datagram and forwards what is in it; what it calls for is appended to the outbox.
    package mutating func receive(
        _ datagram: inout MutableSpan<UInt8>, from source: SocketAddress, at now: Instant,
        into outbox: inout Outbox
    ) {
        collect(&datagram, from: source, at: now, into: &outbox)
        _ = forward(at: now, into: &outbox)
    }

    /// Whether what was collected is to be forwarded before more comes. Otherwise the node does that itself, however much
    /// it makes.
    package var isBatchFull: Bool { batch.isFull }

    /// Takes one datagram of several that have arrived. Media waits for `forward`, which is to be called after the last;
    /// whatever else it calls for is appended to the outbox.
    package mutating func collect(
        _ datagram: inout MutableSpan<UInt8>, from source: SocketAddress, at now: Instant,
        into outbox: inout Outbox
    ) {
        guard let kind = DatagramKind(of: datagram.span) else {
            counters.drops[.unknownProtocol] += 1
            return
        }
        guard datagram.count <= Self.largestDatagram else {
            counters.drops[.oversizedDatagram] += 1
            return
        }
        if kind == .stun {
            receiveCheck(datagram.span, from: source, at: now, into: &outbox)
            return
        }
        if !cascade.linksByAddress.isEmpty, let link = cascade.linksByAddress[source] {
            receiveOverLink(&datagram, kind, on: link, from: source, at: now, into: &outbox)
            return
        }
        guard let slot = sessionsByAddress[source] else {
            counters.drops[.unknownAddress] += 1
            return
        }
        let wasConnected = sessions[slot]?.peer.isConnected == true
        let reception =
            sessions[slot]?.peer.receive(
                &datagram, kind, from: source, at: now, context: context, into: &outbox)
            ?? .dropped(.unknownAddress)
        switch reception {
        case .consumed:
            break
        case .media(let length):
            receiveMedia(datagram.span.extracting(0..<length), from: slot, at: now, into: &outbox)
        case .control(let length):
            receiveControl(datagram.span.extracting(0..<length), from: slot, at: now, into: &outbox)
        case .event(let event):
            settle(event, of: slot, wasConnected: wasConnected, at: now)
        case .dropped(let reason):
            counters.drops[reason] += 1
        }
    }

    /// Does what is due: retransmits handshakes, sends reports and requests, ends silent sessions.
    package mutating func advance(to now: Instant, into outbox: inout Outbox) {
        if let due = nextLinkTick, due <= now { serveLinks(at: now, into: &outbox) }
        guard let due = nextTick, due <= now else { return }
        var hasPublishers = false
        tick &+= 1
        for slot in 0..<sessions.slotCount where sessions.isOccupied(slot) {
            if sessions[slot]?.hasLittleDue == true, (tick &+ slot) % Self.watcherTurn != 0 { continue }
            let wasConnected = sessions[slot]?.peer.isConnected == true
            if let event = sessions[slot]?.peer.advance(to: now, into: &outbox) {
                settle(event, of: slot, wasConnected: wasConnected, at: now)
                continue
            }
            if sessions[slot]?.mirrored != nil {
                hasPublishers = true
                sendFeedback(to: slot, at: now, into: &outbox)
                continue
            }
            guard sessions[slot]?.peer.isConnected == true else { continue }
            if sessions[slot]?.upTracks.isEmpty == false {
                hasPublishers = true
                sendFeedback(to: slot, at: now, into: &outbox)
            }
            sendReports(to: slot, at: now, into: &outbox, isPatient: sessions[slot]?.hasLittleDue == true)
            meterWire(of: slot, at: now)
            advanceLink(of: slot, at: now, into: &outbox)
        }
        advanceLanes(to: now, into: &outbox)
        advanceMixes(to: now)
        advanceConferences(to: now)
        planLinks(at: now)
        advanceLinks(to: now, into: &outbox)
        nextTick =
            sessions.count == 0 && cascade.links.count == 0
            ? nil
            : now
                + (hasPublishers || connecting > 0 || subscriberLinks.count > 0
                    ? Self.busyTick : Self.idleTick)
    }

    /// Makes sure that `advance` is called soon, after something was added.
    mutating func wake(at now: Instant) {
        nextTick = min(nextTick ?? now + Self.busyTick, now + Self.busyTick)
    }

    // MARK: - Connectivity

    private mutating func receiveCheck(
        _ datagram: Span<UInt8>, from source: SocketAddress, at now: Instant, into outbox: inout Outbox
    ) {
        let message: STUNMessage
        do {
            message = try STUNMessage(parsing: datagram)
        } catch {
            counters.drops[.malformedSTUN] += 1
            return
        }
        guard let parts = message.usernameParts(in: datagram), let key = UfragKey.key(datagram, parts.local),
            let slot = sessionsByUfrag[key], sessions.isOccupied(slot)
        else {
            counters.drops[.unknownUsername] += 1
            return
        }
        let former = sessions[slot]?.peer.ice.selected
        let previous = sessions[slot]?.peer.ice.previous
        let received = sessions[slot]?.peer.receive(
            message, in: datagram, from: source, at: now, context: context, into: &outbox)
        guard let (check, event) = received else { return }
        switch check {
        case .dropped(let reason):
            counters.drops[reason] += 1
        case .authentic(let isSelected, let forgotten):
            if let forgotten, sessionsByAddress[forgotten] == slot { sessionsByAddress[forgotten] = nil }
            sessionsByAddress[source] = slot
            if let previous, sessions[slot]?.peer.ice.previous == nil, let key = UfragKey.key(previous.ufrag)
            {
                sessionsByUfrag[key] = nil
            }
            if isSelected, let former, former != source { counters.addressChanges += 1 }
        }
        // A check starts a handshake at most, it never ends one.
        if let event { settle(event, of: slot, wasConnected: false, at: now) }
    }

    private mutating func settle(_ event: PeerEvent, of slot: Int, wasConnected: Bool, at now: Instant) {
        switch event {
        case .connected(let profile):
            connecting -= 1
            counters.sessionsConnected += 1
            if case .watch = sessions[slot]?.role { sessions[slot]?.hasLittleDue = true }
            if let room = sessions[slot]?.room { rooms[room]?.storm.joined(at: now) }
            report(.connected(profile), of: slot)
            announce(slot)
            assignSources(to: slot)
        case .closed(let reason):
            if !wasConnected { connecting -= 1 }
            remove(slot, reason: reason, at: now)
        }
    }

    /// Appends an event about a session.
    mutating func report(_ kind: NodeEvent.Kind, of slot: Int) {
        guard let id = sessions[slot]?.id, let place = sessions[slot]?.room, let room = rooms[place]?.id,
            let role = sessions[slot]?.role
        else { return }
        events.append(
            NodeEvent(
                kind: kind, session: id, room: room, role: role, participant: sessions[slot]?.participant))
    }

    /// Forgets the addresses of a session that ends.
    mutating func forgetAddresses(of slot: Int) {
        for address in sessions[slot]?.peer.ice.authenticated ?? [] where sessionsByAddress[address] == slot {
            sessionsByAddress[address] = nil
        }
    }
}

/// ICE user name fragments as integers: the node's own ones have eight characters, so a lookup needs no string.
enum UfragKey {
    static func key(_ datagram: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard range.count == 8 else { return nil }
        return datagram.uint64(at: range.lowerBound)
    }

    static func key(_ ufrag: String) -> UInt64? {
        guard ufrag.utf8.count == 8 else { return nil }
        return ufrag.utf8.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
