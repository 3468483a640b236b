import CAllocationCounter
import DTLS
import Forwarding
import Peering
import SRTP
import Wire

/// What one connected subscriber costs in bytes, and where.
enum MemoryCost {
    /// A DTLS association at three moments of its life.
    private struct Association {
        let handshaking: Int64
        let established: Int64
        let released: Int64
    }

    static func table() throws -> Table {
        var table = Table(["what", "bytes"])
        let association = try association()
        table.add(["DTLS association during the handshake", "\(association.handshaking)"])
        table.add(["DTLS association after it", "\(association.established)"])
        table.add(["what is kept of it once the remote has sent media or RTCP", "\(association.released)"])
        table.add(["SRTP, both directions", "\(try sessions())"])
        table.add(["peer, in the node's table", "\(MemoryLayout<Peer>.stride)"])
        table.add(["down track, each", "\(MemoryLayout<DownTrack>.stride)"])
        let few = try room(watchers: 100)
        let many = try room(watchers: 300)
        table.add(["subscriber with sound and picture, all of the heap", "\((many - few) / 200)"])
        return table
    }

    private static func association() throws -> Association {
        let certificate = try Certificate()
        let context = try DTLSContext(certificate: certificate)
        let trusted = [RemoteFingerprint(algorithm: "sha-256", bytes: certificate.fingerprint)]
        var client = try DTLSConnection(role: .client, fingerprints: trusted, context: context)
        let start = smartc_live_bytes()
        var server = try DTLSConnection(role: .server, fingerprints: trusted, context: context)
        var highest: Int64 = 0
        var cost = smartc_live_bytes() - start
        connect(&client, &server) { turn in
            let before = smartc_live_bytes()
            let sent = turn()
            let inFlight = sent.reduce(0) { $0 + Int64($1.capacity) }
            cost += smartc_live_bytes() - before - inFlight
            highest = max(highest, cost)
            return sent
        }
        let before = smartc_live_bytes()
        server.release()
        return Association(
            handshaking: highest, established: cost, released: cost + smartc_live_bytes() - before)
    }

    private static func sessions() throws -> Int64 {
        SRTPSession.prepare()
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
