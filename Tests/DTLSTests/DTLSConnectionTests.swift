import Testing
import Wire

@testable import DTLS

/// Both ends of a handshake with a clock in hand and a wire that loses what a test wants lost.
private struct Handshake: ~Copyable {
    var client: DTLSConnection
    var server: DTLSConnection
    var clientOutcome: [DTLSConnection.Outcome] = []
    var serverOutcome: [DTLSConnection.Outcome] = []
    var toServer: [[UInt8]] = []
    var toClient: [[UInt8]] = []
    var flights = 0
    private var now = Instant(nanoseconds: 0)

    init(clientTrusts: [RemoteFingerprint]? = nil, serverTrusts: [RemoteFingerprint]? = nil) throws {
        let clientCertificate = try Certificate()
        let serverCertificate = try Certificate()
        func fingerprint(_ certificate: Certificate) -> [RemoteFingerprint] {
            [RemoteFingerprint(algorithm: "sha-256", bytes: certificate.fingerprint)]
        }
        let newClient = try DTLSConnection(
            role: .client, fingerprints: clientTrusts ?? fingerprint(serverCertificate),
            context: DTLSContext(certificate: clientCertificate))
        let newServer = try DTLSConnection(
            role: .server, fingerprints: serverTrusts ?? fingerprint(clientCertificate),
            context: DTLSContext(certificate: serverCertificate))
        client = newClient
        server = newServer
    }

    /// Runs for at most `duration` of virtual time; `isLost` is asked with the number of each flight, from 0.
    mutating func run(for duration: Duration, isLost: (Int) -> Bool = { _ in false }) {
        let end = now + duration
        var sent: [[UInt8]] = []
        clientOutcome.append(client.start(at: now) { sent.append(Self.copy($0)) })
        if deliver(sent, isLost) { toServer += sent }
        sent = []
        while now < end {
            while !toServer.isEmpty || !toClient.isEmpty {
                for datagram in toServer {
                    serverOutcome.append(
                        server.receive(datagram.span, at: now) { sent.append(Self.copy($0)) })
                }
                toServer = []
                if deliver(sent, isLost) { toClient += sent }
                sent = []
                for datagram in toClient {
                    clientOutcome.append(
                        client.receive(datagram.span, at: now) { sent.append(Self.copy($0)) })
                }
                toClient = []
                if deliver(sent, isLost) { toServer += sent }
                sent = []
            }
            guard let next = [client.deadline, server.deadline].compactMap({ $0 }).min() else { return }
            now = max(now + .milliseconds(1), next)
            clientOutcome.append(client.advance(to: now) { sent.append(Self.copy($0)) })
            if deliver(sent, isLost) { toServer += sent }
            sent = []
            serverOutcome.append(server.advance(to: now) { sent.append(Self.copy($0)) })
            if deliver(sent, isLost) { toClient += sent }
            sent = []
        }
    }

    /// Counts a flight and says whether the wire carries it.
    private mutating func deliver(_ sent: [[UInt8]], _ isLost: (Int) -> Bool) -> Bool {
        guard !sent.isEmpty else { return false }
        defer { flights += 1 }
        return !isLost(flights)
    }

    static func copy(_ span: Span<UInt8>) -> [UInt8] {
        [UInt8](capacity: span.count) { $0.append(copying: span, 0..<span.count) }
    }
}

private func keys(_ outcomes: [DTLSConnection.Outcome]) -> [SRTPKeyingMaterial] {
    outcomes.compactMap { if case .established(let keys) = $0 { keys } else { nil } }
}

private func failures(_ outcomes: [DTLSConnection.Outcome]) -> [DTLSFailure] {
    outcomes.compactMap { if case .failed(let cause) = $0 { cause } else { nil } }
}

