import SDP
import Testing
import Wire

@testable import Endpoint

/// What is counted of a stream that is not decrypted.
@Suite struct CountedStreamTests {
    private func count(_ numbers: [UInt16]) -> StreamStatistics {
        var stream = IncomingStream(
            ssrc: 1, kind: .video, clockRate: 90000, isRepairable: false, verifiesContent: false)
        for (index, number) in numbers.enumerated() {
            stream.count(
                number, timestamp: 0, bytes: 100, at: Instant(nanoseconds: Int64(index) * 1_000_000))
        }
        return stream.statistics
    }

    @Test func `a gap is a loss until it is filled`() {
        #expect(count([65534, 65535, 2]).lost == 2)
        let filled = count([65534, 65535, 2, 0, 1])
        #expect(filled.lost == 0 && filled.reordered == 2 && filled.packets == 5 && filled.bytes == 500)
    }

    @Test func `what is from before the first packet does not count`() {
        let seen = count([10, 9, 11])
        #expect(seen.packets == 2 && seen.tooOld == 1 && seen.lost == 0)
    }
}
