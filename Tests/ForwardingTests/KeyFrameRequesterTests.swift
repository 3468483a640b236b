import Testing
import Wire

@testable import Forwarding

@Suite struct KeyFrameRequesterTests {
    @Test func `nothing is asked for unless somebody wants it`() {
        var requester = KeyFrameRequester()
        let isDue = requester.takeRequest(at: .milliseconds(0))
        #expect(!isDue)
    }

    @Test func `the first request goes at once and the next after the retry interval`() {
        var requester = KeyFrameRequester()
        requester.request()
        let due = [0, 1, 499, 500, 501, 1000].map { requester.takeRequest(at: .milliseconds($0)) }
        #expect(due == [true, false, false, true, false, true])
    }

    @Test func `many who ask make one request`() {
        var requester = KeyFrameRequester()
        var taken = 0
        for millisecond in 0..<450 {
            requester.request()
            if requester.takeRequest(at: .milliseconds(Int64(millisecond))) { taken += 1 }
        }
        #expect(taken == 1)
    }

    @Test func `a key frame ends the asking`() {
        var requester = KeyFrameRequester()
        requester.request()
        _ = requester.takeRequest(at: .milliseconds(0))
        requester.keyFrameArrived(at: .milliseconds(100))
        let isDue = requester.takeRequest(at: .milliseconds(2000))
        #expect(!isDue)
    }

    @Test(arguments: [
        (KeyFrameUrgency.broken, Int64(400)), (.nothing, 400), (.other, 2000),
    ])
    func `after a key frame the next request waits as long as it can`(urgency: KeyFrameUrgency, wait: Int64) {
        var requester = KeyFrameRequester()
        requester.keyFrameArrived(at: .milliseconds(100))
        requester.request(urgency)
        let due = [101, 99 + wait, 100 + wait].map { requester.takeRequest(at: .milliseconds($0)) }
        #expect(due == [false, false, true])
    }

    @Test(arguments: [(KeyFrameUrgency.broken, Int64(400)), (.nothing, 1600), (.other, 2000)])
    func `while many join the room, who sees nothing yet waits for those to come`(
        urgency: KeyFrameUrgency, wait: Int64
    ) {
        var requester = KeyFrameRequester()
        requester.keyFrameArrived(at: .milliseconds(100))
        requester.request(urgency)
        let due = [101, 99 + wait, 100 + wait].map {
            requester.takeRequest(at: .milliseconds($0), isStorm: true)
        }
        #expect(due == [false, false, true])
    }

    @Test func `the most urgent of those who wait decides, and a key frame ends that`() {
        var requester = KeyFrameRequester()
        requester.keyFrameArrived(at: .milliseconds(0))
        requester.request(.other)
        requester.request(.broken)
        requester.request(.nothing)
        let isDue = requester.takeRequest(at: .milliseconds(400))
        requester.keyFrameArrived(at: .milliseconds(3500))
        requester.request(.other)
        let later = [5499, 5500].map { requester.takeRequest(at: .milliseconds($0)) }
        #expect(isDue)
        #expect(later == [false, true])
    }

    @Test func `a storm of joins costs a source two key frames beside its first`() {
        var requester = KeyFrameRequester()
        requester.keyFrameArrived(at: .milliseconds(0))
        var keyFrames: [Int64] = []
        var longest: Int64 = 0
        var waitingSince: Int64?
        var waiting = 0
        for millisecond: Int64 in 1..<4000 {
            // Fifty come within two seconds.
            if millisecond <= 2000, millisecond % 40 == 0 {
                waiting += 1
                requester.request(waiting: waiting)
                waitingSince = waitingSince ?? millisecond
            }
            if requester.takeRequest(at: .milliseconds(millisecond)) {
                requester.keyFrameArrived(at: .milliseconds(millisecond))
                keyFrames.append(millisecond)
                longest = max(longest, millisecond - (waitingSince ?? millisecond))
                waitingSince = nil
                waiting = 0
            }
        }
        #expect(keyFrames == [1600, 3200])
        #expect(longest <= 1600)
    }

    @Test func `key frames take two fifths of the bits at most, and three seconds are the longest wait`() {
        var requester = KeyFrameRequester()
        requester.keyFrameArrived(at: .milliseconds(0))
        requester.request()
        // 400 kbit of 500 kbit/s may come every two seconds.
        let due = [400, 1999, 2000].map {
            requester.takeRequest(at: .milliseconds($0), keyFrameBits: 400_000, bitsPerSecond: 500_000)
        }
        #expect(due == [false, false, true])
        requester.keyFrameArrived(at: .milliseconds(2100))
        requester.request()
        let late = [5099, 5100].map {
            requester.takeRequest(at: .milliseconds($0), keyFrameBits: 4_000_000, bitsPerSecond: 500_000)
        }
        #expect(late == [false, true])
    }

    @Test func `a key frame tells why it was asked for`() {
        var requester = KeyFrameRequester()
        requester.request(because: .loss)
        requester.request(because: .subscriber)
        let causes = [0, 1000].map { requester.keyFrameArrived(at: .milliseconds($0)) }
        #expect(causes == [.loss, .unasked])
    }
}
