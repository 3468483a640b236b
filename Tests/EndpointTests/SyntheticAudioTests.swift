import Testing
import Wire

@testable import Endpoint

@Suite struct SyntheticAudioTests {
    @Test(arguments: [(32_000, 80), (6_000, 33), (510_000, 259)])
    func `a packet is one silent frame and padding up to its end`(_ bitsPerSecond: Int, _ count: Int) {
        var settings = SyntheticAudio.Settings()
        settings.bitsPerSecond = bitsPerSecond
        var source = SyntheticAudio(source: 9, settings: settings)
        let packet = source.nextPacket(at: Instant(nanoseconds: 5))
        #expect(packet.count == count)
        #expect(packet[..<5] == [0xFB, 0x41, UInt8(count - 5), 0xFF, 0xFE])
        let content = SyntheticContent(parsing: packet.span, at: SyntheticAudio.contentOffset)
        let isIntact = content?.isIntact(in: packet.span, at: SyntheticAudio.contentOffset)
        #expect(content?.source == 9 && content?.sentAt == Instant(nanoseconds: 5) && isIntact == true)
    }
}
