import Testing
import Wire

@testable import Forwarding

@Suite struct PersistentLossTests {
    /// When a picture is asked for instead, in milliseconds, if these numbers are asked for every so often.
    private func replaced(
        _ loss: inout PersistentLoss, _ numbers: [UInt16], every interval: Int, from start: Int = 0,
        times: Int, roundTrip: Duration? = .milliseconds(20)
    ) -> [Int] {
        (0..<times).map { start + $0 * interval }.filter { time in
            var isHopeless = false
            for number in numbers {
                isHopeless =
                    loss.isHopeless(number, roundTrip: roundTrip, at: .milliseconds(Int64(time)))
                    || isHopeless
            }
            return isHopeless
        }
    }

    @Test func `a packet that is asked for again and again is replaced, every two seconds at most`() {
        var loss = PersistentLoss()
        let times = replaced(&loss, [7, 8, 9], every: 40, times: 100)
        #expect(times == [200, 2200])
    }

    @Test func `what is repaired is not`() {
        var loss = PersistentLoss()
        for number in 0..<100 {
            let times = replaced(&loss, [UInt16(number)], every: 40, from: number * 100, times: 2)
            #expect(times.isEmpty)
        }
    }

    @Test func `a long way takes its time`() {
        var loss = PersistentLoss()
        let times = replaced(&loss, [7], every: 100, times: 12, roundTrip: .milliseconds(400))
        #expect(times == [800])
    }

    @Test func `the oldest counts, also where numbers begin anew`() {
        var loss = PersistentLoss()
        let early = replaced(&loss, [65_535, 0, 1], every: 100, times: 3)
        #expect(early.isEmpty)
        let times = replaced(&loss, [65_535], every: 100, from: 300, times: 1)
        #expect(times == [300])
        // That one is settled; the next is watched when nothing was asked for meanwhile.
        let later = replaced(&loss, [2], every: 100, from: 2500, times: 4)
        #expect(later == [2800])
    }
}
