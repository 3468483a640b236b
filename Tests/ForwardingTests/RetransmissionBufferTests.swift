import Impairment
import RTP
import Testing
import Wire

@testable import Forwarding

@Suite struct RetransmissionBufferTests {
    private static func find(
        _ sequenceNumber: UInt16, in buffer: borrowing RetransmissionBuffer
    ) -> (bytes: [UInt8], header: RTPHeader)? {
        buffer.withPacket(sequenceNumber, ssrc: 1) { packet, header in (copy(packet), header) }
    }

    private static func store(
        _ sequenceNumber: UInt16, bytes: Int = 1000, fill: UInt8 = 7, into buffer: inout RetransmissionBuffer,
        at now: Instant = .milliseconds(0)
    ) throws {
        let packet = packet(sequenceNumber, payload: [UInt8](repeating: fill, count: bytes - 12))
        buffer.store(packet.span, try header(of: packet), at: now)
    }

    @Test func `a packet is found with its header`() throws {
        var buffer = RetransmissionBuffer()
        let stored = packet(
            payloadType: 111, 65535, timestamp: 77, ssrc: 1, marker: true, extensions: [(3, [1, 2])],
            payload: [9, 8, 7])
        let header = try header(of: stored)
        buffer.store(stored.span, header, at: .milliseconds(0))
        let found = Self.find(65535, in: buffer)
        #expect(found?.bytes == stored)
        #expect(found?.header == header)
        let others = [65534, 0, 65535 - 1024].map { Self.find($0, in: buffer) == nil }
        #expect(others == [true, true, true])
    }

    @Test func `an empty buffer has nothing`() {
        let buffer = RetransmissionBuffer()
        let found = Self.find(0, in: buffer)
        #expect(found == nil)
    }

    @Test func `padding is not kept`() throws {
        var buffer = RetransmissionBuffer()
        var padded = packet(5, payload: [1, 2, 3, 0, 0, 3])
        padded[0] |= 0x20
        buffer.store(padded.span, try header(of: padded), at: .milliseconds(0))
        let found = Self.find(5, in: buffer)
        #expect(found?.bytes == Array(padded.dropLast(3)))
        #expect(found?.header.payload == 12..<15)
    }

    @Test func `a packet larger than any path carries is not kept`() throws {
        var buffer = RetransmissionBuffer()
        try Self.store(1, bytes: 2048, into: &buffer)
        try Self.store(2, bytes: 2049, into: &buffer)
        let found = [1, 2].map { Self.find($0, in: buffer)?.bytes.count }
        #expect(found == [2048, nil])
    }

    @Test func `a number that comes again replaces its former packet`() throws {
        var buffer = RetransmissionBuffer()
        try Self.store(10, fill: 1, into: &buffer)
        try Self.store(10 + 1024, fill: 2, into: &buffer)
        let former = Self.find(10, in: buffer) == nil
        let latter = Self.find(10 + 1024, in: buffer)?.bytes.last
        #expect(former)
        #expect(latter == 2)
        try Self.store(10 + 1024, fill: 3, into: &buffer)
        let last = Self.find(10 + 1024, in: buffer)?.bytes.last
        #expect(last == 3)
    }

    @Test func `a slow stream keeps the first capacity`() throws {
        var buffer = RetransmissionBuffer()
        // 65 packets of 1000 bytes fill the 64 KiB; one lap takes 6.5 seconds.
        for number in 0..<200 as Range<UInt16> {
            try Self.store(number, into: &buffer, at: .milliseconds(Int64(number) * 100))
        }
        let kept = (0..<200).filter { number in Self.find(number, in: buffer) != nil }
        #expect(kept == Array(135..<200))
    }

    @Test func `a fast stream makes the buffer grow until it spans a second`() throws {
        var buffer = RetransmissionBuffer()
        // 1000 packets of 1000 bytes a second: 1 MB for a second, of which 1 MiB can be had.
        for number in 0..<4000 as Range<UInt16> {
            try Self.store(number, into: &buffer, at: .milliseconds(Int64(number)))
        }
        let kept = (0..<4000).filter { number in Self.find(number, in: buffer) != nil }
        #expect(kept == Array(2976..<4000))
    }

    @Test func `what was overwritten before the buffer grew is not found`() throws {
        var buffer = RetransmissionBuffer()
        for number in 0..<130 as Range<UInt16> {
            try Self.store(number, fill: UInt8(number), into: &buffer, at: .milliseconds(0))
        }
        // The first lap had 65 packets, and the second grew: those of the first are gone.
        try Self.store(130, fill: 130, into: &buffer, at: .milliseconds(1))
        let kept = (0..<131).filter { number in Self.find(number, in: buffer) != nil }
        let isRight = kept.allSatisfy { number in Self.find(number, in: buffer)?.bytes.last == UInt8(number) }
        #expect(kept == Array(65..<131))
        #expect(isRight)
    }

    @Test(arguments: [64 << 10, 100_000, 256 << 10, 1 << 20])
    func `what is found is what was stored`(limit: Int) throws {
        let seed = seed()
        print("SMARTC_SEED=\(seed)")
        var generator = SplitMix64(seed: seed)
        var buffer = RetransmissionBuffer(limit: limit)
        var model: [UInt16: [UInt8]] = [:]
        var number = UInt16.random(in: 0 ... .max, using: &generator)
        var now = Instant.milliseconds(0)
        var pace: Int64 = 1
        var foundRecent = 0
        for step in 0..<8000 {
            if step % 500 == 0 { pace = Int64.random(in: 0...30, using: &generator) }
            now = now + .milliseconds(Int64.random(in: 0...max(1, pace), using: &generator))
            number &+= UInt16.random(in: 0...3, using: &generator)
            var fill = [UInt8](
                repeating: UInt8.random(in: 0...255, using: &generator),
                count: .random(in: 1...2100, using: &generator))
            fill[0] = UInt8(truncatingIfNeeded: step)
            let stored = packet(number, payload: fill)
            buffer.store(stored.span, try header(of: stored), at: now)
            if stored.count <= 2048 { model[number] = stored }
            let wanted = number &- UInt16.random(in: 0...1500, using: &generator)
            if let found = Self.find(wanted, in: buffer)?.bytes {
                let isRight = found == model[wanted]
                try #require(isRight, "packet \(wanted) at step \(step), seed \(seed)")
            }
            if Self.find(number, in: buffer)?.bytes == model[number] { foundRecent += 1 }
        }
        #expect(foundRecent > 7500)
    }
}
