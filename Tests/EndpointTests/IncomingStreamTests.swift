import RTP
import SDP
import Testing
import Wire

@testable import Endpoint

/// That a receiver notices what is wrong: simulations and measurements rest on it.
@Suite struct IncomingStreamTests {
    /// A picture of frames of several packets and the stream that receives it.
    private struct Bench {
        var stream: IncomingStream
        var source: SyntheticVideo
        var packets: [(bytes: [UInt8], header: RTPHeader)] = []
        private var number: UInt16 = 65530
        private var timestamp: UInt32 = 1000
        let start = Instant(nanoseconds: 1_000_000_000)

        init(ssrc: UInt32 = 7) {
            stream = IncomingStream(
                ssrc: 1, kind: .video, clockRate: 90000, isRepairable: true, verifiesContent: true)
            source = SyntheticVideo(
                source: ssrc, layer: .init(bitsPerSecond: 600_000), settings: .init(), pictureID: 1)
        }

        /// Makes so many frames: nine packets for a key frame, three for others.
        mutating func make(_ frames: Int) {
            for _ in 0..<frames {
                let payloads = source.nextFrame(at: start)
                for (index, payload) in payloads.enumerated() {
                    packets.append(
                        packet(payload, hasMarker: index == payloads.count - 1))
                    number &+= 1
                }
                timestamp &+= 3600
            }
        }

        private func packet(_ payload: [UInt8], hasMarker: Bool) -> (bytes: [UInt8], header: RTPHeader) {
            let header = RTPHeader(
                hasMarker: hasMarker, payloadType: 96, sequenceNumber: number, timestamp: timestamp, ssrc: 1,
                payload: 12..<12 + payload.count, extensions: .init(form: .none, range: 12..<12))
            return ([UInt8](repeating: 0, count: 12) + payload, header)
        }

        mutating func receive(_ index: Int, isRetransmission: Bool = false, after delay: Duration = .zero) {
            let (bytes, header) = packets[index]
            stream.receive(bytes.span, header, isRetransmission: isRetransmission, at: start + delay)
        }
    }

    @Test func `everything in order is everything complete`() {
        var bench = Bench()
        bench.make(10)
        for index in bench.packets.indices { bench.receive(index) }
        let seen = bench.stream.statistics
        #expect(seen.frames == 10 && seen.keyFrames == 1 && seen.packets == bench.packets.count)
        #expect(seen.lost + seen.brokenFrames + seen.corrupted + seen.contentGaps + seen.duplicates == 0)
        #expect(seen.timestampRegressions == 0 && seen.largestTimestampStep == 3600)
        #expect(seen.firstFrameNumber == 0 && seen.lastFrameNumber == 9)
    }

    /// The first, the middle and the last packet of a frame.
    @Test(arguments: [12, 13, 14])
    func `a packet that never comes is asked for, given up, and breaks its frame`(missing: Int) {
        var bench = Bench()
        bench.make(10)
        for index in bench.packets.indices where index != missing { bench.receive(index) }
        #expect(bench.stream.statistics.frames == 2)
        var asked: [UInt16] = []
        bench.stream.advance(
            to: bench.start + .milliseconds(10), roundTrip: .milliseconds(50), missing: &asked)
        #expect(asked == [bench.packets[missing].header.sequenceNumber])
        let isEarly = bench.stream.takeKeyFrameRequest(at: bench.start + .milliseconds(10))
        #expect(!isEarly)
        bench.stream.advance(to: bench.start + .seconds(2), roundTrip: .milliseconds(50), missing: &asked)
        let seen = bench.stream.statistics
        #expect(seen.lost == 1 && seen.brokenFrames == 1)
        #expect(seen.frames == 9 && seen.contentGaps == 0)
        let isWanted = bench.stream.takeKeyFrameRequest(at: bench.start + .seconds(2))
        #expect(isWanted)
    }

    @Test func `a packet that is sent again completes its frame`() {
        var bench = Bench()
        bench.make(10)
        for index in bench.packets.indices where index != 12 { bench.receive(index) }
        bench.receive(12, isRetransmission: true, after: .milliseconds(80))
        bench.receive(12, isRetransmission: true, after: .milliseconds(90))
        let seen = bench.stream.statistics
        #expect(seen.frames == 10 && seen.recovered == 1 && seen.retransmissions == 2 && seen.duplicates == 1)
        #expect(seen.reordered == 0 && seen.lost == 0)
        #expect(seen.latency.maximum == .milliseconds(80))
    }

