import Endpoint
import Wire

/// What a load of a conference has shown. Losses are by the sequence numbers of the slots.
struct ConferenceReport: LoadOutcome {
    let participants: Int
    let observers: Int
    let videoSlots: Int
    let audioSlots: Int
    let seconds: Int
    var measures = LoadMeasures()
    private(set) var bitsPerSecondReceived = 0.0
    private(set) var padding = 0
    private(set) var pictureNumberErrors = 0
    /// Slots in which something came, of each participant: on average of the seconds, and the fewest.
    private(set) var videoSlotsFilled = 0.0
    private(set) var videoSlotsFilledLeast: Int?
    private(set) var audioSlotsFilled = 0.0
    private(set) var sourceChanges = 0
    private(set) var sourceChangesWithoutKeyFrame = 0
    /// Without a picture at changes of source; a slot that was empty in between is among them.
    private(set) var switchMilliseconds = Milliseconds()
    private(set) var freezes = 0
    private(set) var frozenSeconds = 0.0
    /// Key frames that participants made in a minute of the hold: of an encoding by its RID, per source on average of its
    /// encodings, and of each source's encoding with the most.
    private(set) var keyFramesPerMinute: [String: Spread] = [:]
    /// The same between the first join and 2 s after the last, without the first key frame of each encoding.
    private(set) var extraKeyFramesWhileJoining: [String: Spread] = [:]
    private(set) var controls = 0
    private(set) var controlsFailed = 0
    /// Participants whose session ended although nobody wanted it to.
    private(set) var leftByFault = 0
    private(set) var residentBytesPerParticipant: Int?
    /// Of this process: in cores.
    private(set) var ownCPUShare: Double?
    private var sampledMembers = 0

    private enum CodingKeys: String, CodingKey {
        case participants, observers, videoSlots, audioSlots, seconds, bitsPerSecondReceived, padding
        case pictureNumberErrors, videoSlotsFilled, videoSlotsFilledLeast, audioSlotsFilled
        case sourceChanges, sourceChangesWithoutKeyFrame, switchMilliseconds, freezes, frozenSeconds
        case keyFramesPerMinute, extraKeyFramesWhileJoining, controls, controlsFailed, leftByFault
        case residentBytesPerParticipant, ownCPUShare
    }

    init(_ plan: ConferencePlan) {
        participants = plan.participants
        observers = plan.observers
        videoSlots = plan.videoSlots
        audioSlots = plan.audioSlots
        seconds = plan.common.seconds
    }

    func encode(to encoder: any Encoder) throws {
        try measures.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(participants, forKey: .participants)
        try container.encode(observers, forKey: .observers)
        try container.encode(videoSlots, forKey: .videoSlots)
        try container.encode(audioSlots, forKey: .audioSlots)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(bitsPerSecondReceived, forKey: .bitsPerSecondReceived)
        try container.encode(padding, forKey: .padding)
        try container.encode(pictureNumberErrors, forKey: .pictureNumberErrors)
        try container.encode(videoSlotsFilled, forKey: .videoSlotsFilled)
        try container.encodeIfPresent(videoSlotsFilledLeast, forKey: .videoSlotsFilledLeast)
        try container.encode(audioSlotsFilled, forKey: .audioSlotsFilled)
        try container.encode(sourceChanges, forKey: .sourceChanges)
        try container.encode(sourceChangesWithoutKeyFrame, forKey: .sourceChangesWithoutKeyFrame)
        try container.encode(switchMilliseconds, forKey: .switchMilliseconds)
        try container.encode(freezes, forKey: .freezes)
        try container.encode(frozenSeconds, forKey: .frozenSeconds)
        try container.encode(keyFramesPerMinute, forKey: .keyFramesPerMinute)
        try container.encode(extraKeyFramesWhileJoining, forKey: .extraKeyFramesWhileJoining)
        try container.encode(controls, forKey: .controls)
        try container.encode(controlsFailed, forKey: .controlsFailed)
        try container.encode(leftByFault, forKey: .leftByFault)
        try container.encodeIfPresent(residentBytesPerParticipant, forKey: .residentBytesPerParticipant)
        try container.encodeIfPresent(ownCPUShare, forKey: .ownCPUShare)
    }

    // MARK: - Filling in

    /// Takes the key frames that were made of each encoding until a storm of joins was over.
    mutating func storm(_ keyFrames: KeyFrameTally) {
        extraKeyFramesWhileJoining = keyFrames.extra.spread()
    }

    /// Takes the key frames that were made of each encoding during the hold.
    mutating func keyFrames(_ made: KeyFrameTally, over held: Duration) {
        guard held.inSeconds > 0 else { return }
        keyFramesPerMinute = made.spread(times: 60 / held.inSeconds)
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
    mutating func fill(_ before: FleetSummary, _ after: FleetSummary, held: Duration) {
        measures.fill(before, after, held: held)
        let lost = max(0, after.lost - before.lost)
        measures.lost(lost, of: measures.packetsReceived + lost)
        if held.inSeconds > 0, measures.connected > 0 {
            bitsPerSecondReceived =
                Double(after.bytesReceived - before.bytesReceived) * 8 / held.inSeconds
                / Double(measures.connected)
        }
        padding = after.padding - before.padding
        pictureNumberErrors = after.pictureNumberErrors - before.pictureNumberErrors
        sourceChanges = after.sourceChanges - before.sourceChanges
        sourceChangesWithoutKeyFrame =
            after.sourceChangesWithoutKeyFrame - before.sourceChangesWithoutKeyFrame
        freezes = after.freezes - before.freezes
        frozenSeconds = (after.frozen - before.frozen).inSeconds
        switchMilliseconds = Milliseconds(after.switchPauses)
        if sampledMembers > 0 {
            videoSlotsFilled /= Double(sampledMembers)
            audioSlotsFilled /= Double(sampledMembers)
        }
        leftByFault = after.ended
    }

    /// Takes CPU time and memory of the server and of this process when the hold began and when it ended.
    mutating func fill(
        server before: ServerMeter.Reading?, _ after: ServerMeter.Reading?, own: ServerMeter.Reading?,
        _ ownAfter: ServerMeter.Reading?
    ) {
        measures.fill(server: before, after)
        if let own, let ownAfter, measures.heldSeconds > 0 {
            ownCPUShare = (ownAfter.cpuSeconds - own.cpuSeconds) / measures.heldSeconds
        }
        if let idle = measures.residentBytesIdle, let resident = measures.residentBytes,
            measures.connected > 0
        {
            residentBytesPerParticipant = (resident - idle) / measures.connected
        }
    }

    /// Takes what failed in joining, asking and leaving.
    mutating func fill(_ roster: Roster) {
        measures.fill(roster)
        (controls, controlsFailed) = roster.controls
    }
}
