import Codecs
import Testing
import Wire

@testable import Endpoint

@Suite struct SyntheticAudioTests {
    @Test(arguments: [(32_000, 80), (6_000, 33), (510_000, 259)])
    func `a packet is one silent frame and padding up to its end`(_ bitsPerSecond: Int, _ count: Int) throws {
        var settings = SyntheticAudio.Settings()
        settings.bitsPerSecond = bitsPerSecond
        var source = SyntheticAudio(source: 9, settings: settings)
        let next = source.nextPacket(at: Instant(nanoseconds: 5))
        let packet = try #require(next)
        #expect(packet.count == count)
        #expect(packet[..<5] == [0xFB, 0x41, UInt8(count - 5), 0xFF, 0xFE])
        let content = SyntheticContent(parsing: packet.span, at: SyntheticAudio.contentOffset)
        let isIntact = content?.isIntact(in: packet.span, at: SyntheticAudio.contentOffset)
        #expect(content?.source == 9 && content?.sentAt == Instant(nanoseconds: 5) && isIntact == true)
    }

    @Test func `who speaks sends the tone with content behind it, and who does not next to nothing`() throws {
        var settings = SyntheticAudio.Settings()
        settings.tone = try Tone(hertz: 440, level: 20).packets
        var source = SyntheticAudio(source: 9, settings: settings)
        var sent: [(step: Int, packet: [UInt8])] = []
        for step in 0..<150 {
            let now = Instant(nanoseconds: Int64(step) * 20_000_000)
            if let packet = source.nextPacket(at: now, isSpeaking: (50..<100).contains(step)) {
                sent.append((step, packet))
                let offset = SyntheticAudio.contentOffset(in: packet.span)
                let content = SyntheticContent(parsing: packet.span, at: offset)
                let isIntact = content?.isIntact(in: packet.span, at: offset)
                #expect(isIntact == true && content?.sentAt == now)
                #expect(content?.number == UInt32(sent.count - 1))
            }
        }
        let steps = sent.map(\.step)
        #expect(steps.filter { $0 < 50 } == Array(0..<10) + [20, 40])
        #expect(steps.filter { (50..<100).contains($0) } == Array(50..<100))
        #expect(steps.filter { $0 >= 100 } == Array(100..<110) + [120, 140])
        var decoder = try OpusDecoder()
        var scratch = [Float](repeating: 0, count: OpusPacket.longest)
        for (step, packet) in sent {
            let count = try decoder.decode(packet.span, into: &scratch)
            #expect(count == 960)
            let power = scratch[..<count].reduce(0) { $0 + $1 * $1 } / Float(count)
            if (55..<100).contains(step) { #expect((0.004...0.02).contains(power)) }
            if (0..<50).contains(step) || step >= 105 { #expect(power < 1e-6) }
        }
    }

    @Test func `packets of 60 ms are three times as long, and none is sent in a pause`() throws {
        var settings = SyntheticAudio.Settings()
        settings.bitsPerSecond = 16_000
        settings.packetMilliseconds = 60
        settings.talk = (.milliseconds(120), .milliseconds(60))
        var source = SyntheticAudio(source: 9, settings: settings)
        let packets = (0..<6).map { source.nextPacket(at: Instant(nanoseconds: $0 * 60_000_000)) }
        #expect(packets.map { $0?.count } == [120, 120, nil, 120, 120, nil])
        #expect(try #require(packets[0])[..<2] == [0x5B, 0x41])
    }
}
