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
