import Codecs
import Impairment
import Mixing
import Testing
import Wire

@Suite struct VoiceBufferTests {
    private static let start = Instant(nanoseconds: 7_000_000_000)

    /// What came out, and what became of the packets.
    private struct Run {
        var sound: [Float] = []
        var soundingSteps = 0
        var statistics = VoiceStatistics()
        var isLost = false
    }

    /// Lets a speaker speak for some steps of 20 ms, and listens.
    ///
    /// - Parameter deliver: how much later than at once a packet comes; nil if it is lost.
    private func run(
        _ speaker: consuming Speaker, steps: Int, level: UInt8? = 30,
        deliver: (Int) -> Duration? = { _ in .zero }, alter: (VoicePacket) -> VoicePacket = { $0 }
    ) throws -> Run {
        var buffer = try VoiceBuffer()
        var run = Run()
        var underWay: [(at: Instant, packet: VoicePacket)] = []
        var samples = [Float](repeating: 0, count: VoiceBuffer.step)
        let stepsPerPacket = speaker.length.rawValue / 20
        var number = 0
        for step in 0..<steps {
            let now = Self.start + .milliseconds(20) * step
            if step % stepsPerPacket == 0 {
                let delay = deliver(number)
                if let packet = try speaker.next(at: now + (delay ?? .zero), level: level), let delay {
                    underWay.append((now + delay, alter(packet)))
                }
                number += 1
            }
            for (_, packet) in underWay.filter({ $0.at <= now }).sorted(by: { $0.at < $1.at }) {
                buffer.insert(packet)
            }
            underWay.removeAll { $0.at <= now }
            if buffer.pull(at: now, into: &samples) { run.soundingSteps += 1 }
            run.sound += samples
        }
        run.statistics = buffer.statistics
        run.isLost = buffer.isLost
        return run
    }

    private func voice() -> (Int, Int) -> [Float] { { Signals.voice(from: $0, count: $1) } }

    @Test(arguments: VoiceEncoding.FrameLength.allCases)
    func `packets of any length that come in time are heard without a gap`(
        length: VoiceEncoding.FrameLength
    ) throws {
        let run = try run(
            Speaker(length) { Signals.tone(440, amplitude: 0.2, from: $0, count: $1) }, steps: 300)
        #expect(run.statistics.concealed == .zero)
        #expect(run.statistics.latePackets == 0)
        #expect(run.soundingSteps >= 300 - 8)
        // All of it is of one frequency: no joint is heard.
        let middle = Array(run.sound[96_000..<192_000])
        #expect(Signals.power(of: 440, in: middle) > Signals.power(middle) * 0.95)
        #expect(run.statistics.delay <= .milliseconds(80))
    }

    @Test func `packets may come in any order`() throws {
        let run = try run(
            Speaker { Signals.tone(440, amplitude: 0.2, from: $0, count: $1) }, steps: 500,
            deliver: { $0 % 3 == 0 ? .milliseconds(50) : .milliseconds(20) })
        // It is learnt within the first seconds how long to wait.
        #expect(run.statistics.concealed < .milliseconds(200))
        #expect(run.statistics.latePackets == 0)
    }

    @Test func `the delay follows the jitter, and is bounded`() throws {
        var generator = SplitMix64(seed: 1)
        let even = try run(Speaker(sound: voice()), steps: 1000)
        let uneven = try run(
            Speaker(sound: voice()), steps: 1000,
            deliver: { _ in
                .milliseconds(Int.random(in: 0...120, using: &generator))
            })
        let terrible = try run(
            Speaker(sound: voice()), steps: 1000,
            deliver: { _ in
                .milliseconds(Int.random(in: 0...1500, using: &generator))
            })
        #expect(even.statistics.delay <= .milliseconds(60))
        #expect(uneven.statistics.delay > .milliseconds(80))
        #expect(uneven.statistics.delay <= .milliseconds(280))
        #expect(uneven.statistics.concealed < .seconds(1))
        #expect(terrible.statistics.delay <= .milliseconds(460))
        #expect(terrible.statistics.latePackets > 100)
    }

