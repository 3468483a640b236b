import RTP
import SDP
import Testing
import Wire

@testable import Endpoint

/// What is missing of a stream that is decrypted, before it is given up.
@Suite struct MissingPacketsTests {
    private func missing(_ numbers: [UInt16]) -> (missing: Int, lost: Int) {
        var stream = IncomingStream(
            ssrc: 1, kind: .audio, clockRate: 48000, isRepairable: false, verifiesContent: false)
        for number in numbers {
            let header = RTPHeader(
                hasMarker: false, payloadType: 111, sequenceNumber: number, timestamp: 0, ssrc: 1,
                payload: 12..<20, extensions: .init(form: .none, range: 12..<12))
            let packet = [UInt8](repeating: 0, count: 20)
            stream.receive(packet.span, header, isRetransmission: false, at: Instant(nanoseconds: 0))
        }
        return (stream.missingPackets, stream.statistics.lost)
    }

    @Test(arguments: [
        ([1, 2, 3], 0), ([1, 3], 1), ([1, 3, 6], 3), ([1, 3, 6, 2], 2), ([65534, 2], 3), ([1, 3, 2], 0),
    ])
    func `every gap counts at once, and no more when it is filled`(_ numbers: [UInt16], _ count: Int) {
        let seen = missing(numbers)
        #expect(seen.missing == count && seen.lost == 0)
    }
}
