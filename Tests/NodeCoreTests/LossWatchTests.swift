import Testing
import Wire

@testable import NodeCore

@Suite struct LossWatchTests {
    private static func watch(_ seconds: [Double]) -> LossWatch {
        var watch = LossWatch()
        for second in seconds { watch.note(at: .milliseconds(Int64(second * 1000))) }
        return watch
    }

    @Test func `three losses in twenty seconds are frequent, for a minute`() {
        let watch = Self.watch([1, 10, 20.9])
        #expect(watch.isFrequent(at: .milliseconds(20_900)))
        #expect(watch.isFrequent(at: .milliseconds(80_800)))
        #expect(!watch.isFrequent(at: .milliseconds(80_900)))
    }

    @Test(arguments: [[], [1], [1, 10], [1, 10, 21.1], [5, 5.1, 5.9, 9]] as [[Double]])
    func `fewer are not, nor is a burst`(seconds: [Double]) {
        #expect(!Self.watch(seconds).isFrequent(at: .milliseconds(21_100)))
    }

    @Test func `each further loss counts with the last two`() {
        let watch = Self.watch([1, 3, 5, 60, 62])
        #expect(watch.isFrequent(at: .milliseconds(64_000)))
        #expect(!watch.isFrequent(at: .milliseconds(66_000)))
    }
}
