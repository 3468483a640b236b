import Codecs
import Forwarding
package import Transcoding
import Wire

/// What an operator is told of one lane.
package struct LaneDescription: Sendable {
    package let room: RoomID
    package let participant: ParticipantID?
    /// The MID of the source's section.
    package let track: String
    package let tier: Tier
    /// `whole`, for weaker links `thin` or `still`, or `exact` for who has asked for the tier by its name.
    package let grade: String
    /// What it is to take at present.
    package let targetBitsPerSecond: Int
    package let codec: String
    /// Subscribers at present.
    package let viewers: Int
    package let bitsPerSecond: Int
    package let framesPerSecond: Double
    package let effort: Effort
    package let statistics: LaneStatistics
    package let intake: LaneIntake
    /// From the packet that made a source's picture whole to the lane's packets, of the last 256 pictures: the shares of
    /// `LaneDescription.quantiles`.
    package let delays: [Duration]

    package static let quantiles = [0.5, 0.95, 1]
}

/// What a source has brought to its lanes since the first of them began.
package struct LaneIntake: Sendable {
    /// Encoded pictures, and their bytes without headers.
    package var pictures: UInt64 = 0
    package var bytes: UInt64 = 0
    /// Those that found too many waiting for the lane thread.
    package var dropped: UInt64 = 0
}

extension LaneDescription: Labelled {
    var labels: [(name: String, value: String)] {
        [
            ("room", "\(room)"), ("participant", participant.map { "\($0)" } ?? ""), ("track", track),
            ("tier", tier.rawValue), ("grade", grade), ("codec", codec),
        ]
    }
}

extension Node {
    /// The lanes of this node.
    package mutating func laneDescriptions() -> [LaneDescription] {
        var described: [LaneDescription] = []
        for id in lanes.routes.keys.sorted() {
            guard let route = lanes.routes[id], let source = lanes.sources[route.source],
                let session = upTracks[source.track]?.session, let mid = upTracks[source.track]?.mid,
                let place = sessions[session]?.room, let room = rooms[place]?.id
            else { continue }
            described.append(
                LaneDescription(
                    room: room, participant: sessions[session]?.participant, track: mid, tier: route.tier,
                    grade: "\(route.offer.grade)", targetBitsPerSecond: route.target,
                    codec: route.codec.rawValue, viewers: upTracks[route.track]?.subscribers.count ?? 0,
                    bitsPerSecond: route.bitsPerSecond,
                    framesPerSecond: route.framesPerSecond,
                    effort: route.effort, statistics: route.statistics, intake: source.intake,
                    delays: LaneDescription.quantiles.compactMap { route.delay.quantile($0) }))
        }
        return described
    }
}

extension NodeMetrics {
    /// All lanes of all workers; there are 64 for each worker at most.
    ///
    /// - Parameter droppedFrames: encoded pictures of sources that came faster than they could be decoded.
    package static func families(
        lanes: [LaneDescription], _ counters: NodeCounters, droppedFrames: UInt64
    ) -> [MetricFamily] {
        let delays = lanes.flatMap { lane in
            zip(LaneDescription.quantiles, lane.delays).map { quantile, delay in
                MetricFamily.Sample(
                    labels: lane.labels + [("quantile", "\(quantile)")], value: delay.inSeconds)
            }
        }
        return [
            MetricFamily(
                name: "smartc_lane_delay_seconds",
                help: "From a whole picture of the source to the lane's packets, the last 256 pictures.",
                kind: .summary, samples: delays),
            .total("smartc_lanes_opened_total", "Lanes that were made.", counters.lanesOpened),
            .total(
                "smartc_lanes_refused_total",
                "Lanes that were refused: no CPU, or a source that cannot be decoded.", counters.lanesRefused
            ),
            .total(
                "smartc_lane_pictures_damaged_total",
                "Encoded pictures of sources that could not be decoded.",
                counters.lanePicturesDamaged),
            .total(
                "smartc_lane_pictures_dropped_total",
                "Encoded pictures of all sources that waited for too long for a busy lane thread.",
                droppedFrames
            ),
            .each(lanes, "smartc_lane_viewers", "Subscribers of a lane.", .gauge) { Double($0.viewers) },
            .each(lanes, "smartc_lane_bits_per_second", "What a lane sends, without headers.", .gauge) {
                Double($0.bitsPerSecond)
            },
            .each(
                lanes, "smartc_lane_target_bits_per_second", "What a lane is to take, without headers.",
                .gauge
            ) {
                Double($0.targetBitsPerSecond)
            },
            .each(lanes, "smartc_lane_frames_per_second", "What a lane sends.", .gauge) {
                $0.framesPerSecond
            },
            .each(lanes, "smartc_lane_effort", "0 fast, 1 real-time, 2 full.", .gauge) {
                Double($0.effort.rawValue)
            },
            .each(lanes, "smartc_lane_changed_share", "How much of the picture changes, 0 to 1.", .gauge) {
                $0.statistics.changedShare
            },
            .each(lanes, "smartc_lane_quantizer", "How coarsely a lane codes, 0 to 63.", .gauge) {
                $0.statistics.quantizer
            },
            .each(lanes, "smartc_lane_height_pixels", "Of the pictures that a lane sends.", .gauge) {
                Double($0.statistics.height)
            },
            .each(
                lanes, "smartc_lane_source_pictures_total",
                "Encoded pictures of a lane's source; other lanes of it count the same ones.", .counter
            ) { Double($0.intake.pictures) },
            .each(
                lanes, "smartc_lane_source_bytes_total",
                "Encoded pictures of a lane's source, without headers.", .counter
            ) { Double($0.intake.bytes) },
            .each(
                lanes, "smartc_lane_source_pictures_dropped_total",
                "Encoded pictures of a lane's source that waited for too long for a busy lane thread.",
                .counter
            ) { Double($0.intake.dropped) },
            .each(lanes, "smartc_lane_pictures_total", "Decoded pictures of the source.", .counter) {
                Double($0.statistics.picturesSeen)
            },
            .each(lanes, "smartc_lane_unchanged_pictures_total", "Pictures with nothing new.", .counter) {
                Double($0.statistics.unchangedPictures)
            },
            .each(
                lanes, "smartc_lane_pictures_over_budget_total", "Pictures left out for want of bits.",
                .counter
            ) { Double($0.statistics.picturesOverBudget) },
            .each(lanes, "smartc_lane_key_frames_total", "Anchors that were made.", .counter) {
                Double($0.statistics.keyFrames)
            },
            .each(lanes, "smartc_lane_resync_frames_total", "Frames for those who join.", .counter) {
                Double($0.statistics.resyncFrames)
            },
            .each(lanes, "smartc_lane_delta_frames_total", "Other frames.", .counter) {
                Double($0.statistics.deltaFrames)
            },
            .each(lanes, "smartc_lane_encode_seconds_total", "Scaling, analysis and coding.", .counter) {
                $0.statistics.encodeTime.inSeconds
            },
        ]
    }
}
