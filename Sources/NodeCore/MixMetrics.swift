import Forwarding
package import Mixing
import Wire

/// What an operator is told of one mix.
package struct MixDescription: Sendable {
    package let room: RoomID
    /// Whose voice is left out; empty in the mix of all.
    package let without: String
    /// Subscribers at present.
    package let listeners: Int
    package let bitsPerSecond: Int
    package let statistics: MixStatistics
}

extension MixDescription: Labelled {
    var labels: [(name: String, value: String)] { [("room", "\(room)"), ("without", without)] }
}

/// What an operator is told of one voice that is mixed.
package struct VoiceDescription: Sendable {
    package let room: RoomID
    package let participant: ParticipantID?
    /// The MID of the source's section.
    package let track: String
    package let statistics: VoiceStatistics
}

extension VoiceDescription: Labelled {
    var labels: [(name: String, value: String)] {
        [("room", "\(room)"), ("participant", participant.map { "\($0)" } ?? ""), ("track", track)]
    }
}

extension Node {
    /// The mixes of this node and their voices.
    package mutating func mixDescriptions() -> (mixes: [MixDescription], voices: [VoiceDescription]) {
        var described: (mixes: [MixDescription], voices: [VoiceDescription]) = ([], [])
        for place in mixes.rooms.keys.sorted() {
            guard let table = mixes.rooms[place], let room = rooms[place]?.id else { continue }
            for mix in table.mixes {
                let own = mix.without.flatMap { table.voice($0) }.map { table.voices[$0].session }
                described.mixes.append(
                    MixDescription(
                        room: room, without: own.flatMap { sessions[$0]?.participant }.map { "\($0)" } ?? "",
                        listeners: upTracks[mix.track]?.subscribers.count ?? 0,
                        bitsPerSecond: mix.bitsPerSecond, statistics: mix.statistics))
            }
            for voice in table.voices {
                described.voices.append(
                    VoiceDescription(
                        room: room, participant: sessions[voice.session]?.participant,
                        track: upTracks[voice.track]?.mid ?? "", statistics: voice.statistics))
            }
        }
        return described
    }
}

extension NodeMetrics {
    /// All mixes of all workers and their voices; there are at most six voices and seven mixes for each room.
    ///
    /// - Parameter droppedPackets: packets of voices that came faster than they could be decoded.
    package static func families(
        mixes: [MixDescription], voices: [VoiceDescription], _ counters: NodeCounters, droppedPackets: UInt64
    ) -> [MetricFamily] {
        return [
            .total("smartc_mix_rooms_total", "Rooms whose voices were mixed.", counters.mixesOpened),
            .total(
                "smartc_mix_voices_refused_total",
                "Voices that are no Opus which can be decoded: they may be encrypted.",
                counters.mixVoicesRefused),
            .total(
                "smartc_mix_failures_total", "Rooms that got no mix: no libopus, or no time.",
                counters.mixFailures),
            .total(
                "smartc_mix_packets_dropped_total",
                "Packets of voices that waited for too long for a busy thread of mixes.", droppedPackets),
            .each(mixes, "smartc_mix_listeners", "Subscribers of a mix.", .gauge) { Double($0.listeners) },
            .each(mixes, "smartc_mix_bits_per_second", "What a mix sends, without headers.", .gauge) {
                Double($0.bitsPerSecond)
            },
            .each(mixes, "smartc_mix_packets_total", "Packets of a mix.", .counter) {
                Double($0.statistics.packets)
            },
            .each(mixes, "smartc_mix_silent_frames_total", "Frames with nothing to hear.", .counter) {
                Double($0.statistics.silentFrames)
            },
            .each(mixes, "smartc_mix_encode_seconds_total", "Mixing and encoding.", .counter) {
                $0.statistics.encodeTime.inSeconds
            },
            .each(voices, "smartc_mix_voice_decode_seconds_total", "Decoding of a voice.", .counter) {
                $0.statistics.decodeTime.inSeconds
            },
            .each(
                voices, "smartc_mix_voice_concealed_seconds_total",
                "Sound that was made up for what was lost or late.", .counter
            ) { $0.statistics.concealed.inSeconds },
            .each(voices, "smartc_mix_voice_late_packets_total", "Came when their time was over.", .counter) {
                Double($0.statistics.latePackets)
            },
            .each(
                voices, "smartc_mix_voice_recovered_packets_total", "Lost ones of which a copy came.",
                .counter
            ) { Double($0.statistics.recoveredPackets) },
            .each(voices, "smartc_mix_voice_damaged_packets_total", "Not Opus, or broken.", .counter) {
                Double($0.statistics.damagedPackets)
            },
            .each(voices, "smartc_mix_voice_delay_seconds", "From arrival to being mixed.", .gauge) {
                $0.statistics.delay.inSeconds
            },
        ]
    }
}