@Suite struct DTLSConnectionTests {
    @Test func `both ends get the same keys and prefer AES-128-GCM`() throws {
        var handshake = try Handshake()
        handshake.run(for: .seconds(1))
        let client = try #require(keys(handshake.clientOutcome).first)
        let server = try #require(keys(handshake.serverOutcome).first)
        #expect(client.profile == .aeadAES128GCM)
        #expect(client.local == server.remote)
        #expect(client.remote == server.local)
        #expect(client.local.count == 28)
        #expect(client.local != client.remote)
        #expect(handshake.flights == 4)
    }

    @Test(arguments: 0..<4)
    func `the loss of any flight is made good on the injected clock`(lost: Int) throws {
        var handshake = try Handshake()
        handshake.run(for: .seconds(10)) { $0 == lost }
        #expect(keys(handshake.clientOutcome).count == 1)
        #expect(keys(handshake.serverOutcome).count == 1)
    }

    @Test func `a certificate that the SDP did not announce is refused`() throws {
        let wrong = [RemoteFingerprint(algorithm: "sha-256", bytes: [UInt8](repeating: 1, count: 32))]
        var handshake = try Handshake(serverTrusts: wrong)
        handshake.run(for: .seconds(1))
        #expect(failures(handshake.serverOutcome) == [.fingerprintMismatch])
        #expect(keys(handshake.serverOutcome).isEmpty)
    }

    @Test func `a remote that never answers ends in a timeout`() throws {
        var handshake = try Handshake()
        handshake.run(for: .seconds(3600)) { _ in true }
        #expect(failures(handshake.clientOutcome) == [.timeout])
        #expect(handshake.client.deadline == nil)
    }

    @Test(arguments: [false, true], [false, true])
    func `a close is told to the other end, with and without OpenSSL`(
        clientReleases: Bool, serverReleases: Bool
    ) throws {
        for clientCloses in [true, false] {
            var handshake = try Handshake()
            handshake.run(for: .seconds(1))
            if clientReleases { handshake.client.release() }
            if serverReleases { handshake.server.release() }
            var alerts: [[UInt8]] = []
            let later = Instant(nanoseconds: 2_000_000_000)
            if clientCloses {
                handshake.client.close { alerts.append(Handshake.copy($0)) }
            } else {
                handshake.server.close { alerts.append(Handshake.copy($0)) }
            }
            try #require(alerts.count == 1)
            // A forged one first: it must change nothing.
            var forged = alerts[0]
            forged[forged.count - 1] ^= 1
            var isClosed: [Bool] = []
            for datagram in [forged, alerts[0], alerts[0]] {
                let outcome =
                    clientCloses
                    ? handshake.server.receive(datagram.span, at: later, send: { _ in })
                    : handshake.client.receive(datagram.span, at: later, send: { _ in })
                if case .closed = outcome { isClosed.append(true) } else { isClosed.append(false) }
            }
            #expect(isClosed == [false, true, false])
        }
    }

    @Test func `what is left of an association takes any datagram`() throws {
        var handshake = try Handshake()
        handshake.run(for: .seconds(1))
        handshake.server.release()
        var generator = SystemRandomNumberGenerator()
        for length in 1..<300 {
            var datagram = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            datagram[0] = 21
            if length > 12 {
                datagram[3] = 0
                datagram[4] = 1
                datagram[11] = 0
                datagram[12] = 26
            }
            let outcome = handshake.server.receive(
                datagram.span, at: Instant(nanoseconds: 2_000_000_000), send: { _ in })
            if case .closed = outcome { Issue.record("\(length) random bytes closed the association") }
        }
    }

    @Test func `garbage does not end a handshake`() throws {
        var handshake = try Handshake()
        for length in 1..<200 {
            let garbage = [UInt8](repeating: UInt8(20 + length % 4), count: length)
            if case .failed(let cause) = handshake.server.receive(
                garbage.span, at: Instant(nanoseconds: 0), send: { _ in })
            {
                Issue.record("\(length) bytes ended the handshake: \(cause)")
            }
        }
        handshake.run(for: .seconds(10))
        #expect(keys(handshake.serverOutcome).count == 1)
    }
}