    @Test func `late packets are put in order and told apart from repairs`() {
        var bench = Bench()
        bench.make(10)
        var order = Array(bench.packets.indices)
        order.swapAt(12, 13)
        order.swapAt(20, 22)
        for index in order { bench.receive(index) }
        let seen = bench.stream.statistics
        #expect(seen.frames == 10 && seen.contentGaps == 0)
        #expect(seen.reordered == 3 && seen.recovered == 0)
    }

    @Test func `content that is not what was sent is found`() {
        var bench = Bench()
        bench.make(3)
        for position in [20, 30, 60, 500] {
            bench.packets[8].bytes[position] ^= 1
            for index in bench.packets.indices { bench.receive(index) }
            #expect(bench.stream.statistics.corrupted == 1, "byte \(position)")
            bench.packets[8].bytes[position] ^= 1
            let packets = bench.packets
            bench = Bench()
            bench.packets = packets
        }
    }

    @Test func `a frame that the relay swallowed without a gap is found`() {
        var bench = Bench()
        bench.make(10)
        // The second frame, with the numbers behind it moved up.
        bench.packets.removeSubrange(9..<12)
        for index in 9..<bench.packets.count { bench.packets[index].header.sequenceNumber &-= 3 }
        for index in bench.packets.indices { bench.receive(index) }
        let seen = bench.stream.statistics
        #expect(seen.contentGaps == 1 && seen.lost == 0 && seen.frames == 9)
        #expect(seen.largestTimestampStep == 7200)
    }

    @Test func `a change of source is right at a key frame only`() {
        var first = Bench()
        first.make(3)
        var second = Bench(ssrc: 8)
        second.make(3)
        for skipped in [0, 7] {
            var bench = first
            let next = bench.packets[bench.packets.count - 1].header
            for (index, packet) in second.packets.dropFirst(skipped).enumerated() {
                var header = packet.header
                header.sequenceNumber = next.sequenceNumber &+ UInt16(index + 1)
                header.timestamp &+= 90_000
                bench.packets.append((packet.bytes, header))
            }
            for index in bench.packets.indices { bench.receive(index) }
            let seen = bench.stream.statistics
            #expect(seen.sourceChanges == 1)
            #expect(seen.sourceChangesWithoutKeyFrame == (skipped == 0 ? 0 : 1))
            #expect(seen.contentGaps == 0 && seen.lost == 0)
            #expect(seen.source == 8)
        }
    }

    @Test func `a timestamp that goes back is found`() {
        var bench = Bench()
        bench.make(4)
        for index in bench.packets.indices.suffix(3) { bench.packets[index].header.timestamp &-= 10_000 }
        for index in bench.packets.indices { bench.receive(index) }
        #expect(bench.stream.statistics.timestampRegressions == 1)
    }

    @Test(arguments: [7 as UInt32, 8])
    func `a pause within a source is a freeze, one on the way to another is told apart`(next: UInt32) {
        var bench = Bench()
        bench.make(5)
        var second = Bench(ssrc: next)
        second.make(5)
        let last = bench.packets[bench.packets.count - 1].header
        let count = bench.packets.count
        for (index, packet) in second.packets.enumerated() {
            var header = packet.header
            header.sequenceNumber = last.sequenceNumber &+ UInt16(index + 1)
            header.timestamp &+= 90_000
            bench.packets.append((packet.bytes, header))
        }
        for index in bench.packets.indices {
            bench.receive(index, after: .milliseconds(index < count ? index : index + 500))
        }
        let seen = bench.stream.statistics
        #expect(seen.frames == 10 && seen.keyFrames == 2)
        #expect(seen.freezes == (next == 7 ? 1 : 0))
        #expect((seen.frozen > .milliseconds(500)) == (next == 7))
        #expect(seen.switchPauses.count == (next == 7 ? 0 : 1))
        #expect((seen.switchPauses.maximum > .milliseconds(500)) == (next == 8))
    }
}
