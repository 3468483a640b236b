import DTLS
import FoundationEssentials
import Impairment
import STUN
import Wire

@testable import NodeCore

/// The offers in fixtures/sdp, which clients sent.
enum Fixtures {
    /// Those that can publish, those that can watch, and all.
    static let publishing = [
        "a_sendrecv_av", "aiortc_offer_sendrecv", "b_simulcast_vp8_3rid", "c_vp9_svc_L3T3_KEY",
        "ffmpeg_whip_offer_h264", "firefox_offer_pub", "g_maxbundle_av",
    ]
    static let watching = [
        "a_sendrecv_av", "aiortc_offer_recvonly", "aiortc_offer_sendrecv", "d_12v_3a_recvonly",
        "e_12v_3a_recvonly_vp8vp9_only", "firefox_offer_recvonly_3v1a", "g_maxbundle_av",
    ]

    static func offer(_ name: String) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "fixtures")
        return String(
            decoding: try Data(contentsOf: folder.appending(path: "sdp/\(name).sdp")), as: UTF8.self)
    }
}

extension Instant {
    /// So many milliseconds after the beginning of the test.
    static func milliseconds(_ count: Int64) -> Instant {
        Instant(nanoseconds: count * 1_000_000)
    }
}

/// A node with its outbox and a generator, without a network.
struct Bench: ~Copyable {
    static let address = SocketAddress(ipv4: 0xC000_0201, port: 40000)

    var node: Node
    var outbox = Outbox(bytes: 1 << 18, entryLimit: 256)
    var now = Instant.milliseconds(0)
    private var generator = SplitMix64(seed: 1)

    init(_ limits: NodeConfiguration.Limits = .init()) throws {
        node = try Node(
            NodeConfiguration(worker: 3, candidates: [Self.address], limits: limits),
            certificate: Certificate())
        outbox.reservePeers(limits.sessions)
    }

    @discardableResult
    mutating func open(
        _ role: SessionRole, in room: String = "room", _ file: String
    ) throws -> SessionAnswer {
        try open(role, in: room, offer: Fixtures.offer(file))
    }

    @discardableResult
    mutating func open(
        _ role: SessionRole, in room: String = "room", offer: String
    ) throws -> SessionAnswer {
        guard let room = RoomID(room) else { throw SessionError.unknownRoom }
        return try node.open(role, in: room, offer: offer, at: now, using: &generator)
    }

    mutating func patch(_ id: SessionID, etag: String?, _ fragment: String) throws -> PatchResult {
        try node.patch(id, etag: etag, fragment: fragment, using: &generator)
    }

    mutating func close(_ id: SessionID) throws {
        try node.close(id, at: now, into: &outbox)
    }

    mutating func describe(_ room: String) throws -> RoomDescription {
        guard let room = RoomID(room) else { throw SessionError.unknownRoom }
        return try node.describe(room)
    }

    /// Hands the node one datagram and returns the answers.
    mutating func receive(_ bytes: [UInt8], port: UInt16 = 5000) -> [[UInt8]] {
        var bytes = bytes
        var span = bytes.mutableSpan
        node.receive(&span, from: SocketAddress(ipv4: 0xC000_0299, port: port), at: now, into: &outbox)
        var answers: [[UInt8]] = []
        outbox.forEachDatagram { _, answer in
            answers.append([UInt8](capacity: answer.count) { $0.append(copying: answer, 0..<answer.count) })
        }
        outbox.removeAll()
        return answers
    }

    mutating func advance(to milliseconds: Int64) {
        now = .milliseconds(milliseconds)
        node.advance(to: now, into: &outbox)
    }

    /// All gauges and the number of table places, to see that nothing is left behind.
    mutating func contents() -> [Int] {
        let gauges = node.gauges()
        return [
            gauges.publishers, gauges.watchers, gauges.echoes, gauges.connecting, gauges.rooms,
            gauges.upTracks,
            gauges.downTracks, node.sessionCount, node.sessionsByID.count, node.sessionsByUfrag.count,
        ]
    }
}

/// What a client's answer says in the lines that begin with `prefix`.
func values(_ prefix: String, in text: String) -> [String] {
    text.split(separator: "\r\n").filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
}

/// A connectivity check with the credentials of an answer or of a fragment.
func check(_ sdp: String, useCandidate: Bool = true) throws -> [UInt8] {
    guard let ufrag = values("a=ice-ufrag:", in: sdp).first,
        let password = values("a=ice-pwd:", in: sdp).first
    else {
        throw SessionError.unknownSession
    }
    let key = Array(password.utf8)
    let keySpan = key.span
    return [UInt8](capacity: STUNWriter.maximumLength) { (output: inout OutputSpan<UInt8>) in
        STUNWriter.bindingRequest(
            transaction: TransactionID(high: 1, low: 2), username: "\(ufrag):remote", password: keySpan,
            priority: 1,
            tieBreaker: 1, isControlling: true, useCandidate: useCandidate, into: &output)
    }
}
