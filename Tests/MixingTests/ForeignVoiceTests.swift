import COpus
import Codecs
import Mixing
import Testing
import Wire

/// What other clients than browsers send: all of it is mixed.
@Suite struct ForeignVoiceTests {
    /// How a foreign voice is encoded.
    struct Form: CustomTestStringConvertible {
        var name: String
        var sampleRate: Int32 = 48_000
        var channels: Int32 = 1
        var milliseconds = 20
        var application = OPUS_APPLICATION_VOIP
        var hasConstantRate = false
        var bandwidth = OPUS_AUTO

        var testDescription: String { name }
    }

    private static let start = Instant(nanoseconds: 7_000_000_000)
    static let forms = [
        Form(name: "stereo", channels: 2),
        Form(name: "stereo music", channels: 2, application: OPUS_APPLICATION_AUDIO),
        Form(name: "8 kHz", sampleRate: 8000),
        Form(name: "narrow band", bandwidth: OPUS_BANDWIDTH_NARROWBAND),
        Form(name: "120 ms", milliseconds: 120),
        Form(name: "120 ms of stereo at 12 kHz", sampleRate: 12_000, channels: 2, milliseconds: 120),
        Form(name: "10 ms, low delay", milliseconds: 10, application: OPUS_APPLICATION_RESTRICTED_LOWDELAY),
        Form(name: "5 ms, low delay", milliseconds: 5, application: OPUS_APPLICATION_RESTRICTED_LOWDELAY),
        Form(name: "constant bitrate", hasConstantRate: true),
    ]

    /// Four seconds of a tone of 400 Hz at -23 dB.
    private func packets(_ form: Form) throws -> [[UInt8]] {
        var status: Int32 = 0
        guard
            let encoder = unsafe opus_encoder_create(
                form.sampleRate, form.channels, form.application, &status)
        else { throw CodecError.cannotOpen(reason: form.name) }
        defer { unsafe opus_encoder_destroy(encoder) }
        _ = unsafe smartc_opus_encoder_set(encoder, OPUS_SET_BITRATE_REQUEST, 40_000)
        _ = unsafe smartc_opus_encoder_set(encoder, OPUS_SET_VBR_REQUEST, form.hasConstantRate ? 0 : 1)
        _ = unsafe smartc_opus_encoder_set(encoder, OPUS_SET_BANDWIDTH_REQUEST, form.bandwidth)
        let scale = 48_000 / Int(form.sampleRate)
        let count = Int(form.sampleRate) * form.milliseconds / 1000
        return (0..<4000 / form.milliseconds).map { number in
            let tone = Signals.tone(400, amplitude: 0.1, from: number * count * scale, count: count * scale)
            var samples: [Float] = []
            for index in 0..<count {
                for _ in 0..<form.channels { samples.append(tone[index * scale]) }
            }
            var packet = [UInt8](repeating: 0, count: 1500)
            let length = unsafe opus_encode_float(encoder, samples, Int32(count), &packet, 1500)
            return Array(packet.prefix(Int(max(length, 0))))
        }
    }

    @Test(arguments: forms) func `it is heard at the level of all others`(form: Form) throws {
        let packets = try packets(form)
        var mixer = VoiceMixer()
        try mixer.addVoice(1)
        var encoding = VoiceEncoding()
        encoding.frameLength = .milliseconds20
        encoding.bitsPerSecond = 24_000
        try mixer.addMix(2, without: nil, encoding)
        var decoder = try OpusDecoder()
        var scratch = [Float](repeating: 0, count: OpusPacket.longest)
        var sound: [Float] = []
        var next = 0
        var damaged: UInt64 = 0
        for step in 0..<200 {
            let now = Self.start + .milliseconds(20) * step
            while next < packets.count, next * form.milliseconds <= step * 20 {
                mixer.insert(
                    VoicePacket(
                        sequenceNumber: UInt16(next), timestamp: UInt32(next * form.milliseconds * 48),
                        payload: packets[next], level: 23, arrival: now), of: 1)
                next += 1
            }
            var sent: [MixPacket] = []
            mixer.advance(at: now, clock: { now }) {
                if case .packet(let packet, _) = $0 { sent.append(packet) }
            }
            for packet in sent {
                let count = try decoder.decode(packet.payload.span, into: &scratch)
                sound += scratch[..<count]
            }
        }
        mixer.tellStatistics { report in
            if case .voiceStatistics(_, let statistics) = report { damaged = statistics.damagedPackets }
        }
        #expect(damaged == 0)
        let end = Array(sound.suffix(48_000))
        #expect(abs(Signals.decibels(Signals.power(of: 400, in: end)) + 26) < 3)
    }
}
