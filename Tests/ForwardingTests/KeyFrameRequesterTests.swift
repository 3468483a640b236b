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

    @Test func `after a key frame the next request waits`() {
        var requester = KeyFrameRequester()
        requester.keyFrameArrived(at: .milliseconds(100))
        requester.request()
        let due = [101, 499, 500].map { requester.takeRequest(at: .milliseconds($0)) }
        #expect(due == [false, false, true])
    }
}
