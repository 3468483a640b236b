import Testing

@testable import RTP

@Suite struct SequenceUnwrapperTests {
    @Test func `numbers go on across a wrap and back`() {
        var unwrapper = SequenceUnwrapper()
        let unwrapped = [65534, 65535, 0, 65533, 1, 32769, 1].map { unwrapper.unwrap($0) }
        #expect(unwrapped == [131070, 131071, 131072, 131069, 131073, 98305, 131073])
        #expect(unwrapper.highest == 131073)
    }

    @Test func `what is older than the first stays positive`() {
        var unwrapper = SequenceUnwrapper()
        #expect(unwrapper.unwrap(0) == 65536)
        #expect(unwrapper.unwrap(32768) == 32768)
    }

    @Test(
        arguments: [
            (1, 0, true), (0, 1, false), (0, 65535, true), (65535, 0, false), (7, 7, false), (32767, 0, true),
            (32768, 0, false), (0, 32768, false),
        ] as [(UInt16, UInt16, Bool)])
    func `newer means less than half the circle ahead`(a: UInt16, b: UInt16, isNewer: Bool) {
        #expect(SequenceUnwrapper.isNewer(a, than: b) == isNewer)
    }
}
