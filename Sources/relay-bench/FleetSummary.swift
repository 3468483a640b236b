import Endpoint
import SDP
import Wire

/// What the members of fleets have seen, added up.
struct FleetSummary: Sendable {
    var connected = 0
    /// What has kept members from being connected, and how many.
    var failures: [String: Int] = [:]
    var packetsSent = 0
    var packetsReceived = 0
    /// By sequence numbers.
    var lost = 0
    var duplicates = 0
    var reordered = 0
    var corrupted = 0
    var retransmissions = 0
    var frames = 0
    var brokenFrames = 0
    var keyFrameRequests = 0
    var latency = LatencyHistogram()
    /// From the offer to the first complete picture, of each watcher that has one.
    var firstFrames: [Duration] = []

    /// Adds a stream as it is at this moment: what is missing counts as lost, as its receiver may leave.
    mutating func add(_ stream: IncomingStream) {
        let seen = stream.statistics
        packetsReceived += seen.packets
        lost += seen.lost + stream.missingPackets
        duplicates += seen.duplicates
        reordered += seen.reordered
        corrupted += seen.corrupted
        retransmissions += seen.retransmissions
        latency.add(seen.latency)
        guard stream.kind == .video else { return }
        frames += seen.frames
        brokenFrames += seen.brokenFrames
        keyFrameRequests += seen.keyFrameRequestsSent
    }

    mutating func add(_ other: FleetSummary) {
        connected += other.connected
        failures.merge(other.failures, uniquingKeysWith: +)
        packetsSent += other.packetsSent
        packetsReceived += other.packetsReceived
        lost += other.lost
        duplicates += other.duplicates
        reordered += other.reordered
        corrupted += other.corrupted
        retransmissions += other.retransmissions
        frames += other.frames
        brokenFrames += other.brokenFrames
        keyFrameRequests += other.keyFrameRequests
        latency.add(other.latency)
        firstFrames += other.firstFrames
    }
}
