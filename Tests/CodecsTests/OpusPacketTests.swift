import Codecs
import Testing

private func parsed(_ bytes: [UInt8]) -> OpusPacket? { OpusPacket(parsing: bytes.span) }

@Suite struct OpusPacketTests {
    @Test(
        arguments: [
            // SILK narrow band 10 and 60 ms, hybrid 20 ms, CELT 2.5 ms: one frame each.
            ([0 << 3, 1, 2], 480), ([3 << 3, 1, 2], 2880), ([13 << 3, 1, 2], 960), ([16 << 3, 1, 2], 120),
            // Two equal ones; two others; six of 20 ms with a count, the last with padding.
            ([1 << 3 | 1, 1, 2], 1920), ([1 << 3 | 2, 1, 9, 8, 7], 1920),
            ([1 << 3 | 3, 6, 0, 0, 0, 0, 0, 0], 5760),
            ([31 << 3 | 3, 0x41, 2, 7, 0, 0], 960),
        ] as [([UInt8], Int)]) func `the length of a packet is told by its first bytes`(
            bytes: [UInt8], samples: Int
        ) throws
    {
        let packet = try #require(parsed(bytes))
        #expect(packet.samples == samples)
    }

    @Test(
        arguments: [
            [], [1 << 3 | 1, 1], [1 << 3 | 2], [1 << 3 | 2, 5, 1], [1 << 3 | 2, 252], [1 << 3 | 3],
            // No frame, 49 frames, 7 frames of 20 ms, frames that do not divide, more padding than packet.
            [1 << 3 | 3, 0], [16 << 3 | 3, 49], [1 << 3 | 3, 7, 0, 0, 0, 0, 0, 0, 0], [1 << 3 | 3, 2, 1],
            [1 << 3 | 3, 0x41, 9], [1 << 3 | 3, 0x41, 255], [1 << 3 | 3, 0x82], [1 << 3 | 3, 0x82, 7, 1],
        ] as [[UInt8]]) func `what no decoder takes is no packet`(bytes: [UInt8]) throws
    {
        #expect(parsed(bytes) == nil)
        var decoder = try OpusDecoder()
        var samples = [Float](repeating: 0, count: OpusPacket.longest)
        let count = try? decoder.decode(bytes.span, into: &samples)
        #expect(count == nil)
    }

    @Test func `a packet of one byte is silence`() throws {
        let packet = try #require(parsed([11 << 3]))
        #expect(packet.isSilence)
        #expect(packet.samples == 2880)
        #expect(!packet.hasRecovery)
    }

    @Test func `any bytes are taken or refused as the decoder does`() throws {
        var generator = SystemRandomNumberGenerator()
        var decoder = try OpusDecoder()
        var samples = [Float](repeating: 0, count: OpusPacket.longest)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let packet = parsed(bytes)
            let count = try? decoder.decode(bytes.span, into: &samples)
            #expect(packet?.samples == count, "\(bytes)")
        }
    }
}
