import DTLS
import Testing
import Wire

@testable import Peering

/// Peers whose address and keys were agreed on elsewhere.
@Suite struct LinkPeerTests {
    private static let there = SocketAddress(ipv4: 0xC000_0201, port: 1)
    private static let back = SocketAddress(ipv4: 0xC000_0202, port: 2)

    private static func peer(
        local: UInt8, remote: UInt8, to address: SocketAddress, silenceLimit: Duration? = nil
    ) throws -> Peer {
        let keys = SRTPKeyingMaterial(
            profile: .aeadAES128GCM, local: [UInt8](repeating: local, count: 28),
            remote: [UInt8](repeating: remote, count: 28))
        guard
            let peer = Peer(
                slot: 0, linkTo: address, keys: keys, silenceLimit: silenceLimit, at: .milliseconds(0))
        else { throw PeerLink.Unprepared() }
        return peer
    }

    private static func datagrams(_ outbox: inout Outbox) -> [[UInt8]] {
        var list: [[UInt8]] = []
        outbox.forEachDatagram { _, bytes in
            list.append([UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) })
        }
        outbox.removeAll()
        return list
    }

    @Test func `media flows at once, of more sources than any client has`() throws {
        let context = try DTLSContext(certificate: Certificate())
        var sender = try Self.peer(local: 1, remote: 2, to: Self.back)
        var receiver = try Self.peer(local: 2, remote: 1, to: Self.there)
        #expect(sender.isConnected == true)
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 1024)
        for source in 0..<600 as Range<UInt16> {
            let refusal = sender.sendMedia(capacity: 100, into: &outbox) { output in
                for byte in [0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0] as [UInt8] { output.append(byte) }
                output.append(bigEndian: source)
                output.append(7)
                return true
            }
            #expect(refusal == nil)
        }
        var received = 0
        for datagram in Self.datagrams(&outbox) {
            var bytes = datagram
            var span = bytes.mutableSpan
            let reception = receiver.receive(
                &span, .rtp, from: Self.there, at: .milliseconds(1), context: context, into: &outbox)
            if case .media(length: 13) = reception { received += 1 }
        }
        #expect(received == 600)
    }

    @Test func `DTLS and other keys are refused`() throws {
        let context = try DTLSContext(certificate: Certificate())
        var peer = try Self.peer(local: 1, remote: 2, to: Self.back)
        var outbox = Outbox(bytes: 1 << 16, entryLimit: 16)
        var hello = [UInt8](repeating: 22, count: 60)
        var span = hello.mutableSpan
        let reception = peer.receive(
            &span, .dtls, from: Self.back, at: .milliseconds(1), context: context, into: &outbox)
        guard case .dropped(.unexpectedDTLS) = reception else {
            Issue.record("\(reception)")
            return
        }
        #expect(outbox.isEmpty == true)
        let weak = SRTPKeyingMaterial(
            profile: .aes128CMSHA1With80BitTag, local: [UInt8](repeating: 0, count: 30),
            remote: [UInt8](repeating: 0, count: 30))
        let isMade =
            switch Peer(slot: 0, linkTo: Self.back, keys: weak, silenceLimit: nil, at: .milliseconds(0)) {
            case .some: true
            case nil: false
            }
        #expect(!isMade)
    }

    @Test func `silence ends a link only where there is a limit`() throws {
        var outbox = Outbox(bytes: 1 << 16, entryLimit: 16)
        var patient = try Self.peer(local: 1, remote: 2, to: Self.back)
        var other = try Self.peer(local: 1, remote: 2, to: Self.back, silenceLimit: .seconds(5))
        let never = patient.advance(to: .milliseconds(1_000_000_000), into: &outbox)
        #expect(never == nil)
        let early = other.advance(to: .milliseconds(4999), into: &outbox)
        #expect(early == nil)
        guard case .closed(.consentExpired) = other.advance(to: .milliseconds(5000), into: &outbox) else {
            Issue.record("the link lives on")
            return
        }
    }

    @Test func `a peer behind a link neither connects nor ends nor sends`() throws {
        var outbox = Outbox(bytes: 1 << 16, entryLimit: 16)
        var peer = Peer(behindLink: 3, at: .milliseconds(0))
        #expect(peer.isConnected == false)
        let event = peer.advance(to: .milliseconds(1_000_000_000), into: &outbox)
        #expect(event == nil)
        let refusal = peer.sendMedia(capacity: 10, into: &outbox) { _ in true }
        #expect(refusal == .subscriberNotConnected)
        #expect(outbox.isEmpty == true)
    }
}
