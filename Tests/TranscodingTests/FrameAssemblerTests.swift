import RTP
import Testing
import Transcoding
import Wire

/// Packets of a VP8 source with and without temporal layers, in any order.
@Suite struct FrameAssemblerTests {
    /// One packet with a payload descriptor that tells picture, layer and TL0PICIDX (RFC 7741 section 4.2).
    private func packet(
        _ number: UInt16, picture: UInt16, isFirst: Bool = true, isLast: Bool = true,
        isKeyFrame: Bool = false,
        layer: UInt8 = 0, tl0: UInt8, isSync: Bool = false
    ) -> [UInt8] {
        var bytes: [UInt8] = [
            0x80, 96 | (isLast ? 0x80 : 0), UInt8(number >> 8), UInt8(truncatingIfNeeded: number),
        ]
        let timestamp = UInt32(picture) * 3000
        for shift in [24, 16, 8, 0] as [UInt32] {
            bytes.append(UInt8(truncatingIfNeeded: timestamp >> shift))
        }
        bytes += [0, 0, 0, 1]
        bytes += [
            isFirst ? 0x90 : 0x80, 0xE0, 0x80 | UInt8(picture >> 8), UInt8(truncatingIfNeeded: picture), tl0,
        ]
        bytes.append(layer << 6 | (isSync ? 0x20 : 0))
        // The frame tag: bit 0 is clear in a key frame; then the picture's number as content.
        bytes += [isKeyFrame ? 0 : 1, UInt8(truncatingIfNeeded: picture), UInt8(truncatingIfNeeded: number)]
        return bytes
    }

    private func receive(_ packets: [[UInt8]], _ assembler: inout FrameAssembler, at now: Instant) {
        for packet in packets {
            guard let header = RTPHeader(parsing: packet.span) else {
                Issue.record("no header")
                return
            }
            assembler.receive(packet.span, header, at: now)
        }
    }

    private func pictures(_ assembler: inout FrameAssembler, at now: Instant) -> [Int] {
        var found: [Int] = []
        while let frame = assembler.nextFrame(at: now) { found.append(Int(frame.timestamp) / 3000) }
        return found
    }

    private let start = Instant(nanoseconds: 1_000_000_000)

    @Test func `packets in any order make the same pictures`() {
        var assembler = FrameAssembler(.vp8)
        let first = packet(10, picture: 1, isLast: false, isKeyFrame: true, tl0: 1)
        let second = packet(11, picture: 1, isFirst: false, tl0: 1)
        let third = packet(12, picture: 2, tl0: 2)
        receive([first, third], &assembler, at: start)
        #expect(pictures(&assembler, at: start).isEmpty)
        receive([second, second], &assembler, at: start)
        #expect(pictures(&assembler, at: start) == [1, 2])
    }

    @Test func `a gap is waited for, and then everything up to a key frame is passed over`() {
        var assembler = FrameAssembler(.vp8)
        receive([packet(10, picture: 1, isKeyFrame: true, tl0: 1)], &assembler, at: start)
        #expect(pictures(&assembler, at: start) == [1])
        receive([packet(12, picture: 3, tl0: 3)], &assembler, at: start)
        #expect(pictures(&assembler, at: start).isEmpty)
        #expect(!assembler.needsKeyFrame)
        let later = start + .milliseconds(250)
        #expect(pictures(&assembler, at: later).isEmpty)
        #expect(assembler.needsKeyFrame)
        receive(
            [packet(13, picture: 4, tl0: 4), packet(14, picture: 5, isKeyFrame: true, tl0: 5)], &assembler,
            at: later)
        #expect(pictures(&assembler, at: later) == [5])
        #expect(!assembler.needsKeyFrame)
        #expect(assembler.counters.undecodableFrames == 2)
    }

    @Test func `a late packet within the wait is no loss`() {
        var assembler = FrameAssembler(.vp8)
        receive(
            [packet(10, picture: 1, isKeyFrame: true, tl0: 1), packet(12, picture: 3, tl0: 3)], &assembler,
            at: start)
        #expect(pictures(&assembler, at: start) == [1])
        receive([packet(11, picture: 2, tl0: 2)], &assembler, at: start + .milliseconds(150))
        #expect(pictures(&assembler, at: start + .milliseconds(150)) == [2, 3])
    }

    @Test func `the loss of an upper layer's picture costs that layer alone until it is in step again`() {
        var assembler = FrameAssembler(.vp8)
        receive(
            [
                packet(10, picture: 1, isKeyFrame: true, tl0: 1), packet(12, picture: 3, tl0: 2),
                packet(13, picture: 4, layer: 1, tl0: 2), packet(14, picture: 5, tl0: 3),
                packet(15, picture: 6, layer: 1, tl0: 3, isSync: true),
                packet(16, picture: 7, layer: 1, tl0: 3),
            ], &assembler, at: start)
        #expect(pictures(&assembler, at: start) == [1])
        let later = start + .milliseconds(250)
        #expect(pictures(&assembler, at: later) == [3, 5, 6, 7])
        #expect(!assembler.needsKeyFrame)
    }

    @Test func `sequence numbers wrap`() {
        var assembler = FrameAssembler(.vp8)
        receive(
            [
                packet(65535, picture: 1, isKeyFrame: true, tl0: 1), packet(0, picture: 2, tl0: 2),
                packet(1, picture: 3, tl0: 3),
            ], &assembler, at: start)
        #expect(pictures(&assembler, at: start) == [1, 2, 3])
    }

    @Test func `a jump of the numbers costs no memory and no trap`() {
        var assembler = FrameAssembler(.vp8)
        for step in 0..<200 {
            let number = UInt16(truncatingIfNeeded: step * 9001)
            receive([packet(number, picture: UInt16(step), tl0: UInt8(step))], &assembler, at: start)
            _ = pictures(&assembler, at: start + .milliseconds(step * 10))
        }
        #expect(assembler.needsKeyFrame)
    }
}
