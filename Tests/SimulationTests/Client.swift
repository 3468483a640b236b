import Endpoint
import Impairment
import NodeCore
import SDP
import Wire

/// An endpoint at its place in a simulation: its address, its two links, and what signaling told it.
final class Client {
    var endpoint: Endpoint
    var address: SocketAddress
    var uplink: LinkEmulator
    var downlink: LinkEmulator
    let session: SessionID
    let participant: ParticipantID?
    /// The SDP that its offer was answered with.
    let answer: String
    /// Whether nothing of it reaches the relay any more, nor the other way round.
    var isCut = false
    /// Asked with the number of each DTLS datagram of a direction, from 0: whether the wire loses it.
    var losesHandshake: (Direction, Int) -> Bool = { _, _ in false }
    /// What becomes of its datagrams before they leave.
    var rewrite: ([UInt8]) -> [[UInt8]] = { [$0] }
    private var handshakes: [Direction: Int] = [:]
    /// UDP payloads that have reached it.
    var bytesReceived = 0
    /// What the relay has put on the wire for it, and it for the relay, with the headers of IPv4 and UDP; if wanted.
    var wire: [WireRecord]?
    /// All that the relay has sent it, with the headers of IPv4 and UDP.
    var wireBytes = 0
    /// A copy of everything that it has sent, if wanted.
    var recording: [[UInt8]]?

    /// What the relay has sealed for it, by SSRC and sequence number; if wanted.
    var sealed: Sealed?

    enum Direction: Hashable {
        case up, down
    }

    /// Finds numbers under which more than one packet was sealed.
    struct Sealed {
        private var packets: [UInt64: [UInt8]] = [:]
        private(set) var repetitions = 0
        private(set) var conflicts = 0

        var count: Int { packets.count }

        mutating func note(_ bytes: [UInt8]) {
            let span = bytes.span
            guard span.count > 12, span[0] >> 6 == 2, !(192...223).contains(span[1]) else { return }
            let key = UInt64(span.uint32(at: 8)) << 16 | UInt64(span.uint16(at: 2))
            if let former = packets.updateValue(bytes, forKey: key) {
                repetitions += 1
                if former != bytes { conflicts += 1 }
            }
        }
    }

    init(
        _ endpoint: consuming Endpoint, address: SocketAddress, answer: SessionAnswer, up: LinkSettings,
        down: LinkSettings, seed: UInt64
    ) {
        self.endpoint = endpoint
        self.address = address
        session = answer.id
        self.answer = answer.sdp
        participant = answer.participant
        uplink = LinkEmulator(up, seed: seed)
        downlink = LinkEmulator(down, seed: seed ^ 0x5555)
    }

    func send(_ bytes: [UInt8], to destination: SocketAddress, at now: Instant) {
        recording?.append(bytes)
        wire?.append(WireRecord(at: now, direction: .up, bytes: bytes.count + 28))
        guard !isCut, !loses(bytes, .up) else { return }
        for rewritten in rewrite(bytes) {
            uplink.send(Datagram(source: address, destination: destination, bytes: rewritten), at: now)
        }
    }

    func deliver(_ datagram: Datagram, at now: Instant) {
        sealed?.note(datagram.bytes)
        wire?.append(WireRecord(at: now, direction: .down, bytes: datagram.bytes.count + 28))
        wireBytes += datagram.bytes.count + 28
        guard !isCut, !loses(datagram.bytes, .down) else { return }
        downlink.send(datagram, at: now)
    }

    private func loses(_ bytes: [UInt8], _ direction: Direction) -> Bool {
        guard let first = bytes.first, (20...63).contains(first) else { return false }
        let number = handshakes[direction, default: 0]
        handshakes[direction] = number + 1
        return losesHandshake(direction, number)
    }

    // MARK: - Looking

    var isConnected: Bool { endpoint.isConnected }
    var state: Endpoint.State { endpoint.state }
    var counters: Endpoint.Counters { endpoint.counters }
    var outgoing: [OutgoingStream] { endpoint.outgoing }
    var incoming: [IncomingStream] { endpoint.incoming }
    var ice: ControllingAgent { endpoint.ice }
    /// What is received.
    var video: StreamStatistics { endpoint.received(.video) }
    var audio: StreamStatistics { endpoint.received(.audio) }
    /// What has come in the section with this MID; nil before the first packet.
    func slot(_ mid: String) -> StreamStatistics? { endpoint.stream(in: mid)?.statistics }
    /// How often it has told what arrives.
    var feedbackSent: Int { endpoint.feedbackSent }
    var ledger: FeedbackLedger? { endpoint.ledger }
    var advisedBitsPerSecond: UInt64? { endpoint.advisedBitsPerSecond }
    /// Frames that were made, and key frames among them.
    var framesSent: Int { endpoint.framesSent().all }
    var keyFramesSent: Int { endpoint.framesSent().key }

    var deadline: Instant? {
        var earliest = endpoint.deadline
        for time in [uplink.deadline, downlink.deadline] {
            if let time { earliest = min(earliest ?? time, time) }
        }
        return earliest
    }
}
