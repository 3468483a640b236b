import Testing
import Wire

@testable import RTP

@Suite struct AudioLevelTests {
    @Test func `voice and level share a byte`() {
        let spoken = AudioLevel(parsing: hex("00 9e").span, at: 1..<2)
        #expect(spoken?.hasVoice == true)
        #expect(spoken?.level == 30)
        #expect(AudioLevel(byte: 0x7F).hasVoice == false)
        #expect(AudioLevel(byte: 0x7F).level == 127)
    }

    @Test func `an empty element has no level`() {
        let level = AudioLevel(parsing: hex("9e").span, at: 0..<0)
        #expect(level == nil)
    }
}

@Suite struct AbsoluteSendTimeTests {
    @Test func `three bytes are 6.18 seconds`() {
        let time = AbsoluteSendTime(parsing: hex("00 060000 00").span, at: 1..<4)
        #expect(time?.rawValue == 0x06_0000)
        #expect(AbsoluteSendTime(Instant(nanoseconds: 65_500_000_000)).rawValue == 0x06_0000)
        #expect(AbsoluteSendTime(Instant(nanoseconds: -62_500_000_000)).rawValue == 0x06_0000)
    }

    @Test(arguments: [(1, 3), (0, 4), (0, 0)])
    func `an element of another length is refused`(start: Int, end: Int) {
        let time = AbsoluteSendTime(parsing: hex("00060000").span, at: start..<end)
        #expect(time == nil)
    }

    @Test func `differences go the shorter way around`() {
        let before = AbsoluteSendTime(rawValue: 0xFC_0000)
        let after = AbsoluteSendTime(rawValue: 0x04_0000)
        #expect(after - before == .seconds(2))
        #expect(before - after == .seconds(-2))
    }
}
