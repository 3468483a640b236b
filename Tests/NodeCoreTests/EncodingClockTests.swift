import Testing
import Wire

@testable import NodeCore

@Suite struct EncodingClockTests {
    @Test func `the first encoding keeps its timestamps`() {
        var clock = EncodingClock()
        clock.change(to: 77, at: .milliseconds(0))
        let placed = clock.place(77, at: .milliseconds(0))
        #expect(placed == 77 && clock.offset == 0)
    }

    @Test func `another one goes on with the time that has passed, whatever its timestamps`() {
        var clock = EncodingClock()
        _ = clock.place(4_294_960_000, at: .milliseconds(1000))
        clock.change(to: 123_456, at: .milliseconds(1066))
        let first = clock.place(123_456, at: .milliseconds(1066))
        #expect(first == 4_294_960_000 + 66 * 90)
        // Beyond the wrap.
        let second = clock.place(123_456 + 6000, at: .milliseconds(1140))
        #expect(second == first &+ 6000)
        clock.change(to: 5, at: .milliseconds(1140))
        let third = clock.place(5, at: .milliseconds(1140))
        #expect(third == second &+ 90)
    }
}
