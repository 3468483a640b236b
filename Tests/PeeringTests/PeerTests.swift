import DTLS
import Testing
import Wire

@testable import Peering

@Suite struct PeerTests {
    private static func packet(_ number: UInt8, ssrc: UInt32 = 1, payload: [UInt8] = [1, 2, 3, 4]) -> [UInt8]
    {
        [0x80, 96, 0, number, 0, 0, 0, 0] + bytes(of: ssrc) + payload
    }

    /// An empty receiver report.
    private static func report(ssrc: UInt32) -> [UInt8] {
        [0x80, 201, 0, 1] + bytes(of: ssrc)
    }

    private static func bytes(of ssrc: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ssrc >> $0) }
    }

    private static func reasons(_ events: [PeerEvent]) -> [CloseReason] {
        events.compactMap { if case .closed(let reason) = $0 { reason } else { nil } }
    }

    private static func profiles(_ events: [PeerEvent]) -> [SRTPProfile] {
        events.compactMap { if case .connected(let profile) = $0 { profile } else { nil } }
    }

    private static func isDropped(_ reception: Peer.Reception, _ reason: DropReason) -> Bool {
        if case .dropped(let found) = reception { found == reason } else { false }
    }

    // MARK: - Handshake

    @Test(arguments: [DTLSConnection.Role.server, .client])
    func `a check and a handshake connect`(role: DTLSConnection.Role) throws {
        var link = try PeerLink(role)
        let before = link.peer.isConnected
        try link.connect()
        #expect(!before)
        #expect(link.peer.isConnected == true)
        #expect(Self.profiles(link.events) == [.aeadAES128GCM])
        #expect(link.keys?.profile == .aeadAES128GCM)
    }

    @Test func `the active side begins with the first check`() throws {
        var link = try PeerLink(.client)
        try link.check(useCandidate: false)
        let datagrams = drain(&link.outbox)
        #expect(datagrams.map { DatagramKind(of: $0.span) } == [.stun, .dtls])
        try link.check()
        let more = drain(&link.outbox)
        #expect(more.map { DatagramKind(of: $0.span) } == [.stun])
    }

    @Test func `a lost ClientHello is sent again`() throws {
        var link = try PeerLink(.client)
        try link.check()
        _ = drain(&link.outbox)
        let deadline = link.peer.deadline
        #expect(deadline == .milliseconds(200))
        link.wait(199)
        let early = drain(&link.outbox)
        #expect(early.isEmpty)
        link.wait(1)
        let again = drain(&link.outbox)
        #expect(again.map { DatagramKind(of: $0.span) } == [.dtls])
        #expect(link.events.count == 0)
    }

    @Test func `DTLS before the first check is dropped`() throws {
        var link = try PeerLink(.server)
        var hello: [[UInt8]] = []
        _ = link.remote.start(at: link.now) { hello.append(copy($0)) }
        let reception = link.receive(hello[0])
        #expect(Self.isDropped(reception, .unexpectedDTLS))
        #expect(link.outbox.isEmpty == true)
    }

    @Test(arguments: [DTLSConnection.Role.server, .client])
    func `a certificate of somebody else ends the peer`(role: DTLSConnection.Role) throws {
        var link = try PeerLink(role, trusted: [UInt8](repeating: 9, count: 32))
        try link.check()
        link.exchange()
        #expect(Self.reasons(link.events) == [.handshakeFailed(.fingerprintMismatch)])
        #expect(link.peer.isConnected == false)
        let reception = link.receive([22, 0, 0])
        #expect(Self.isDropped(reception, .unexpectedDTLS))
    }

    // MARK: - Time

    @Test func `without a check a peer ends after 30 seconds`() throws {
        var link = try PeerLink(.server)
        let deadline = link.peer.deadline
        #expect(deadline == .milliseconds(30_000))
        link.wait(29_999)
        #expect(link.events.count == 0)
        link.wait(1)
        #expect(Self.reasons(link.events) == [.unreachable])
        link.wait(60_000)
        #expect(Self.reasons(link.events) == [.unreachable])
    }

    @Test func `a handshake has 30 seconds from the first check`() throws {
        var link = try PeerLink(.server)
        link.wait(20_000)
        try link.check()
        link.wait(29_999)
        try link.check()
        #expect(link.events.count == 0)
        link.wait(1)
        #expect(Self.reasons(link.events) == [.handshakeTimeout])
    }

    @Test func `checks keep a peer alive, and consent ends 30 seconds after the last`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        for _ in 0..<10 {
            link.wait(29_000)
            try link.check(useCandidate: false)
        }
        #expect(Self.reasons(link.events).isEmpty)
        link.wait(29_999)
        #expect(Self.reasons(link.events).isEmpty)
        link.wait(1)
        #expect(Self.reasons(link.events) == [.consentExpired])
        #expect(link.peer.isConnected == false)
    }

    @Test func `media keeps a peer alive, but not what is forged`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        link.wait(20_000)
        _ = link.receive(try link.sealed(Self.packet(1)))
        let extended = link.peer.deadline
        #expect(extended == .milliseconds(50_000))
        link.wait(1000)
        let forged = link.receive(Self.packet(2, payload: [UInt8](repeating: 0, count: 20)))
        #expect(Self.isDropped(forged, .unauthenticSRTP))
        let after = link.peer.deadline
        #expect(after == extended)
    }

    // MARK: - Receiving

    @Test func `media before the keys is dropped`() throws {
        var link = try PeerLink(.server)
        let waiting = link.receive(Self.packet(1))
        try link.check()
        let handshaking = link.receive(Self.report(ssrc: 1))
        #expect(Self.isDropped(waiting, .notConnected))
        #expect(Self.isDropped(handshaking, .notConnected))
    }

    @Test func `a packet is decrypted where it stands, once`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        let sealed = try link.sealed(Self.packet(1))
        guard case .media(let length) = link.receive(sealed) else {
            Issue.record("not taken for media")
            return
        }
        #expect(length == 16)
        let again = link.receive(sealed)
        #expect(Self.isDropped(again, .replayed))
    }

    @Test func `control is decrypted and told from media`() throws {
        var link = try PeerLink(.client)
        try link.connect()
        guard case .control(let length) = link.receive(try link.sealed(Self.report(ssrc: 1), isControl: true))
        else {
            Issue.record("not taken for control")
            return
        }
        #expect(length == 8)
    }

    @Test func `no more than 256 sources are taken`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        for ssrc in 1...256 as ClosedRange<UInt32> {
            guard case .media = link.receive(try link.sealed(Self.packet(1, ssrc: ssrc))) else {
                Issue.record("source \(ssrc) is not taken")
                return
            }
        }
        let media = link.receive(try link.sealed(Self.packet(1, ssrc: 257)))
        #expect(Self.isDropped(media, .tooManySources))
        let control = link.receive(try link.sealed(Self.report(ssrc: 257), isControl: true))
        #expect(Self.isDropped(control, .tooManySources))
        guard case .media = link.receive(try link.sealed(Self.packet(2, ssrc: 200))),
            case .control = link.receive(try link.sealed(Self.report(ssrc: 200), isControl: true))
        else {
            Issue.record("a known source is not taken any more")
            return
        }
    }

    @Test func `forged packets do not use up the sources`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        for ssrc in 1...300 as ClosedRange<UInt32> {
            _ = link.receive(Self.packet(1, ssrc: ssrc, payload: [UInt8](repeating: 0, count: 20)))
        }
        guard case .media = link.receive(try link.sealed(Self.packet(1, ssrc: 999))) else {
            Issue.record("a source is not taken")
            return
        }
    }

    @Test func `STUN has a door of its own`() throws {
        var link = try PeerLink(.server)
        let reception = link.receive(check())
        #expect(Self.isDropped(reception, .unexpectedSTUN))
    }

    // MARK: - Sending

    @Test func `media and control are readable at the other end`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        let packet = Self.packet(7)
        let report = Self.report(ssrc: 5)
        let refusal = link.peer.sendMedia(capacity: packet.count, into: &link.outbox) { output in
            for byte in packet { output.append(byte) }
            return true
        }
        let isSent = link.peer.sendControl(capacity: report.count, into: &link.outbox) { output in
            for byte in report { output.append(byte) }
            return true
        }
        #expect(refusal == nil)
        #expect(isSent)
        let sent = messages(link.outbox)
        #expect(sent.map(\.address) == [remoteAddress, remoteAddress])
        #expect(sent.map(\.bytes.count) == [packet.count + 16, report.count + 20])
        let media = try link.opened(sent[0].bytes)
        let control = try link.opened(sent[1].bytes, isControl: true)
        #expect(media == packet)
        #expect(control == report)
    }

    @Test func `nothing is sent before there are keys`() throws {
        var link = try PeerLink(.server)
        let refusal = link.peer.sendMedia(capacity: 100, into: &link.outbox) { _ in true }
        let isSent = link.peer.sendControl(capacity: 100, into: &link.outbox) { _ in true }
        #expect(refusal == .subscriberNotConnected)
        #expect(!isSent)
    }

    @Test(arguments: [DTLSConnection.Role.server, .client])
    func `until a pair is nominated media goes where the handshake came from`(
        role: DTLSConnection.Role
    ) throws {
        var link = try PeerLink(role)
        let other = remoteAddress.with(port: 6000)
        try link.check(useCandidate: false)
        if role == .server { try link.check(useCandidate: false, from: other) }
        link.exchange()
        #expect(link.peer.isConnected == true)
        var addresses: [SocketAddress] = []
        for nominated in [nil, other] {
            if let nominated { try link.check(from: nominated) }
            link.outbox.removeAll()
            let packet = Self.packet(UInt8(addresses.count))
            _ = link.peer.sendMedia(capacity: packet.count, into: &link.outbox) { output in
                for byte in packet { output.append(byte) }
                return true
            }
            addresses += messages(link.outbox).map(\.address)
        }
        #expect(addresses == [remoteAddress, other])
    }

    @Test func `a packet without room is told from one that cannot be protected`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        let tooShort = link.peer.sendMedia(capacity: 100, into: &link.outbox) { output in
            output.append(0x80)
            return true
        }
        #expect(tooShort == .unprotectable)
        let tooLarge = link.peer.sendMedia(capacity: 1 << 20, into: &link.outbox) { _ in true }
        #expect(tooLarge == .outboxFull)
        #expect(link.outbox.isEmpty == true)
    }

    @Test func `a peer that moves is sent to where it is`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        let moved = remoteAddress.with(port: 6000)
        try link.check(from: moved)
        link.outbox.removeAll()
        let packet = Self.packet(1)
        _ = link.peer.sendMedia(capacity: packet.count, into: &link.outbox) { output in
            for byte in packet { output.append(byte) }
            return true
        }
        let addresses = messages(link.outbox).map(\.address)
        #expect(addresses == [moved])
    }

    // MARK: - Ending

    @Test func `a shutdown is told to the remote`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        link.peer.shutDown(into: &link.outbox)
        #expect(link.peer.isConnected == false)
        link.exchange()
        #expect(link.isRemoteClosed == true)
        link.peer.shutDown(into: &link.outbox)
        #expect(link.outbox.isEmpty == true)
    }

    @Test func `a remote that says goodbye ends the peer`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        var goodbye: [[UInt8]] = []
        link.remote.close { goodbye.append(copy($0)) }
        #expect(goodbye.count == 1)
        guard case .event(.closed(let reason)) = link.receive(goodbye[0]) else {
            Issue.record("the goodbye was not understood")
            return
        }
        #expect(reason == .remoteClosed)
        let media = link.receive(try link.sealed(Self.packet(1)))
        #expect(Self.isDropped(media, .notConnected))
    }

    @Test func `new credentials are taken while media goes on`() throws {
        var link = try PeerLink(.server)
        try link.connect()
        link.peer.restartICE(local: renewed, remoteUfrag: "again")
        #expect(link.peer.isConnected == true)
        #expect(link.peer.ice.local == renewed)
        #expect(link.peer.ice.selected == remoteAddress)
    }
}
