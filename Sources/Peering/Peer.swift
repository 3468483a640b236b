package import DTLS
import SRTP
package import STUN
package import Wire

/// One transport of one remote: ICE-lite, DTLS and SRTP over whatever address the remote has proven to be its own.
///
///     waiting --authentic check--> handshaking --keys--> connected --close_notify, silence, request--> closed
///        '-------- time limit -----------'---------------------------------------------------------------^
///
/// Datagrams and a time go in; datagrams go into the outbox, decrypted packets stay in place, changes come out.
package struct Peer: ~Copyable {
    /// What became of an arriving datagram.
    package enum Reception: Sendable {
        /// It was for the transport itself, and nothing that others must know of has changed.
        case consumed
        /// An RTP packet of this length stands decrypted at the datagram's start.
        case media(length: Int)
        /// A compound RTCP packet of this length stands decrypted at the datagram's start.
        case control(length: Int)
        case event(PeerEvent)
        case dropped(DropReason)
    }

    private enum Phase {
        case waiting, handshaking, connected, closed
        /// There is no transport of its own.
        case absent
    }

    /// From the answer to the first check, and from there to the keys.
    private static let connectLimit = Duration.seconds(30)
    /// RFC 7675 section 5.1.
    private static let consentLimit = Duration.seconds(30)
    /// More than any client sends at once: layers, their RTX and FEC of 64 sections.
    private static let sourceLimit = 256

    /// The slot number in the node's table, by which the outbox chains this peer's datagrams.
    package let slot: Int
    package private(set) var ice: ICELiteAgent
    /// All that has gone over the wire, both ways.
    package private(set) var traffic = WireTraffic()
    private let localRole: DTLSConnection.Role
    private let fingerprints: [RemoteFingerprint]
    private var phase = Phase.waiting
    private var dtls: DTLSConnection?
    /// Whether the handshake's memory was given back.
    private var hasReleased = false
    /// Where the handshake came to its end, by an address that had passed a check.
    private var handshakeAddress: SocketAddress?
    private var inbound: SRTPSession?
    private var outbound: SRTPSession?
    private var sources: [UInt32] = []
    /// After how much silence a connected peer counts as gone; nil: never.
    private let silenceLimit: Duration?
    /// Whether `sources` is kept, and limited.
    private let boundsSources: Bool
    /// When something authentic last came: a check, or a packet that only the holder of the keys can have sent.
    private var lastHeard: Instant

    package init(
        slot: Int, local: ICECredentials, remoteUfrag: String, fingerprints: [RemoteFingerprint],
        role: DTLSConnection.Role, at now: Instant
    ) {
        self.slot = slot
        ice = ICELiteAgent(local: local, remoteUfrag: remoteUfrag)
        self.fingerprints = fingerprints
        localRole = role
        lastHeard = now
        silenceLimit = Self.consentLimit
        boundsSources = true
    }

    /// The end of a link between two nodes: address and keys were agreed on elsewhere, so that media can flow at once.
    /// Without STUN and DTLS only authentic packets tell that the other end is there; both ends report every second.
    ///
    /// It does not bound the SSRCs that it hears of: the owner lets only announced ones through, and says with `forget`
    /// which are over.
    ///
    /// - Parameters:
    ///   - keys: of AES-GCM, fresh for this link.
    ///   - silenceLimit: after how much silence the link counts as lost; nil: never.
    package init?(
        slot: Int, linkTo remote: SocketAddress, keys: SRTPKeyingMaterial, silenceLimit: Duration?,
        at now: Instant
    ) {
        guard keys.profile != .aes128CMSHA1With80BitTag,
            let inbound = try? SRTPSession(
                .inbound, profile: keys.profile.session, keyAndSalt: keys.remote),
            let outbound = try? SRTPSession(
                .outbound, profile: keys.profile.session, keyAndSalt: keys.local)
        else { return nil }
        self.slot = slot
        ice = ICELiteAgent(fixed: remote)
        fingerprints = []
        localRole = .server
        lastHeard = now
        self.inbound = consume inbound
        self.outbound = consume outbound
        self.silenceLimit = silenceLimit
        boundsSources = false
        phase = .connected
    }

    /// The peer of a session whose remote is reached over a link of another peer: it never connects and never ends.
    package init(behindLink slot: Int, at now: Instant) {
        self.slot = slot
        ice = ICELiteAgent(fixed: nil)
        fingerprints = []
        localRole = .server
        lastHeard = now
        silenceLimit = nil
        boundsSources = true
        phase = .absent
    }

    /// Sets up what all peers share, lest the first of them waits for it.
    package static func prepare() {
        SRTPSession.prepare()
    }

    /// Whether media can flow.
    package var isConnected: Bool {
        switch phase {
        case .connected: true
        case .waiting, .handshaking, .closed, .absent: false
        }
    }

    /// When `advance` wants to be called next.
    package var deadline: Instant {
        let never = Instant(nanoseconds: .max)
        let expiry =
            switch phase {
            case .connected: silenceLimit.map { lastHeard + $0 } ?? never
            case .waiting, .handshaking, .closed: lastHeard + Self.connectLimit
            case .absent: never
            }
        return switch dtls {
        case .some(let connection): min(expiry, connection.deadline ?? expiry)
        case nil: expiry
        }
    }

    // MARK: - Receiving

    /// Answers a STUN message whose user name is this peer's.
    package mutating func receive(
        _ message: STUNMessage, in datagram: Span<UInt8>, from source: SocketAddress, at now: Instant,
        context: borrowing DTLSContext, into outbox: inout Outbox
    ) -> (check: ICELiteAgent.CheckResult, event: PeerEvent?) {
        traffic.noteReceived(datagram.count, from: source)
        let first = outbox.entries.count
        let result = ice.receive(message, in: datagram, from: source, peer: slot, into: &outbox)
        traffic.noteSent(in: outbox, from: first)
        guard case .authentic = result else { return (result, nil) }
        switch phase {
        case .waiting:
            // The time limit of the handshake starts with the first check.
            lastHeard = now
            phase = .handshaking
            guard localRole == .client else { return (result, nil) }
            return (result, startHandshake(at: now, context: context, into: &outbox))
        case .connected:
            lastHeard = now
            return (result, nil)
        case .handshaking, .closed, .absent:
            return (result, nil)
        }
    }

    /// Takes a datagram that is not STUN from an address that passed a check.
    package mutating func receive(
        _ datagram: inout MutableSpan<UInt8>, _ kind: DatagramKind, from source: SocketAddress,
        at now: Instant,
        context: borrowing DTLSContext, into outbox: inout Outbox
    ) -> Reception {
        traffic.noteReceived(datagram.count, from: source)
        switch kind {
        case .stun:
            return .dropped(.unexpectedSTUN)
        case .dtls:
            let first = outbox.entries.count
            let reception = receiveDTLS(
                datagram.span, from: source, at: now, context: context, into: &outbox)
            traffic.noteSent(in: outbox, from: first)
            return reception
        case .rtp, .rtcp:
            guard isConnected else { return .dropped(.notConnected) }
            do {
                let length: Int
                if kind == .rtp {
                    guard isExpected(sourceAt: 8, of: datagram.span) else { return .dropped(.tooManySources) }
                    length = try inbound?.unprotect(&datagram) ?? 0
                    remember(sourceAt: 8, of: datagram.span)
                } else {
                    guard isExpected(sourceAt: 4, of: datagram.span) else { return .dropped(.tooManySources) }
                    length = try inbound?.unprotectControl(&datagram) ?? 0
                    remember(sourceAt: 4, of: datagram.span)
                }
                lastHeard = now
                if !hasReleased {
                    dtls?.release()
                    hasReleased = true
                }
                return kind == .rtp ? .media(length: length) : .control(length: length)
            } catch .replayed {
                return .dropped(.replayed)
            } catch {
                return .dropped(.unauthenticSRTP)
            }
        }
    }

    /// Resends an overdue flight, or ends a peer that has been silent for too long.
    package mutating func advance(to now: Instant, into outbox: inout Outbox) -> PeerEvent? {
        guard deadline <= now else { return nil }
        switch phase {
        case .waiting:
            return close(.unreachable)
        case .handshaking:
            guard now < lastHeard + Self.connectLimit else { return close(.handshakeTimeout) }
            guard let target = ice.selected ?? ice.authenticated.last else { return nil }
            let slot = self.slot
            let first = outbox.entries.count
            let outcome =
                dtls?.advance(to: now) { Self.send($0, to: target, slot, into: &outbox) } ?? .nothing
            traffic.noteSent(in: outbox, from: first)
            return settle(outcome)
        case .connected:
            return close(.consentExpired)
        case .closed, .absent:
            return nil
        }
    }

    /// Forgets the SRTP state of an SSRC that neither end of a link uses any more.
    package mutating func forget(_ ssrc: UInt32, sentHere: Bool) {
        if sentHere { outbound?.forget(ssrc) } else { inbound?.forget(ssrc) }
    }

    // MARK: - Sending

    /// Appends an RTP packet that `write` composes; it is protected in the outbox.
    ///
    /// - Parameters:
    ///   - capacity: the most that `write` appends.
    ///   - write: returns false to send nothing.
    /// - Returns: why nothing was sent, or nil.
    package mutating func sendMedia(
        capacity: Int, into outbox: inout Outbox, _ write: (inout OutputSpan<UInt8>) -> Bool
    ) -> DropReason? {
        guard isConnected, let target = remoteAddress else { return .subscriberNotConnected }
        var reason: DropReason? = .outboxFull
        outbox.append(to: target, peer: slot, capacity: capacity + SRTPSession.overhead) { output in
            guard write(&output), outbound?.protect(&output) == true else {
                reason = .unprotectable
                return false
            }
            traffic.noteSent(output.count, to: target)
            reason = nil
            return true
        }
        return reason
    }

    /// Appends a compound RTCP packet that `write` composes; it is protected in the outbox.
    @discardableResult
    package mutating func sendControl(
        capacity: Int, into outbox: inout Outbox, _ write: (inout OutputSpan<UInt8>) -> Bool
    ) -> Bool {
        guard isConnected, let target = remoteAddress else { return false }
        return outbox.append(to: target, peer: slot, capacity: capacity + SRTPSession.overhead) { output in
            guard write(&output), outbound?.protectControl(&output) == true else { return false }
            traffic.noteSent(output.count, to: target)
            return true
        }
    }

    /// Takes new credentials of both sides.
    package mutating func restartICE(local: ICECredentials, remoteUfrag: String) {
        ice.restart(local: local, remoteUfrag: remoteUfrag)
    }

    /// Says goodbye over DTLS.
    package mutating func shutDown(into outbox: inout Outbox) {
        guard isConnected, let target = remoteAddress else { return }
        let slot = self.slot
        let first = outbox.entries.count
        dtls?.close { Self.send($0, to: target, slot, into: &outbox) }
        traffic.noteSent(in: outbox, from: first)
        phase = .closed
    }

    // MARK: - Private

    /// Where media goes: the pair that the remote nominated; until it has, the one over which it shook hands. Chromium
    /// nominates some tens of milliseconds after that, and what is sent meanwhile is often the key frame that it waits for.
    private var remoteAddress: SocketAddress? { ice.selected ?? handshakeAddress }

    private mutating func receiveDTLS(
        _ datagram: Span<UInt8>, from source: SocketAddress, at now: Instant, context: borrowing DTLSContext,
        into outbox: inout Outbox
    ) -> Reception {
        switch phase {
        case .waiting, .closed, .absent:
            return .dropped(.unexpectedDTLS)
        case .handshaking:
            if dtls == nil {
                guard
                    let made = try? DTLSConnection(
                        role: localRole, fingerprints: fingerprints, context: context)
                else { return .event(close(.libraryFailure)) }
                dtls = consume made
            }
        case .connected:
            guard boundsSources else { return .dropped(.unexpectedDTLS) }
        }
        let slot = self.slot
        let outcome =
            dtls?.receive(datagram, at: now) { Self.send($0, to: source, slot, into: &outbox) } ?? .nothing
        if case .established = outcome { handshakeAddress = source }
        return settle(outcome).map { .event($0) } ?? .consumed
    }

    private mutating func startHandshake(
        at now: Instant, context: borrowing DTLSContext, into outbox: inout Outbox
    ) -> PeerEvent? {
        guard let target = ice.selected ?? ice.authenticated.last,
            var made = try? DTLSConnection(role: localRole, fingerprints: fingerprints, context: context)
        else { return close(.libraryFailure) }
        let slot = self.slot
        let first = outbox.entries.count
        let outcome = made.start(at: now) { Self.send($0, to: target, slot, into: &outbox) }
        traffic.noteSent(in: outbox, from: first)
        dtls = consume made
        return settle(outcome)
    }

    private mutating func settle(_ outcome: DTLSConnection.Outcome) -> PeerEvent? {
        switch outcome {
        case .nothing:
            return nil
        case .established(let keys):
            guard
                let inbound = try? SRTPSession(
                    .inbound, profile: keys.profile.session, keyAndSalt: keys.remote),
                let outbound = try? SRTPSession(
                    .outbound, profile: keys.profile.session, keyAndSalt: keys.local)
            else { return close(.libraryFailure) }
            self.inbound = consume inbound
            self.outbound = consume outbound
            phase = .connected
            return .connected(keys.profile)
        case .failed(let cause):
            return close(.handshakeFailed(cause))
        case .closed:
            return close(.remoteClosed)
        }
    }

    private mutating func close(_ reason: CloseReason) -> PeerEvent {
        phase = .closed
        return .closed(reason)
    }

    /// libsrtp keeps state for every SSRC that it has authenticated, so their number is bounded before it sees one.
    private func isExpected(sourceAt offset: Int, of packet: Span<UInt8>) -> Bool {
        guard boundsSources, sources.count >= Self.sourceLimit, packet.count >= 12 else { return true }
        return sources.contains(packet.uint32(at: offset))
    }

    private mutating func remember(sourceAt offset: Int, of packet: Span<UInt8>) {
        guard boundsSources, packet.count >= 12 else { return }
        let ssrc = packet.uint32(at: offset)
        if sources.last != ssrc, !sources.contains(ssrc) {
            sources.append(ssrc)
        }
    }

    private static func send(
        _ datagram: Span<UInt8>, to target: SocketAddress, _ slot: Int, into outbox: inout Outbox
    ) {
        outbox.append(to: target, peer: slot, capacity: datagram.count) { output in
            output.append(copying: datagram, 0..<datagram.count)
            return true
        }
    }
}

extension SRTPProfile {
    /// The same profile in the terms of the SRTP module, which knows nothing of DTLS.
    fileprivate var session: SRTPSession.Profile {
        switch self {
        case .aes128CMSHA1With80BitTag: .aes128CMSHA1With80BitTag
        case .aeadAES128GCM: .aeadAES128GCM
        case .aeadAES256GCM: .aeadAES256GCM
        }
    }
}
