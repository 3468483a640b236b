import Codecs
import Mixing
import Testing
import Wire

/// Speakers, the mixer, and listeners that decode what it sends.
@Suite struct VoiceMixerTests {
    private static let start = Instant(nanoseconds: 7_000_000_000)

    /// What a listener of one mix hears.
    struct Listener: ~Copyable {
        var decoder: OpusDecoder
        var sound: [Float] = []
        var packets: [MixPacket] = []
        private var scratch = [Float](repeating: 0, count: OpusPacket.longest)

        init() throws { decoder = try OpusDecoder() }

        mutating func take(_ packet: MixPacket) throws {
            packets.append(packet)
            let count = try decoder.decode(packet.payload.span, into: &scratch)
            sound += scratch[..<count]
        }
    }

    /// Tones of one speaker each; the listeners' mixes are numbered from 0: the first is of all, the others of all but one.
    struct Talk {
        var tones: [(hertz: Double, amplitude: Float)]
        var withoutVoices: [UInt32] = []
        var encoding = VoiceEncoding()
        var seconds = 8
        var level: UInt8? = 20
        /// What a speaker says at this time; nil for its tone.
        var sound: (UInt32, Int, Int) -> [Float]?
        var undecodable: [UInt32] = []

        init(_ tones: [(Double, Float)]) {
            self.tones = tones
            sound = { _, _, _ in nil }
        }

        /// What was sent of each mix.
        mutating func run() throws -> [[MixPacket]] {
            var mixer = VoiceMixer()
            var speakers: [UInt32] = []
            var encoders = SpeakerList()
            for (index, tone) in tones.enumerated() {
                let id = UInt32(index)
                try mixer.addVoice(id)
                speakers.append(id)
                let sound = sound
                try encoders.append { start, count in
                    sound(id, start, count)
                        ?? Signals.tone(tone.hertz, amplitude: tone.amplitude, from: start, count: count)
                }
            }
            try mixer.addMix(100, without: nil, encoding)
            for (index, own) in withoutVoices.enumerated() {
                try mixer.addMix(101 + UInt32(index), without: own, encoding)
            }
            var sent = [[MixPacket]](repeating: [], count: 1 + withoutVoices.count)
            for step in 0..<seconds * 50 {
                let now = VoiceMixerTests.start + .milliseconds(20) * step
                for id in speakers {
                    if let packet = try encoders.next(Int(id), at: now, level: level) {
                        mixer.insert(packet, of: id)
                    }
                }
                mixer.advance(at: now, clock: { now }) { report in
                    switch report {
                    case .packet(let packet, let mix): sent[Int(mix) - 100].append(packet)
                    case .undecodable(let voice): undecodable.append(voice)
                    case .failed, .unlevelled, .heard, .voiceStatistics, .mixStatistics: break
                    }
                }
            }
            return sent
        }
    }

    private func heard(_ packets: [MixPacket]) throws -> [Float] {
        var listener = try Listener()
        for packet in packets { try listener.take(packet) }
        return listener.sound
    }

    /// The last two seconds.
    private func end(of sound: [Float]) -> [Float] { Array(sound.suffix(96_000)) }

    private static let three: [(Double, Float)] = [(400, 0.4), (900, 0.1), (1700, 0.025)]

    @Test func `three speakers of different loudness are equally loud in the mix`() throws {
        var talk = Talk(Self.three)
        let sound = end(of: try heard(try talk.run()[0]))
        for (hertz, _) in Self.three {
            // The common level, give or take what the encoder does to tones.
            #expect(abs(Signals.decibels(Signals.power(of: hertz, in: sound)) + 26) < 3, "\(hertz)")
        }
    }

    @Test func `nobody hears its own voice, and everybody all others`() throws {
        var talk = Talk(Self.three)
        talk.withoutVoices = [0, 1, 2]
        let sent = try talk.run()
        var pictures = [(title: "The mix of all", sound: end(of: try heard(sent[0])))]
        for own in 0..<3 {
            let sound = end(of: try heard(sent[1 + own]))
            pictures.append((title: "To who speaks at \(Int(Self.three[own].0)) Hz", sound: sound))
            for (index, tone) in Self.three.enumerated() {
                let level = Signals.decibels(Signals.power(of: tone.0, in: sound))
                if index == own {
                    #expect(level < -26 - 40, "\(tone.0)")
                } else {
                    #expect(abs(level + 26) < 3, "\(tone.0)")
                }
            }
        }
        try Spectrum.write(
            pictures, title: "Three speakers at -11, -23 and -35 dB", name: "mixing-three-speakers")
    }

    @Test func `six at full scale do not clip`() throws {
        var talk = Talk([(300, 1), (500, 1), (800, 1), (1300, 1), (2100, 1), (2900, 1)])
        talk.encoding.bitsPerSecond = 24_000
        talk.level = 0
        let sound = try heard(try talk.run()[0])
        #expect(sound.allSatisfy { abs($0) < 1 })
        let all = end(of: sound)
        try Spectrum.write(
            [("The mix of all", all)], title: "Six speakers at full scale", name: "mixing-six-speakers")
        for (hertz, _) in talk.tones {
            #expect(Signals.decibels(Signals.power(of: hertz, in: all)) > -34, "\(hertz)")
        }
    }

    @Test func `all mixes come in one step with one timestamp`() throws {
        var talk = Talk(Self.three)
        talk.withoutVoices = [1]
        let sent = try talk.run()
        #expect(sent[0].map(\.timestamp) == sent[1].map(\.timestamp))
        for (former, next) in zip(sent[0], sent[0].dropFirst()) {
            #expect(next.timestamp &- former.timestamp == 2880)
        }
        #expect(sent[0].count == 8000 / 60)
    }

