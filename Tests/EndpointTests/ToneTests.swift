import Codecs
import Testing

@testable import Endpoint

@Suite struct ToneTests {
    /// The mean square of the part of one frequency, in dB of full scale.
    private static func level(of hertz: Int, in samples: [Float]) -> Double {
        // Goertzel's algorithm over whole periods.
        let step = Tone.turn(2 * .pi * Double(hertz) / 48_000)
        var (last, before) = (0.0, 0.0)
        for sample in samples { (last, before) = (Double(sample) + 2 * step.x * last - before, last) }
        let real = last - before * step.x
        let imaginary = before * step.y
        return decibels((real * real + imaginary * imaginary) * 2 / Double(samples.count * samples.count))
    }

    private static func decibels(_ power: Double) -> Double {
        // 10 log10 by comparison, a hundredth of a dB at a time.
        var level = 0.0
        var bound = 1.0
        while bound > power, level > -100 {
            level -= 0.01
            bound *= 0.997_700_064
        }
        return level
    }

    @Test(arguments: [(250, 20), (1000, 20), (3125, 20), (440, 40), (700, 6)])
    func `what is decoded is the tone, as loud as it should be, round after round`(hertz: Int, level: Int)
        throws
    {
        let tone = try Tone(hertz: hertz, level: UInt8(level))
        #expect(tone.packets.count == 50)
        for packet in tone.packets {
            let description = OpusPacket(parsing: packet.span)
            #expect(packet[0] & 3 == 0 && description?.samples == 960 && description?.isSilence == false)
        }
        var decoder = try OpusDecoder()
        var scratch = [Float](repeating: 0, count: OpusPacket.longest)
        for round in 0..<3 {
            var samples: [Float] = []
            for packet in tone.packets {
                let count = try decoder.decode(packet.span, into: &scratch)
                samples += scratch[..<count]
            }
            if round == 0 { continue }
            let found = Self.level(of: hertz, in: samples)
            #expect(abs(found + Double(level)) < 3, "\(hertz) Hz: \(found) dB")
            let all = Self.decibels(samples.reduce(0) { $0 + Double($1 * $1) } / Double(samples.count))
            #expect(all - found < 1.5, "next to nothing else")
        }
    }

    @Test func `louder than a tone can be is as loud as it can be`() throws {
        var decoder = try OpusDecoder()
        var scratch = [Float](repeating: 0, count: OpusPacket.longest)
        for packet in try Tone(hertz: 500, level: 0).packets {
            let count = try decoder.decode(packet.span, into: &scratch)
            #expect(scratch[..<count].allSatisfy { abs($0) < 1.1 })
        }
    }
}
