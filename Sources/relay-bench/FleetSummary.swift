import Endpoint
import SDP
import Wire

/// What the members of fleets have seen, added up.
struct FleetSummary: Sendable {
    var connected = 0
    /// What has kept members from being connected, and how many.
    var failures: [String: Int] = [:]
    /// Members whose session ended although they did not leave.
    var ended = 0
    var packetsSent = 0
    var packetsReceived = 0
    var bytesReceived = 0
    /// By sequence numbers.
    var lost = 0
    var duplicates = 0
    var reordered = 0
    var corrupted = 0
    var retransmissions = 0
    var frames = 0
    var brokenFrames = 0
    var keyFrameRequests = 0
    var freezes = 0
    var frozen = Duration.zero
    /// How often a slot went over to another source, and how often that was not at a key frame.
    var sourceChanges = 0
    var sourceChangesWithoutKeyFrame = 0
    /// How long there was no picture on the way from one source to another.
    var switchPauses = LatencyHistogram()
    var pictureNumberErrors = 0
    var padding = 0
    var latency = LatencyHistogram()
    /// From the offer to the first complete picture, of each watcher that has one.
    var firstFrames: [Duration] = []

    /// Adds a stream as it is at this moment: what is missing counts as lost, as its receiver may leave.
    mutating func add(_ stream: IncomingStream) {
        let seen = stream.statistics
        packetsReceived += seen.packets
        bytesReceived += seen.bytes
        padding += seen.padding
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
        freezes += seen.freezes
        frozen += seen.frozen
        sourceChanges += seen.sourceChanges
        sourceChangesWithoutKeyFrame += seen.sourceChangesWithoutKeyFrame
        switchPauses.add(seen.switchPauses)
        pictureNumberErrors += seen.pictureNumberErrors
    }

    mutating func add(_ other: FleetSummary) {
        connected += other.connected
        failures.merge(other.failures, uniquingKeysWith: +)
        ended += other.ended
        packetsSent += other.packetsSent
        packetsReceived += other.packetsReceived
        bytesReceived += other.bytesReceived
        lost += other.lost
        duplicates += other.duplicates
        reordered += other.reordered
        corrupted += other.corrupted
        retransmissions += other.retransmissions
        frames += other.frames
        brokenFrames += other.brokenFrames
        keyFrameRequests += other.keyFrameRequests
        freezes += other.freezes
        frozen += other.frozen
        sourceChanges += other.sourceChanges
        sourceChangesWithoutKeyFrame += other.sourceChangesWithoutKeyFrame
        switchPauses.add(other.switchPauses)
        pictureNumberErrors += other.pictureNumberErrors
        padding += other.padding
        latency.add(other.latency)
        firstFrames += other.firstFrames
    }
}
