import Testing
import Wire

@testable import Endpoint

@Suite struct FreezeDetectorTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    /// The pauses that are told of pictures after so many milliseconds each.
    private func freezes(_ pauses: [Int]) -> [Duration] {
        var detector = FreezeDetector()
        var now = start
        var told: [Duration] = []
        _ = detector.shown(at: now)
        for pause in pauses {
            now = now + .milliseconds(pause)
            if let freeze = detector.shown(at: now) { told.append(freeze) }
        }
        return told
    }

    @Test func `a pause of more than 150 ms and three intervals is a freeze`() {
        let steady = [Int](repeating: 40, count: 50)
        #expect(freezes(steady).isEmpty)
        #expect(freezes(steady + [150]).isEmpty)
        #expect(freezes(steady + [151] + steady) == [.milliseconds(151)])
        #expect(freezes(steady + [400, 40, 1000]) == [.milliseconds(400), .milliseconds(1000)])
    }

    @Test func `few pictures a second are no freezes`() {
        let slow = [Int](repeating: 100, count: 50)
        #expect(freezes(slow + [290] + slow).isEmpty)
        #expect(freezes(slow + [310]) == [.milliseconds(310)])
    }

    @Test func `a pause before a measurement is none of it`() {
        var detector = FreezeDetector()
        _ = detector.shown(at: start)
        detector.beginAnew()
        let first = detector.shown(at: start + .seconds(5))
        let second = detector.shown(at: start + .seconds(6))
        #expect(first == nil && second == .seconds(1))
    }
}
