import Forwarding
import SDP

/// The key frames of one encoding of one source, by why they came.
package struct SourceKeyFrames: Sendable {
    package let room: RoomID
    package let participant: ParticipantID
    package let mid: String
    /// The RID of a simulcast layer, else its number.
    package let encoding: String
    /// By `KeyFrameCause`.
    package let counts: [UInt32]
}

extension Node {
    /// The key frames of the sources that are here now, without those that arrive over links, which are counted where they
    /// come from.
    ///
    /// - Parameter limit: how many encodings are told of; the other ones are only counted.
    package mutating func sourceKeyFrames(limit: Int) -> (sources: [SourceKeyFrames], omitted: Int) {
        var sources: [SourceKeyFrames] = []
        var omitted = 0
        for session in 0..<sessions.slotCount
        where sessions.isOccupied(session) && sessions[session]?.mirrored == nil {
            guard let place = sessions[session]?.room, let room = rooms[place]?.id,
                let participant = sessions[session]?.participant
            else { continue }
            for track in sessions[session]?.upTracks ?? [] where upTracks[track]?.kind == .video {
                for encoding in 0..<(upTracks[track]?.encodingCount ?? 0) {
                    guard sources.count < limit else {
                        omitted += 1
                        continue
                    }
                    let counts = KeyFrameCause.allCases.map { cause in
                        upTracks[track]?.keyFrames(of: encoding, because: cause) ?? 0
                    }
                    sources.append(
                        SourceKeyFrames(
                            room: room, participant: participant, mid: upTracks[track]?.mid ?? "",
                            encoding: (upTracks[track]?.rid(of: encoding)).flatMap(\.self) ?? "\(encoding)",
                            counts: counts))
                }
            }
        }
        return (sources, omitted)
    }
}

extension NodeMetrics {
    /// So many encodings are told of by name, over all workers: 2,000 participants who send one, or 666 who send three.
    /// The others are in the sums all the same.
    package static let sourceLimit = 2000

    /// Key frames by source: a sample for each cause that there was, so six at most for each encoding.
    package static func families(_ sources: [SourceKeyFrames], omitted: Int) -> [MetricFamily] {
        let told = sources.prefix(sourceLimit)
        var samples: [MetricFamily.Sample] = []
        for source in told {
            for cause in KeyFrameCause.allCases where source.counts[cause.rawValue] > 0 {
                samples.append(
                    .init(
                        labels: [
                            ("room", source.room.description),
                            ("participant", source.participant.description),
                            ("mid", source.mid), ("encoding", source.encoding), ("cause", "\(cause)"),
                        ], value: Double(source.counts[cause.rawValue])))
            }
        }
        return [
            MetricFamily(
                name: "smartc_source_key_frames_total",
                help: "Key frames of each source that is here now, of \(sourceLimit) encodings at most.",
                kind: .counter, samples: samples),
            MetricFamily(
                name: "smartc_source_key_frames_omitted",
                help: "Encodings beyond that number, whose key frames are not told of by source.",
                kind: .gauge,
                samples: [.init(value: Double(omitted + sources.count - told.count))]),
        ]
    }
}
