import Testing
import Wire

@testable import NodeCore

@Suite struct JoinStormTests {
    @Test func `five who join at once are no storm, six are`() {
        var storm = JoinStorm()
        for _ in 0..<5 { storm.joined(at: .milliseconds(10000)) }
        #expect(!storm.isRaging(at: .milliseconds(10000)))
        storm.joined(at: .milliseconds(11000))
        #expect(storm.isRaging(at: .milliseconds(11000)))
    }

    @Test func `a storm is over three seconds after the sixth last joined`() {
        var storm = JoinStorm()
        for second in 0..<20 { storm.joined(at: .milliseconds(Int64(second) * 500)) }
        // The last six came from 7 s to 9.5 s.
        #expect(storm.isRaging(at: .milliseconds(10000)))
        #expect(!storm.isRaging(at: .milliseconds(10_001)))
    }

    @Test func `who joins one after the other is no storm`() {
        var storm = JoinStorm()
        for second in 0..<20 {
            storm.joined(at: .milliseconds(Int64(second) * 1000))
            #expect(!storm.isRaging(at: .milliseconds(Int64(second) * 1000)))
        }
    }
}
