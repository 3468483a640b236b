import BasicContainers
import Endpoint
import NodeIO
import SDP
import Wire

// What only conferences need to know.
extension Fleet {
    /// How many slots show or play something at this moment.
    func slotSample() -> SlotSample {
        let now = MonotonicClock.now()
        var sample = SlotSample()
        for seat in 0..<members.count where members[seat].presence == .present && members[seat].isWatching {
            guard members[seat].endpoint.isConnected else { continue }
            var video = 0
            for stream in members[seat].endpoint.incoming where stream.bitsPerSecond(at: now) > 0 {
                if stream.kind == .video { video += 1 } else { sample.audio += 1 }
            }
            sample.members += 1
            sample.video += video
            sample.leastVideo = min(sample.leastVideo ?? video, video)
        }
        return sample
    }

    /// The key frames that were made of each encoding of all who are there.
    func keyFrames() -> KeyFrameTally {
        var tally = KeyFrameTally()
        for seat in 0..<members.count where members[seat].presence == .present {
            for stream in members[seat].endpoint.outgoing where stream.kind == .video {
                // One of its streams is as good a name for a source as any.
                let source = members[seat].endpoint.outgoing[0].ssrc
                let key = KeyFrameTally.Key(source: UInt64(source), encoding: stream.rid ?? "")
                tally.counts[key] = members[seat].endpoint.framesSent(rid: stream.rid).key
            }
        }
        return tally
    }
}

/// How many slots of a conference's participants carry media at one moment.
struct SlotSample: Sendable {
    /// Who has slots.
    var members = 0
    var video = 0
    var audio = 0
    /// Of the participant that sees the fewest.
    var leastVideo: Int?

    mutating func add(_ other: SlotSample) {
        members += other.members
        video += other.video
        audio += other.audio
        if let least = other.leastVideo { leastVideo = min(leastVideo ?? least, least) }
    }
}
