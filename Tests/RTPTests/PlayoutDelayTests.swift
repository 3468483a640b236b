import Testing

@testable import RTP

@Suite struct PlayoutDelayTests {
    @Test(arguments: [
        (400, 1000, 0x028_064 as UInt32), (0, 0, 0), (405, 700, 0x028_046), (99_999, 5, 0xFFF_FFF),
        (-10, 40_950, 0x000_FFF),
    ])
    func `both bounds have 12 bits in steps of 10 ms`(low: Int, high: Int, raw: UInt32) {
        let delay = PlayoutDelay(atLeast: .milliseconds(low), atMost: .milliseconds(high))
        #expect(delay.rawValue == raw)
        #expect(PlayoutDelay(rawValue: raw | 0xAB00_0000) == delay)
    }

    @Test func `what is usual is not what shows pictures at once`() {
        #expect(PlayoutDelay.usual.minimum == .zero)
        #expect(PlayoutDelay.usual.maximum == .seconds(10))
    }
}
