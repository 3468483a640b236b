import Endpoint
import Wire

/// What a load of a conference has shown.
struct ConferenceReport: LoadOutcome {
    let participants: Int
    let observers: Int
    let videoSlots: Int
    let audioSlots: Int
    let seconds: Int
    /// How long the load was held; less than `seconds` when it ended early.
    private(set) var heldSeconds = 0.0
    /// From the first offer to the last answer.
    var joinSeconds = 0.0
    private(set) var connected = 0
    private(set) var packetsSent = 0
    private(set) var packetsReceived = 0
    private(set) var bitsPerSecondReceived = 0.0
    /// By the sequence numbers of the slots.
    private(set) var packetsLost = 0
    private(set) var lossPercent = 0.0
    private(set) var duplicates = 0
    private(set) var reordered = 0
    private(set) var corrupted = 0
    private(set) var padding = 0
    private(set) var retransmissions = 0
    private(set) var frames = 0
    private(set) var brokenFrames = 0
    private(set) var pictureNumberErrors = 0
    private(set) var keyFrameRequests = 0
    private(set) var latencyMilliseconds: [String: Double] = [:]
    private(set) var firstFrameMilliseconds: [String: Double] = [:]
    /// Slots in which something came, of each participant: on average of the seconds, and the fewest.
    private(set) var videoSlotsFilled = 0.0
    private(set) var videoSlotsFilledLeast: Int?
    private(set) var audioSlotsFilled = 0.0
    private(set) var sourceChanges = 0
    private(set) var sourceChangesWithoutKeyFrame = 0
    /// Without a picture at changes of source; a slot that was empty in between is among them.
    private(set) var switchMilliseconds: [String: Double] = [:]
    private(set) var freezes = 0
    private(set) var frozenSeconds = 0.0
    /// Key frames that participants made of one encoding in a minute of the hold.
    private(set) var keyFramesPerSourceAndMinute: [String: Double] = [:]
    /// The same between the first join and 2 s after the last: one is the first picture, the others are extra.
    private(set) var keyFramesPerSourceInStorm: [String: Double] = [:]
    private(set) var controls = 0
    private(set) var controlsFailed = 0
    /// Participants whose session ended although nobody wanted it to.
    private(set) var leftByFault = 0
    /// CPU seconds of the server for a million packets that participants received.
    private(set) var cpuSecondsPerMillionPackets: Double?
    private(set) var serverCPUShare: Double?
    private(set) var residentBytesIdle: Int?
    private(set) var residentBytes: Int?
    private(set) var residentBytesPerParticipant: Int?
    /// Of this process: in cores.
    private(set) var ownCPUShare: Double?
    private(set) var deletes = 0
    private(set) var deletesFailed = 0
    private(set) var failures: [String: Int] = [:]
    private(set) var stopped: String?
    private var sampledMembers = 0

    private enum CodingKeys: String, CodingKey {
        case participants, observers, videoSlots, audioSlots, seconds, heldSeconds, joinSeconds, connected
        case packetsSent, packetsReceived, bitsPerSecondReceived, packetsLost, lossPercent
        case duplicates, reordered, corrupted, padding, retransmissions, frames, brokenFrames
        case pictureNumberErrors, keyFrameRequests, latencyMilliseconds, firstFrameMilliseconds
        case videoSlotsFilled, videoSlotsFilledLeast, audioSlotsFilled
        case sourceChanges, sourceChangesWithoutKeyFrame, switchMilliseconds, freezes, frozenSeconds
        case keyFramesPerSourceAndMinute, keyFramesPerSourceInStorm
        case controls, controlsFailed, leftByFault
        case cpuSecondsPerMillionPackets, serverCPUShare, ownCPUShare
        case residentBytesIdle, residentBytes, residentBytesPerParticipant
        case deletes, deletesFailed, failures, stopped
    }

    init(_ plan: ConferencePlan) {
        participants = plan.participants
        observers = plan.observers
        videoSlots = plan.videoSlots
        audioSlots = plan.audioSlots
        seconds = plan.common.seconds
    }

    // MARK: - Filling in

    /// Takes the server's memory before anybody came.
    mutating func memory(idle: ServerMeter.Reading?) {
        residentBytesIdle = idle?.residentBytes
    }

    /// Takes the key frames that were made of each encoding until a storm of joins was over.
    mutating func storm(_ keyFrames: [UInt32: Int]) {
        keyFramesPerSourceInStorm = Self.spread(keyFrames.values.map(Double.init))
    }

    /// Takes the key frames that were made of each encoding when the hold began and when it ended.
    mutating func keyFrames(_ before: [UInt32: Int], _ after: [UInt32: Int], over held: Duration) {
        let made = before.compactMap { source, count in after[source].map { Double($0 - count) } }
        guard held.inSeconds > 0 else { return }
        keyFramesPerSourceAndMinute = Self.spread(made.map { $0 * 60 / held.inSeconds })
    }