    @Test func `a delay that is no longer needed is worked off in pauses`() throws {
        let run = try run(
            Speaker(sound: voice()), steps: 3000,
            deliver: { number in
                // A jam of 200 ms, and never again.
                (100..<110).contains(number) ? .milliseconds(200 - (number - 100) * 20) : .zero
            })
        #expect(run.statistics.delay <= .milliseconds(100))
        #expect(run.statistics.shortened >= .milliseconds(60))
    }

    @Test func `a copy in the packet after it takes a lost one's place`() throws {
        let lossy: (Int) -> Duration? = { $0 % 10 == 7 ? nil : .zero }
        let sound = voice()
        let whole = try run(Speaker(bitsPerSecond: 36_000, expectedLoss: 20, sound: sound), steps: 400)
        let copied = try run(
            Speaker(bitsPerSecond: 36_000, expectedLoss: 20, sound: sound), steps: 400, deliver: lossy)
        let guessed = try run(
            Speaker(bitsPerSecond: 36_000, expectedLoss: 0, sound: sound), steps: 400, deliver: lossy)
        let wholeWithout = try run(Speaker(bitsPerSecond: 36_000, expectedLoss: 0, sound: sound), steps: 400)
        #expect(copied.statistics.recoveredPackets >= 20)
        #expect(guessed.statistics.recoveredPackets == 0)
        // Between words there are no copies.
        #expect(copied.statistics.concealed * 3 < guessed.statistics.concealed * 2)
        #expect(
            difference(copied, whole) * 2 < difference(guessed, wholeWithout),
            "of a copy: less than half of the error that making it up has")
    }

    private func difference(_ run: Run, _ other: Run) -> Float {
        zip(run.sound, other.sound).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }

    @Test func `a pause of the sender is silence, and nothing is made up in it`() throws {
        let run = try run(
            Speaker { start, count in
                start / 48000 % 4 < 2
                    ? Signals.voice(from: start, count: count) : [Float](repeating: 0, count: count)
            }, steps: 600)
        #expect(run.statistics.packets < 500)
        #expect(run.statistics.concealed < .milliseconds(200))
        let pause = Array(run.sound[3 * 48_000..<3 * 48_000 + 24_000])
        #expect(Signals.decibels(Signals.power(pause)) < -60)
    }

    @Test func `a source that stops is silent soon`() throws {
        let run = try run(
            Speaker { Signals.tone(440, amplitude: 0.2, from: $0, count: $1) }, steps: 200,
            deliver: { $0 < 100 ? .zero : nil })
        #expect(run.soundingSteps <= 110)
        #expect(run.statistics.concealed <= .milliseconds(60))
    }

    @Test func `a source whose numbers begin anew goes on`() throws {
        var buffer = try VoiceBuffer()
        var samples = [Float](repeating: 0, count: VoiceBuffer.step)
        var sounding = 0
        for (round, numbers) in [(UInt16(10), UInt32(0)), (30_000, 2_000_000_000), (7, 5)].enumerated() {
            var speaker = try Speaker(
                firstSequenceNumber: numbers.0, firstTimestamp: numbers.1
            ) { Signals.tone(440, amplitude: 0.2, from: $0, count: $1) }
            for step in 0..<100 {
                let now = Self.start + .milliseconds(20) * (round * 100 + step)
                if let packet = try speaker.next(at: now) { buffer.insert(packet) }
                if buffer.pull(at: now, into: &samples) { sounding += 1 }
            }
        }
        #expect(sounding > 280)
        #expect(buffer.statistics.latePackets == 0)
    }

    @Test func `broken packets are counted and bridged`() throws {
        var number = 0
        let run = try run(
            Speaker { Signals.tone(440, amplitude: 0.2, from: $0, count: $1) }, steps: 300,
            alter: { packet in
                number += 1
                guard number % 10 == 0 else { return packet }
                // Two others, of which the first is longer than the packet.
                return VoicePacket(
                    sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp,
                    payload: [9 << 3 | 2, 200, 1, 2, 3], level: packet.level, arrival: packet.arrival)
            })
        #expect(run.statistics.damagedPackets == 30)
        #expect(!run.isLost)
        #expect(run.soundingSteps > 290)
    }

    @Test func `what is encrypted is found out, with its first byte in clear or not`() throws {
        var generator = SplitMix64(seed: 3)
        for keepsFirstByte in [true, false] {
            let run = try run(
                Speaker(sound: voice()), steps: 150, level: 60,
                alter: { packet in
                    var payload = packet.payload.map { _ in UInt8.random(in: 0...255, using: &generator) }
                    if keepsFirstByte, let first = packet.payload.first { payload[0] = first }
                    return VoicePacket(
                        sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp, payload: payload,
                        level: packet.level, arrival: packet.arrival)
                })
            #expect(run.isLost, "\(keepsFirstByte)")
        }
    }

    @Test func `whoever always says that it is silent is heard all the same, if it has something to say`()
        throws
    {
        for sound in [voice(), { Signals.tone(440, amplitude: 0.2, from: $0, count: $1) }] {
            let run = try run(Speaker(sound: sound), steps: 300, level: 127)
            #expect(!run.isLost && run.statistics.damagedPackets == 0)
            #expect(Signals.decibels(Signals.power(Array(run.sound.suffix(96_000)))) > -35)
        }
    }

    @Test func `whoever has muted a microphone and is encrypted is not heard at all`() throws {
        var generator = SplitMix64(seed: 5)
        // The three bytes of digital silence in 20 ms, and what a cipher adds to them, behind a first byte in clear.
        let run = try run(
            Speaker(sound: voice()), steps: 300, level: 127,
            alter: { packet in
                let cipher = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
                return VoicePacket(
                    sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp,
                    payload: [0xF8] + cipher, level: packet.level, arrival: packet.arrival)
            })
        #expect(run.isLost)
        #expect(Signals.power(run.sound) < 1e-5)
    }

    @Test func `a sender that told its level and then contradicts itself is not trusted`() throws {
        var number = 0
        let run = try run(
            Speaker { Signals.tone(440, amplitude: 0.2, from: $0, count: $1) }, steps: 200,
            alter: { packet in
                number += 1
                return VoicePacket(
                    sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp,
                    payload: packet.payload, level: number <= 50 ? 17 : 127, arrival: packet.arrival)
            })
        #expect(run.isLost)
    }

    @Test func `any order, any loss and any numbers trap nothing`() throws {
        var generator = SplitMix64(seed: 11)
        var buffer = try VoiceBuffer()
        var samples = [Float](repeating: 0, count: VoiceBuffer.step)
        for step in 0..<4000 {
            let now = Self.start + .milliseconds(20) * step
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let isWild = Int.random(in: 0..<20, using: &generator) == 0
                let number = step + Int.random(in: -20...20, using: &generator)
                let bytes = Int.random(in: 0...40, using: &generator)
                buffer.insert(
                    VoicePacket(
                        sequenceNumber: isWild
                            ? UInt16.random(in: 0 ... .max, using: &generator)
                            : UInt16(truncatingIfNeeded: number),
                        timestamp: isWild
                            ? UInt32.random(in: 0 ... .max, using: &generator)
                            : UInt32(truncatingIfNeeded: number * 960),
                        payload: (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &generator) },
                        level: Bool.random(using: &generator) ? 20 : nil, arrival: now))
            }
            _ = buffer.pull(at: now, into: &samples)
            #expect(samples.allSatisfy { $0.isFinite })
        }
    }
}
