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

    @Test func `three intervals are a freeze, and 150 ms more than one`() {
        let steady = [Int](repeating: 40, count: 50)
        #expect(freezes(steady).isEmpty)
        #expect(freezes(steady + [190]).isEmpty)
        #expect(freezes(steady + [191] + steady) == [.milliseconds(191)])
        #expect(freezes(steady + [400, 40, 1000]) == [.milliseconds(400), .milliseconds(1000)])
    }

    @Test func `few pictures a second are no freezes`() {
        let slow = [Int](repeating: 100, count: 50)
        #expect(freezes(slow + [295] + slow).isEmpty)
        #expect(freezes(slow + [310]) == [.milliseconds(310)])
        // The lowest of three temporal layers alone.
        #expect(freezes([Int](repeating: 40, count: 50) + [Int](repeating: 160, count: 50)).isEmpty)
    }

    @Test func `whoever sends four pictures a second from now on is taken for frozen for a while only`() {
        let told = freezes([Int](repeating: 40, count: 50) + [Int](repeating: 250, count: 50))
        #expect((1...10).contains(told.count), "\(told.count)")
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
