import CAllocationCounter
import DTLS
import Forwarding
import Peering
import SRTP
import Wire

/// What one connected subscriber costs in bytes, and where.
enum MemoryCost {
    static func table() throws -> Table {
        var table = Table(["what", "bytes"])
        let (handshaking, established) = try association()
        table.add(["DTLS association during the handshake", "\(handshaking)"])
        table.add(["DTLS association after it", "\(established)"])
        table.add(["SRTP, both directions", "\(try sessions())"])
        table.add(["peer, in the node's table", "\(MemoryLayout<Peer>.stride)"])
        table.add(["down track, each", "\(MemoryLayout<DownTrack>.stride)"])
        let few = try room(watchers: 100)
        let many = try room(watchers: 300)
        table.add(["subscriber with sound and picture, all of the heap", "\((many - few) / 200)"])
        return table
    }

    private static func association() throws -> (handshaking: Int64, established: Int64) {
        let certificate = try Certificate()
        let context = try DTLSContext(certificate: certificate)
        let trusted = [RemoteFingerprint(algorithm: "sha-256", bytes: certificate.fingerprint)]
        var client = try DTLSConnection(role: .client, fingerprints: trusted, context: context)
        let before = smartc_live_bytes()
        var server = try DTLSConnection(role: .server, fingerprints: trusted, context: context)
        var highest: Int64 = 0
        var toServer: [[UInt8]] = []
        var toClient: [[UInt8]] = []
        let now = Instant(nanoseconds: 0)
        func copy(_ span: Span<UInt8>) -> [UInt8] {
            [UInt8](capacity: span.count) { $0.append(copying: span, 0..<span.count) }
        }
        var cost: Int64 = 0
        _ = client.start(at: now) { toServer.append(copy($0)) }
        while !toServer.isEmpty || !toClient.isEmpty {
            let arriving = toServer
            toServer = []
            let outside = smartc_live_bytes() - before - cost
            for datagram in arriving { _ = server.receive(datagram.span, at: now) { toClient.append(copy($0)) } }
            let sent = toClient.reduce(0) { $0 + Int64($1.capacity) }
            cost = smartc_live_bytes() - before - outside - sent
            highest = max(highest, cost)
            let returning = toClient
            toClient = []
            for datagram in returning { _ = client.receive(datagram.span, at: now) { toServer.append(copy($0)) } }
        }
        return (highest, cost)
    }

    private static func sessions() throws -> Int64 {
        let key = [UInt8](repeating: 1, count: 28)
        let before = smartc_live_bytes()
        let inbound = try SRTPSession(.inbound, profile: .aeadAES128GCM, keyAndSalt: key)
        let outbound = try SRTPSession(.outbound, profile: .aeadAES128GCM, keyAndSalt: key)
        let cost = smartc_live_bytes() - before
        _ = consume inbound
        _ = consume outbound
        return cost
    }

    /// What a node with so many watchers holds, their endpoints left out.
    private static func room(watchers: Int) throws -> Int64 {
        var room = try MemoryRoom.make(watchers: watchers)
        _ = room.run(for: .seconds(2))
        let before = smartc_live_bytes()
        room.endAll()
        return before - smartc_live_bytes()
    }
}
