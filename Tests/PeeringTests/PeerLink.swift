import DTLS
import SRTP
import STUN
import Wire

@testable import Peering

/// A remote that is done by hand, on the other end of a peer: a DTLS connection and, when that is up, SRTP.
struct PeerLink: ~Copyable {
    var peer: Peer
    var outbox = Outbox(bytes: 1 << 18, entryLimit: 256)
    var remote: DTLSConnection
    private let context: DTLSContext
    private(set) var now = Instant.milliseconds(0)
    private(set) var events: [PeerEvent] = []
    private(set) var keys: SRTPKeyingMaterial?
    private(set) var remoteFailure: DTLSFailure?
    private(set) var isRemoteClosed = false
    private var sender: SRTPSession?
    private var receiver: SRTPSession?

    struct Unprepared: Error {}

    /// - Parameters:
    ///   - role: the peer's.
    ///   - trusted: what the peer takes for the remote's fingerprint; nil for the right one.
    init(_ role: DTLSConnection.Role, trusted: [UInt8]? = nil) throws {
        let certificate = try Certificate()
        let remoteCertificate = try Certificate()
        let context = try DTLSContext(certificate: certificate)
        let remote = try DTLSConnection(
            role: role == .server ? .client : .server,
            fingerprints: [RemoteFingerprint(algorithm: "sha-256", bytes: certificate.fingerprint)],
            context: DTLSContext(certificate: remoteCertificate))
        self.context = context
        self.remote = remote
        peer = Peer(
            slot: 0, local: local, remoteUfrag: "remote",
            fingerprints: [
                RemoteFingerprint(algorithm: "sha-256", bytes: trusted ?? remoteCertificate.fingerprint)
            ],
            role: role, at: .milliseconds(0))
        outbox.reservePeers(1)
    }

    /// Lets time pass, and tells the peer.
    mutating func wait(_ milliseconds: Int64) {
        now = now + .milliseconds(milliseconds)
        if let event = peer.advance(to: now, into: &outbox) { events.append(event) }
    }

    /// Sends a check, and takes its answer out of the outbox.
    @discardableResult
    mutating func check(
        useCandidate: Bool = true, from source: SocketAddress = remoteAddress
    ) throws -> ICELiteAgent.CheckResult {
        let bytes = PeeringTests.check(useCandidate: useCandidate)
        let message = try parsed(bytes)
        let (result, event) = peer.receive(
            message, in: bytes.span, from: source, at: now, context: context, into: &outbox)
        if let event { events.append(event) }
        return result
    }

    /// Hands the peer one datagram.
    mutating func receive(_ bytes: [UInt8], from source: SocketAddress = remoteAddress) -> Peer.Reception {
        var bytes = bytes
        guard let kind = DatagramKind(of: bytes.span) else { return .dropped(.unknownProtocol) }
        var span = bytes.mutableSpan
        return peer.receive(&span, kind, from: source, at: now, context: context, into: &outbox)
    }

    /// Carries DTLS both ways until neither end has more to say.
    mutating func exchange() {
        var toPeer: [[UInt8]] = []
        note(remote.start(at: now) { toPeer.append(copy($0)) })
        while true {
            for datagram in toPeer {
                if case .event(let event) = receive(datagram) { events.append(event) }
            }
            toPeer = []
            let toRemote = drain(&outbox).filter { DatagramKind(of: $0.span) == .dtls }
            guard !toRemote.isEmpty else { return }
            for datagram in toRemote {
                note(remote.receive(datagram.span, at: now) { toPeer.append(copy($0)) })
            }
        }
    }

    /// A check and a handshake.
    mutating func connect() throws {
        try check()
        exchange()
        guard let keys else { throw Unprepared() }
        sender = try SRTPSession(.outbound, profile: .aeadAES128GCM, keyAndSalt: keys.local)
        receiver = try SRTPSession(.inbound, profile: .aeadAES128GCM, keyAndSalt: keys.remote)
    }

    /// Seals a packet as the remote would.
    mutating func sealed(_ packet: [UInt8], isControl: Bool = false) throws -> [UInt8] {
        var isSealed = false
        let bytes = [UInt8](capacity: packet.count + SRTPSession.overhead) {
            (output: inout OutputSpan<UInt8>) in
            for byte in packet { output.append(byte) }
            isSealed = (isControl ? sender?.protectControl(&output) : sender?.protect(&output)) == true
        }
        guard isSealed else { throw Unprepared() }
        return bytes
    }

    /// Opens a packet as the remote would.
    mutating func opened(_ packet: [UInt8], isControl: Bool = false) throws -> [UInt8] {
        var packet = packet
        var span = packet.mutableSpan
        let length = isControl ? try receiver?.unprotectControl(&span) : try receiver?.unprotect(&span)
        return Array(packet[..<(length ?? 0)])
    }

    private mutating func note(_ outcome: DTLSConnection.Outcome) {
        switch outcome {
        case .nothing: break
        case .established(let keys): self.keys = keys
        case .failed(let cause): remoteFailure = cause
        case .closed: isRemoteClosed = true
        }
    }
}
