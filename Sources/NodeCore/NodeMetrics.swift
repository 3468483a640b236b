import Forwarding
import Peering
import Wire

/// Counters and gauges in the terms of `/metrics`.
package enum NodeMetrics {
    package static func families(_ counters: NodeCounters, _ gauges: NodeGauges) -> [MetricFamily] {
        [
            gauge(
                "smartc_sessions", "Sessions that are open, by what they are for.",
                [
                    (["role": "publish"], gauges.publishers), (["role": "watch"], gauges.watchers),
                    (["role": "participate"], gauges.participants), (["role": "echo"], gauges.echoes),
                ]),
            MetricFamily(
                name: "smartc_sessions_by_profile",
                help: "Sessions but those of the echo test, by what they are served and why.", kind: .gauge,
                samples: LinkProfile.Kind.all.map { kind in
                    .init(
                        labels: [
                            ("profile", (kind.isWeak ? LinkProfile.Wish.weak : .full).rawValue),
                            ("reason", kind.reason.rawValue),
                        ], value: Double(gauges.profiles[kind] ?? 0))
                }),
            gauge(
                "smartc_sessions_connecting", "Sessions whose handshake has not ended.",
                [([:], gauges.connecting)]),
            gauge("smartc_rooms", "Rooms with at least one session.", [([:], gauges.rooms)]),
            gauge(
                "smartc_tracks", "Tracks, by direction as the node sees it.",
                [(["direction": "up"], gauges.upTracks), (["direction": "down"], gauges.downTracks)]),
            gauge(
                "smartc_rooms_spread", "Rooms whose sessions are on more than one worker or node.",
                [([:], gauges.roomsSpread)]),
            gauge(
                "smartc_link_ends", "Ends of links to other workers or nodes.", [([:], gauges.links)]),
            gauge(
                "smartc_tracks_mirrored", "Tracks that arrive over links.", [([:], gauges.mirroredTracks)]),
            .total("smartc_sessions_opened_total", "Offers that were answered.", counters.sessionsOpened),
            .total(
                "smartc_sessions_connected_total", "Handshakes that ended with keys.",
                counters.sessionsConnected),
            MetricFamily(
                name: "smartc_sessions_closed_total", help: "Sessions that ended, by reason.", kind: .counter,
                samples: counters.sessionsClosed.sorted { $0.key < $1.key }.map {
                    .init(labels: [("reason", $0.key)], value: Double($0.value))
                }),
            MetricFamily(
                name: "smartc_handshakes_failed_total", help: "Sessions that never connected, by cause.",
                kind: .counter,
                samples: CloseReason.failedHandshakes.map {
                    .init(
                        labels: [("cause", $0.label)], value: Double(counters.sessionsClosed[$0.label] ?? 0))
                }),
            .total(
                "smartc_packets_received_total", "RTP packets that arrived and could be decrypted.",
                counters.packetsReceived),
            .total("smartc_bytes_received_total", "The bytes of those packets.", counters.bytesReceived),
            .total(
                "smartc_packets_forwarded_total", "RTP packets sent to subscribers.",
                counters.packetsForwarded),
            .total("smartc_bytes_forwarded_total", "The bytes of those packets.", counters.bytesForwarded),
            MetricFamily(
                name: "smartc_wire_bytes_total",
                help: "All bytes between the node and the remotes of its sessions, with IP and UDP headers.",
                kind: .counter,
                samples: [
                    .init(labels: [("direction", "received")], value: Double(counters.wireBytesReceived)),
                    .init(labels: [("direction", "sent")], value: Double(counters.wireBytesSent)),
                ]),
            MetricFamily(
                name: "smartc_drops_total", help: "Datagrams and packets that were not passed on, by reason.",
                kind: .counter,
                samples: DropReason.allCases.map {
                    .init(labels: [("reason", $0.label)], value: Double(counters.drops[$0]))
                }),
            .total(
                "smartc_nacks_received_total", "Packets that subscribers asked for again.",
                counters.nacksReceived),
            .total(
                "smartc_nacks_sent_total", "Packets that publishers were asked for again.", counters.nacksSent
            ),
            .total(
                "smartc_retransmissions_received_total", "Packets that publishers sent again.",
                counters.retransmissionsReceived),
            .total(
                "smartc_retransmissions_sent_total", "Packets that were sent to subscribers again.",
                counters.retransmissionsSent),
            .total(
                "smartc_key_frame_requests_received_total", "PLI and FIR from subscribers.",
                counters.keyFrameRequestsReceived),
            MetricFamily(
                name: "smartc_key_frames_received_by_cause_total",
                help: "Key frames of publishers, by why they were asked for.", kind: .counter,
                samples: KeyFrameCause.allCases.map {
                    .init(
                        labels: [("cause", "\($0)")], value: Double(counters.keyFrameCauses[$0.rawValue]))
                }),
            .total(
                "smartc_feedback_received_total", "Transport-wide feedback of subscribers.",
                counters.feedbackReceived),
            .total(
                "smartc_padding_sent_total", "Packets of padding that probe subscribers' links.",
                counters.paddingSent),
            .total(
                "smartc_key_frame_requests_sent_total", "PLI and FIR to publishers.",
                counters.keyFrameRequestsSent),
            .total(
                "smartc_key_frames_received_total", "Key frames that began to arrive.",
                counters.keyFramesReceived),
            .total(
                "smartc_link_packets_sent_total", "RTP packets sent over links, repairs aside.",
                counters.linkPacketsSent),
            .total(
                "smartc_link_packets_received_total",
                "RTP packets that arrived over links and could be decrypted.",
                counters.linkPacketsReceived),
            .total(
                "smartc_link_packets_lost_total",
                "Packets that the other end of a link has sent and that did not arrive.",
                counters.linkPacketsLost),
            .total("smartc_links_lost_total", "Links that fell silent.", counters.linksLost),
            .total(
                "smartc_address_changes_total", "Peers that went on from another address.",
                counters.addressChanges),
        ]
    }

    private static func gauge(
        _ name: String, _ help: String, _ samples: [(labels: [String: String], value: Int)]
    ) -> MetricFamily {
        MetricFamily(
            name: name, help: help, kind: .gauge,
            samples: samples.map { sample in
                .init(labels: sample.labels.map { ($0.key, $0.value) }, value: Double(sample.value))
            })
    }
}
