import Codecs
import Glibc
import Testing

@Suite struct OpusCodecTests {
    private static func tone(_ hertz: Double, amplitude: Double, from start: Int, count: Int) -> [Float] {
        (start..<start + count).map { index in
            Float(amplitude * sin(2 * Double.pi * hertz * Double(index) / 48000))
        }
    }

    /// Something like a voice: a gliding tone with overtones that comes and goes five times a second.
    static func voice(from start: Int, count: Int, amplitude: Double = 0.1) -> [Float] {
        (start..<start + count).map { index in
            let time = Double(index) / 48000
            let phase = 2 * Double.pi * (150 * time + 6 * sin(2 * Double.pi * 1.3 * time))
            let loudness = max(0, sin(2 * Double.pi * 2.5 * time))
            let sum = sin(phase) + 0.6 * sin(2 * phase) + 0.5 * sin(3 * phase) + 0.4 * sin(7 * phase)
            return Float(amplitude * loudness * sum)
        }
    }

    private static func power(_ samples: ArraySlice<Float>) -> Float {
        samples.reduce(0) { $0 + $1 * $1 } / Float(max(samples.count, 1))
    }

    @Test(arguments: VoiceEncoding.FrameLength.allCases)
    func `a tone survives at its level`(length: VoiceEncoding.FrameLength) throws {
        var encoding = VoiceEncoding()
        encoding.frameLength = length
        var encoder = try OpusEncoder(encoding)
        var decoder = try OpusDecoder()
        var samples = [Float](repeating: 0, count: OpusPacket.longest)
        var last: Float = 0
        for number in 0..<30 {
            let frame = Self.tone(440, amplitude: 0.2, from: number * length.samples, count: length.samples)
            var packet: [UInt8] = []
            let outcome = try encoder.encode(frame.span, into: &packet)
            #expect(outcome == .packet(bytes: packet.count))
            let count = try decoder.decode(packet.span, into: &samples)
            #expect(count == length.samples)
            let description = OpusPacket(parsing: packet.span)
            #expect(description?.samples == count)
            last = Self.power(samples[..<count])
        }
        #expect((0.014...0.026).contains(last))
    }

    @Test(arguments: [12_000, 16_000, 24_000]) func `the bitrate holds over five seconds`(
        bitsPerSecond: Int
    ) throws {
        var encoding = VoiceEncoding()
        encoding.bitsPerSecond = bitsPerSecond
        var encoder = try OpusEncoder(encoding)
        var bytes: [UInt8] = []
        let frames = 5000 / 60
        for number in 0..<frames {
            let frame = Self.voice(from: number * 2880, count: 2880)
            _ = try encoder.encode(frame.span, into: &bytes)
        }
        let rate = bytes.count * 8 * 1000 / (frames * 60)
        #expect(rate <= bitsPerSecond * 11 / 10)
        #expect(rate >= bitsPerSecond / 3)
    }

    @Test func `silence is hardly ever worth a packet`() throws {
        var encoder = try OpusEncoder(VoiceEncoding())
        var packets = 0
        for number in 0..<200 {
            let frame =
                number < 20
                ? Self.voice(from: number * 2880, count: 2880) : [Float](repeating: 0, count: 2880)
            var packet: [UInt8] = []
            if case .packet = try encoder.encode(frame.span, into: &packet), number >= 40 { packets += 1 }
        }
        #expect(packets <= 12)
    }

    @Test func `a copy of a lost packet is worth more than making it up`() throws {
        var encoding = VoiceEncoding()
        encoding.frameLength = .milliseconds20
        encoding.bitsPerSecond = 32_000
        encoding.expectedLoss = 20
        var encoder = try OpusEncoder(encoding)
        var packets: [[UInt8]] = []
        for number in 0..<150 {
            var packet: [UInt8] = []
            _ = try encoder.encode(Self.voice(from: number * 960, count: 960).span, into: &packet)
            packets.append(packet)
        }
        var whole = try OpusDecoder()
        var concealing = try OpusDecoder()
        var recovering = try OpusDecoder()
        var (sent, guessed, copied) = (
            [Float](repeating: 0, count: 5760), [Float](repeating: 0, count: 5760),
            [Float](repeating: 0, count: 5760)
        )
        var (ofGuess, ofCopy): (Float, Float) = (0, 0)
        for number in 0..<149 where !packets[number].isEmpty {
            let packet = packets[number]
            let following = packets[number + 1]
            _ = try whole.decode(packet.span, into: &sent)
            guard number % 10 == 5, OpusPacket(parsing: following.span)?.hasRecovery == true else {
                _ = try concealing.decode(packet.span, into: &guessed)
                _ = try recovering.decode(packet.span, into: &copied)
                continue
            }
            concealing.conceal(960, into: &guessed)
            try recovering.recover(960, from: following.span, into: &copied)
            for index in 0..<960 {
                ofGuess += (guessed[index] - sent[index]) * (guessed[index] - sent[index])
                ofCopy += (copied[index] - sent[index]) * (copied[index] - sent[index])
            }
        }
        #expect(ofGuess > 0)
        #expect(ofCopy < ofGuess / 2)
    }

    @Test func `for listeners who lose packets the wide band stays, and packets have copies`() throws {
        var encoder = try OpusEncoder(.suited(toLoss: 2))
        var copies = 0
        var bytes = 0
        for number in 0..<100 {
            var packet: [UInt8] = []
            _ = try encoder.encode(Self.voice(from: number * 2880, count: 2880).span, into: &packet)
            guard number >= 10, let first = packet.first else { continue }
            bytes += packet.count
            // SILK, wide band.
            #expect((8..<12).contains(first >> 3))
            if OpusPacket(parsing: packet.span)?.hasRecovery == true { copies += 1 }
        }
        #expect(copies > 45)
        #expect(bytes * 8 * 1000 / (90 * 60) < 18_000)
        #expect(VoiceEncoding.suited(toLoss: 0).expectedLoss == 0)
    }

    @Test func `what was made up fades`() throws {
        var encoder = try OpusEncoder(VoiceEncoding())
        var decoder = try OpusDecoder()
        var samples = [Float](repeating: 0, count: OpusPacket.longest)
        for number in 0..<10 {
            var packet: [UInt8] = []
            _ = try encoder.encode(
                Self.tone(300, amplitude: 0.3, from: number * 2880, count: 2880).span, into: &packet)
            _ = try decoder.decode(packet.span, into: &samples)
        }
        var powers: [Float] = []
        for _ in 0..<10 {
            decoder.conceal(960, into: &samples)
            powers.append(Self.power(samples[..<960]))
        }
        #expect(powers[0] > 0.005)
        #expect(powers[9] < powers[0] / 10)
    }
}