    /// Takes what is in the slots at one moment.
    mutating func add(_ sample: SlotSample) {
        guard sample.members > 0 else { return }
        sampledMembers += sample.members
        videoSlotsFilled += Double(sample.video)
        audioSlotsFilled += Double(sample.audio)
        if let least = sample.leastVideo {
            videoSlotsFilledLeast = min(videoSlotsFilledLeast ?? least, least)
        }
    }

    /// Takes what the endpoints had seen when the hold began and when it ended.
    mutating func fill(_ before: FleetSummary, _ after: FleetSummary, heldSeconds: Double) {
        self.heldSeconds = heldSeconds
        connected = after.connected
        packetsSent = after.packetsSent - before.packetsSent
        packetsReceived = after.packetsReceived - before.packetsReceived
        if heldSeconds > 0, connected > 0 {
            bitsPerSecondReceived =
                Double(after.bytesReceived - before.bytesReceived) * 8 / heldSeconds / Double(connected)
        }
        packetsLost = max(0, after.lost - before.lost)
        let expected = packetsReceived + packetsLost
        lossPercent = expected > 0 ? 100 * Double(packetsLost) / Double(expected) : 0
        duplicates = after.duplicates - before.duplicates
        reordered = after.reordered - before.reordered
        corrupted = after.corrupted - before.corrupted
        padding = after.padding - before.padding
        retransmissions = after.retransmissions - before.retransmissions
        frames = after.frames - before.frames
        brokenFrames = after.brokenFrames - before.brokenFrames
        pictureNumberErrors = after.pictureNumberErrors - before.pictureNumberErrors
        keyFrameRequests = after.keyFrameRequests - before.keyFrameRequests
        sourceChanges = after.sourceChanges - before.sourceChanges
        sourceChangesWithoutKeyFrame =
            after.sourceChangesWithoutKeyFrame - before.sourceChangesWithoutKeyFrame
        freezes = after.freezes - before.freezes
        frozenSeconds = (after.frozen - before.frozen).inSeconds
        latencyMilliseconds = Self.milliseconds(after.latency)
        switchMilliseconds = Self.milliseconds(after.switchPauses)
        let first = after.firstFrames.sorted()
        if !first.isEmpty {
            for (name, share) in [("p50", 0.5), ("p95", 0.95), ("max", 1.0)] {
                firstFrameMilliseconds[name] =
                    first[min(first.count - 1, Int(Double(first.count) * share))].inSeconds * 1000
            }
        }
        if sampledMembers > 0 {
            videoSlotsFilled /= Double(sampledMembers)
            audioSlotsFilled /= Double(sampledMembers)
        }
        leftByFault = after.ended
        failures.merge(after.failures, uniquingKeysWith: +)
    }

    /// Takes CPU time and memory of the server and of this process when the hold began and when it ended.
    mutating func fill(
        _ before: ServerMeter.Reading?, _ after: ServerMeter.Reading?, own: ServerMeter.Reading?,
        _ ownAfter: ServerMeter.Reading?
    ) {
        guard heldSeconds > 0 else { return }
        if let own, let ownAfter { ownCPUShare = (ownAfter.cpuSeconds - own.cpuSeconds) / heldSeconds }
        guard let before, let after else { return }
        let cpu = after.cpuSeconds - before.cpuSeconds
        if packetsReceived > 0 { cpuSecondsPerMillionPackets = cpu * 1_000_000 / Double(packetsReceived) }
        serverCPUShare = cpu / heldSeconds
        residentBytes = after.residentBytes
        if let residentBytesIdle, connected > 0 {
            residentBytesPerParticipant = (after.residentBytes - residentBytesIdle) / connected
        }
    }

    /// Takes what failed in joining, asking and leaving.
    mutating func fill(_ roster: Roster) {
        failures.merge(roster.failures, uniquingKeysWith: +)
        stopped = roster.stopReason
        (deletes, deletesFailed) = roster.deletes
        (controls, controlsFailed) = roster.controls
        if deletesFailed > 0 { failures["sessions not ended by DELETE", default: 0] += deletesFailed }
        if controlsFailed > 0 { failures["control requests", default: 0] += controlsFailed }
    }

    private static func milliseconds(_ histogram: LatencyHistogram) -> [String: Double] {
        guard histogram.count > 0 else { return [:] }
        var values = ["max": histogram.maximum.inSeconds * 1000]
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            values[name] = histogram.percentile(share).inSeconds * 1000
        }
        return values
    }

    private static func spread(_ values: [Double]) -> [String: Double] {
        guard let most = values.max() else { return [:] }
        return ["mean": values.reduce(0, +) / Double(values.count), "max": most]
    }
}