    @Test func `in silence hardly anything is sent, and the timestamps go on`() throws {
        var talk = Talk([(400, 0.2), (700, 0.2)])
        talk.seconds = 20
        talk.sound = { _, start, count in
            (5 * 48_000..<15 * 48_000).contains(start) ? [Float](repeating: 0, count: count) : nil
        }
        let sent = try talk.run()[0]
        let pause = sent.filter { (7 * 48_000..<14 * 48_000).contains(Int($0.timestamp)) }
        #expect(pause.count <= 7)
        let resumed = sent.filter { $0.timestamp >= 15 * 48_000 }
        #expect(resumed.contains { $0.endsPause })
        #expect(sent.allSatisfy { $0.timestamp % 960 == 0 })
        #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp })
    }

    @Test func `a sender whose levels mean nothing is told of before it is heard`() throws {
        var mixer = VoiceMixer()
        try mixer.addVoice(1)
        var encoding = VoiceEncoding()
        encoding.frameLength = .milliseconds20
        try mixer.addMix(9, without: nil, encoding)
        var speaker = try Speaker { Signals.voice(from: $0, count: $1) }
        var toldAt: Int?
        var sounding: [Bool] = []
        var decoder = try OpusDecoder()
        var scratch = [Float](repeating: 0, count: OpusPacket.longest)
        for step in 0..<200 {
            let now = Self.start + .milliseconds(20) * step
            if let packet = try speaker.next(at: now, level: 127) { mixer.insert(packet, of: 1) }
            var isLoud = false
            mixer.advance(at: now, clock: { now }) { report in
                switch report {
                case .unlevelled(let voice):
                    #expect(voice == 1 && toldAt == nil)
                    toldAt = step
                case .packet(let packet, _):
                    let count = (try? decoder.decode(packet.payload.span, into: &scratch)) ?? 0
                    isLoud = Signals.power(Array(scratch[..<count])) > 1e-4
                default: break
                }
            }
            sounding.append(isLoud)
        }
        let told = try #require(toldAt)
        let first = try #require(sounding.firstIndex(of: true))
        #expect(first >= told + 5 && first < 100)
    }

    @Test func `a listener who comes in silence gets a packet at once`() throws {
        var mixer = VoiceMixer()
        try mixer.addMix(1, without: nil, VoiceEncoding())
        var packets = 0
        for step in 0..<500 {
            let now = Self.start + .milliseconds(20) * step
            if step == 400 {
                packets = 0
                mixer.wake(1)
            }
            mixer.advance(at: now, clock: { now }) { if case .packet = $0 { packets += 1 } }
            if step == 403 { #expect(packets == 1) }
        }
    }

    @Test func `the wire budget holds over any five seconds of talk`() throws {
        for (bitsPerSecond, limit) in [(12_000, 22_000), (16_000, 26_000)] {
            var talk = Talk([(150, 0.1), (210, 0.1)])
            talk.encoding.bitsPerSecond = bitsPerSecond
            talk.seconds = 20
            talk.sound = { voice, start, count in
                Signals.voice(pitch: voice == 0 ? 120 : 210, from: start, count: count)
            }
            let sent = try talk.run()[0]
            for second in 0..<15 {
                let window = sent.filter {
                    (second * 48_000..<(second + 5) * 48_000).contains(Int($0.timestamp))
                }
                // IP, UDP, RTP with a transport-wide number, the tag.
                let bytes = window.reduce(0) { $0 + $1.payload.count + 20 + 8 + 12 + 8 + 16 }
                #expect(bytes * 8 / 5 <= limit)
            }
        }
    }

    @Test func `who is encrypted is told of and left out`() throws {
        var mixer = VoiceMixer()
        try mixer.addVoice(1)
        try mixer.addMix(9, without: nil, VoiceEncoding())
        var told: [UInt32] = []
        var generator = SystemRandomNumberGenerator()
        for step in 0..<200 {
            let now = Self.start + .milliseconds(20) * step
            mixer.insert(
                VoicePacket(
                    sequenceNumber: UInt16(step), timestamp: UInt32(step * 960),
                    payload: (0..<80).map { _ in UInt8.random(in: 0...255, using: &generator) }, level: 50,
                    arrival: now), of: 1)
            mixer.advance(at: now, clock: { now }) { report in
                if case .undecodable(let voice) = report { told.append(voice) }
            }
        }
        #expect(told == [1])
    }

    @Test func `there is no seventh voice`() throws {
        var mixer = VoiceMixer()
        for voice in 0..<10 { try mixer.addVoice(UInt32(voice)) }
        #expect(mixer.voiceCount == 6)
        mixer.removeVoice(3)
        try mixer.addVoice(9)
        #expect(mixer.voiceCount == 6)
    }
}

/// Speakers in a row: what cannot be copied has no array.
struct SpeakerList {
    private var boxes: [Box] = []

    private final class Box {
        var speaker: Speaker
        init(_ speaker: consuming Speaker) { self.speaker = speaker }
    }

    mutating func append(_ sound: @escaping (Int, Int) -> [Float]) throws {
        boxes.append(Box(try Speaker(sound: sound)))
    }

    func next(_ index: Int, at now: Instant, level: UInt8?) throws -> VoicePacket? {
        try boxes[index].speaker.next(at: now, level: level)
    }
}
