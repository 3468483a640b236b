package import DTLS
import Impairment
import Peering
import RTP
import SDP
import SRTP
import STUN
package import Wire

/// The other end of the relay: a WebRTC client that offers, connects, sends synthetic media and checks what it
/// receives. Datagrams and a time go in, datagrams go into an outbox; it opens no socket and reads no clock.
///
///     idle --answer--> checking --nominated--> handshaking --keys--> connected --close, silence--> closed
package struct Endpoint: ~Copyable {
    package enum State: Equatable, Sendable {
        case idle, checking, handshaking, connected
        case closed(Closing)
    }

    /// Why an endpoint's transport ended.
    package enum Closing: Equatable, Sendable {
        case byItself, byRelay
        /// No check was answered for 30 s.
        case consentLost
        case handshakeFailed(DTLSFailure)
        case libraryFailure
    }

    /// What arrived and was of no use.
    package struct Counters: Sendable {
        /// Neither STUN nor DTLS nor RTP, or from elsewhere than the relay.
        package internal(set) var strays = 0
        package internal(set) var malformed = 0
        package internal(set) var replayed = 0
        package internal(set) var unauthentic = 0
        /// RTP or RTCP before the keys are there.
        package internal(set) var early = 0
        /// Packets of a payload type or an RTX stream that was not agreed on.
        package internal(set) var unexplained = 0
        /// Packets of an RTX stream that are nothing but padding.
        package internal(set) var padding = 0
        package internal(set) var goodbyes = 0
        /// Datagrams for which the outbox had no room, or that could not be protected.
        package internal(set) var unsent = 0
    }

    package let settings: EndpointSettings
    /// What is to be posted to the relay.
    package let offer: String
    package private(set) var state = State.idle
    package private(set) var ice: ControllingAgent
    package internal(set) var counters = Counters()
    package internal(set) var outgoing: [OutgoingStream] = []
    /// In the order in which their first packets came; `incomingSSRCs` runs along with it.
    package internal(set) var incoming: [IncomingStream] = []
    var incomingSSRCs: [UInt32] = []
    /// What transport-wide feedback has told; nil if it was not agreed on.
    package internal(set) var ledger: FeedbackLedger?
    /// What the relay has advised last by REMB.
    package internal(set) var advisedBitsPerSecond: UInt64?
    package private(set) var connectedAt: Instant?
    /// Whether media is made; reports and checks go on without.
    package var isSending = true
    /// What the audio level extension says, 0 loudest to 127 silent (RFC 6464): who speaks is decided by it.
    package var audioLevel: UInt8
    /// Transport-wide feedback that was sent.
    package internal(set) var feedbackSent = 0

    var generator: SplitMix64
    let certificateContext: DTLSContext
    let layout: OfferLayout
    let cname: String
    /// The moment at which the media clocks began.
    let origin: Instant
    var terms: RemoteTerms?
    var dtls: DTLSConnection?
    var inbound: SRTPSession?
    var outbound: SRTPSession?
    var videoSources: [(stream: Int, source: SyntheticVideo)] = []
    var clipSources: [(stream: Int, source: ClipVideo)] = []
    var audioSources: [(stream: Int, source: SyntheticAudio)] = []
    var nextFrame: Instant?
    var nextSound: Instant?
    var nextReport: Instant?
    /// When something is due for one of the incoming streams, or earlier.
    var nextRepair: Instant?
    /// What has arrived and is to be told; nil if the relay does not want to know.
    var arrivals: TransportFeedbackRecorder?
    var nextFeedback: Instant?

    /// - Parameters:
    ///   - certificate: may be shared by many endpoints.
    ///   - seed: of everything random but the keys; also names this endpoint's streams in their content.
    package init(
        _ settings: EndpointSettings, certificate: Certificate, seed: UInt64, at now: Instant
    ) throws(EndpointError) {
        guard let context = try? DTLSContext(certificate: certificate) else { throw .library }
        var generator = SplitMix64(seed: seed)
        let credentials = STUN.ICECredentials(using: &generator)
        layout = OfferLayout(settings, using: &generator)
        offer = layout.offer(settings, credentials, fingerprint: certificate.fingerprint)
        ice = ControllingAgent(local: credentials, tieBreaker: generator.next())
        cname = credentials.ufrag
        certificateContext = context
        origin = now
        audioLevel = settings.audio.level
        self.settings = settings
        self.generator = generator
    }

    package var isConnected: Bool { state == .connected }

    /// When `advance` wants to be called next; nil: never, until something else happens.
    package var deadline: Instant? {
        switch state {
        case .idle, .closed: return nil
        case .checking, .handshaking, .connected: break
        }
        var earliest = ice.deadline
        func consider(_ time: Instant?) {
            if let time { earliest = min(earliest ?? time, time) }
        }
        switch dtls {
        case .some(let connection): consider(connection.deadline)
        case nil: break
        }
        guard isConnected else { return earliest }
        if isSending {
            consider(nextFrame)
            consider(nextSound)
            for index in clipSources.indices where outgoing[clipSources[index].stream].isActive {
                consider(clipSources[index].source.due)
            }
        }
        consider(nextReport)
        consider(nextFeedback)
        consider(nextRepair)
        return earliest
    }

    // MARK: - Signaling

    /// Takes the relay's answer; checks begin with the next `advance`.
    package mutating func accept(answer: String, at now: Instant) throws(EndpointError) {
        let terms = try RemoteTerms(parsing: answer)
        ice.start(
            remote: STUN.ICECredentials(ufrag: terms.ufrag, password: terms.pwd), target: terms.target,
            at: now)
        prepareStreams(for: terms)
        self.terms = terms
        state = .checking
    }

    /// The SDP fragment that asks the relay for an ICE restart; media goes on meanwhile.
    package mutating func restartFragment() -> String {
        ice.restart(local: STUN.ICECredentials(using: &generator))
        return "a=ice-ufrag:\(ice.local.ufrag)\r\na=ice-pwd:\(ice.local.password)\r\n"
    }

    /// Takes the relay's answer to `restartFragment`.
    package mutating func accept(restart fragment: String, at now: Instant) throws(EndpointError) {
        guard let parsed = try? TrickleFragment(parsing: fragment), let ufrag = parsed.ufrag,
            let pwd = parsed.pwd
        else { throw .unusableAnswer("no ICE credentials") }
        let address = parsed.candidates.values.flatMap { $0 }.compactMap(\.address).first ?? ice.target
        guard let address else { throw .unusableAnswer("no candidate with an address") }
        ice.start(remote: STUN.ICECredentials(ufrag: ufrag, password: pwd), target: address, at: now)
    }

    /// Checks the path at once, as a browser does when its network changes.
    package mutating func networkChanged(at now: Instant) {
        ice.check(at: now)
    }

    /// Forgets the latencies so far, for a measurement that begins.
    package mutating func resetLatency() {
        for index in incoming.indices { incoming[index].resetLatency() }
    }

    /// Ends the session over DTLS.
    package mutating func close(into outbox: inout Outbox) {
        guard isConnected, let target = ice.target else { return }
        let slot = settings.slot
        dtls?.close { Self.send($0, to: target, slot, into: &outbox) }
        state = .closed(.byItself)
    }

    // MARK: - Transport

    /// Takes one datagram; what it calls for is appended to the outbox.
    package mutating func receive(
        _ datagram: inout MutableSpan<UInt8>, from source: SocketAddress, at now: Instant,
        into outbox: inout Outbox
    ) {
        guard source == ice.target, let kind = DatagramKind(of: datagram.span) else {
            counters.strays += 1
            return
        }
        switch kind {
        case .stun:
            receiveSTUN(datagram.span, from: source, at: now, into: &outbox)
        case .dtls:
            receiveDTLS(datagram.span, at: now, into: &outbox)
        case .rtp, .rtcp:
            guard isConnected else {
                counters.early += 1
                return
            }
            guard settings.decryptsMedia || kind == .rtcp else {
                countMedia(datagram.span, at: now)
                return
            }
            do {
                if kind == .rtp {
                    let length = try inbound?.unprotect(&datagram) ?? 0
                    receiveMedia(datagram.span.extracting(0..<length), at: now)
                } else {
                    let length = try inbound?.unprotectControl(&datagram) ?? 0
                    receiveControl(datagram.span.extracting(0..<length), at: now, into: &outbox)
                }
            } catch .replayed {
                counters.replayed += 1
            } catch {
                counters.unauthentic += 1
            }
        }
    }

    /// Does what is due: checks, handshake retransmissions, media, feedback, reports.
    package mutating func advance(to now: Instant, into outbox: inout Outbox) {
        switch state {
        case .idle, .closed: return
        case .checking, .handshaking, .connected: break
        }
        guard !ice.hasLostConsent(at: now) else {
            state = .closed(.consentLost)
            return
        }
        ice.advance(to: now, slot: settings.slot, using: &generator, into: &outbox)
        if let target = ice.target {
            let slot = settings.slot
            let outcome =
                dtls?.advance(to: now) { Self.send($0, to: target, slot, into: &outbox) } ?? .nothing
            settle(outcome, at: now)
        }
        guard isConnected else { return }
        sendMedia(at: now, into: &outbox)
        sendFeedback(at: now, into: &outbox)
        sendArrivals(at: now, into: &outbox)
        sendReports(at: now, into: &outbox)
    }

    // MARK: - Private

    private mutating func receiveSTUN(
        _ datagram: Span<UInt8>, from source: SocketAddress, at now: Instant, into outbox: inout Outbox
    ) {
        guard let message = try? STUNMessage(parsing: datagram) else {
            counters.malformed += 1
            return
        }
        guard message.messageClass != .request else {
            answer(message, in: datagram, from: source, into: &outbox)
            return
        }
        switch ice.receive(message, in: datagram, from: source, at: now) {
        case .answered, .refused, .ignored: return
        case .nominated: break
        }
        guard state == .checking else { return }
        state = .handshaking
        guard terms?.isPassive == true, var connection = connection(.client), let target = ice.target else {
            return
        }
        let slot = settings.slot
        let outcome = connection.start(at: now) { Self.send($0, to: target, slot, into: &outbox) }
        dtls = consume connection
        settle(outcome, at: now)
    }

    private mutating func receiveDTLS(_ datagram: Span<UInt8>, at now: Instant, into outbox: inout Outbox) {
        guard let terms, let target = ice.target else {
            counters.strays += 1
            return
        }
        let isMissing =
            switch dtls {
            case .some: false
            case nil: true
            }
        if isMissing {
            // Its ClientHello may overtake the answer to our check.
            guard !terms.isPassive, let connection = connection(.server) else { return }
            dtls = consume connection
        }
        let slot = settings.slot
        let outcome =
            dtls?.receive(datagram, at: now) { Self.send($0, to: target, slot, into: &outbox) } ?? .nothing
        settle(outcome, at: now)
    }

    private mutating func connection(_ role: DTLSConnection.Role) -> DTLSConnection? {
        let fingerprints = (terms?.fingerprints ?? []).map {
            RemoteFingerprint(algorithm: $0.algorithm, bytes: $0.bytes)
        }
        guard
            let connection = try? DTLSConnection(
                role: role, fingerprints: fingerprints, context: certificateContext,
                mtu: settings.handshakeMTU)
        else {
            state = .closed(.libraryFailure)
            return nil
        }
        return connection
    }

    private mutating func settle(_ outcome: DTLSConnection.Outcome, at now: Instant) {
        switch outcome {
        case .nothing:
            return
        case .established(let keys):
            let profile: SRTPSession.Profile =
                switch keys.profile {
                case .aes128CMSHA1With80BitTag: .aes128CMSHA1With80BitTag
                case .aeadAES128GCM: .aeadAES128GCM
                case .aeadAES256GCM: .aeadAES256GCM
                }
            guard let inbound = try? SRTPSession(.inbound, profile: profile, keyAndSalt: keys.remote),
                let outbound = try? SRTPSession(.outbound, profile: profile, keyAndSalt: keys.local)
            else {
                state = .closed(.libraryFailure)
                return
            }
            self.inbound = consume inbound
            self.outbound = consume outbound
            state = .connected
            connectedAt = now
            nextFrame = videoSources.isEmpty ? nil : now
            nextSound = audioSources.isEmpty ? nil : now
            for index in clipSources.indices { clipSources[index].source.start(at: now) }
            nextReport = now + .milliseconds(500)
        case .failed(let cause):
            state = .closed(.handshakeFailed(cause))
        case .closed:
            state = .closed(.byRelay)
        }
    }

    private static func send(
        _ datagram: Span<UInt8>, to target: SocketAddress, _ slot: Int?, into outbox: inout Outbox
    ) {
        outbox.append(to: target, peer: slot, capacity: datagram.count) { output in
            output.append(copying: datagram, 0..<datagram.count)
            return true
        }
    }
}
