import Codecs
import RTP
import Testing
import Transcoding
import Wire

/// What viewers make of a lane's packets: one who was there, one who joins, one who loses some.
@Suite struct LanePacketizerTests {
    /// Puts packets together again, as the viewer that it stands for gets them.
    private struct Receiver: ~Copyable {
        var assembler: FrameAssembler
        var now = Instant(nanoseconds: 0)

        init(_ codec: VPXCodec) {
            assembler = FrameAssembler(codec == .vp8 ? .vp8 : .vp9)
        }

        mutating func receive(_ packet: [UInt8]) {
            guard let header = RTPHeader(parsing: packet.span) else { return }
            assembler.receive(packet.span, header, at: now)
        }

        /// Waits longer than any repair takes.
        mutating func frames(afterWaiting isPatient: Bool = false) -> [EncodedFrame] {
            var frames: [EncodedFrame] = []
            for _ in 0..<(isPatient ? 4 : 1) {
                while let frame = assembler.nextFrame(at: now) { frames.append(frame) }
                if isPatient { now = now + .milliseconds(300) }
            }
            return frames
        }
    }

    private struct Packet {
        let bytes: [UInt8]
        let audience: PacketDescription.Audience
    }

    /// The packets of a lane's frames, with a resync frame somewhere.
    private func packets(_ codec: VPXCodec, pictures: Int) -> [(frame: LaneFrame, packets: [Packet])] {
        var scene = TestScene(seed: 77)
        var lane = Lane(LaneSettings(codec: codec, tier: .p144))
        var source = Picture(width: 320, height: 180)
        var packetizer = LanePacketizer(codec, payloadType: 96, ssrc: 5)
        var result: [(LaneFrame, [Packet])] = []
        for number in 0..<pictures {
            scene.draw(number, into: &source)
            if number == pictures / 2 { lane.requestResync() }
            let outcome = lane.encode(
                PixelSize(width: 320, height: 180), timestamp: UInt32(number) * 3000, effort: .realtime
            ) { $0.scale(from: source) }
            guard case .coded(let frame) = outcome else { continue }
            var packets: [Packet] = []
            packetizer.packetize(frame) { bytes, audience in
                packets.append(
                    Packet(
                        bytes: [UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) },
                        audience: audience))
            }
            result.append((frame, packets))
        }
        return result
    }

    /// Renumbers what a viewer gets, as the munger does: no gap where packets are for others.
    private func renumbered(_ packets: [Packet]) -> [[UInt8]] {
        packets.enumerated().map { index, packet in
            var bytes = packet.bytes
            bytes[2] = UInt8(index >> 8)
            bytes[3] = UInt8(truncatingIfNeeded: index)
            return bytes
        }
    }

    @Test(arguments: VPXCodec.allCases)
    func `who was there gets every frame once, and none of a joiner's`(codec: VPXCodec) throws {
        let sent = packets(codec, pictures: 240)
        #expect(sent.contains { $0.frame.kind == .resync })
        var receiver = Receiver(codec)
        for packet in renumbered(sent.flatMap(\.packets).filter { $0.audience != .joining }) {
            #expect(packet.count <= 1150)
            receiver.receive(packet)
        }
        #expect(receiver.frames().map(\.bytes.hashValue) == sent.map(\.frame.bytes.hashValue))
    }

    @Test(arguments: VPXCodec.allCases)
    func `who joins at a resync frame decodes from there on what all others see`(codec: VPXCodec) throws {
        let sent = packets(codec, pictures: 240)
        let start = try #require(sent.firstIndex { $0.frame.kind == .resync })
        var receiver = Receiver(codec)
        let joining = sent[start...].flatMap(\.packets).filter { $0.audience != .settled }
        for packet in renumbered(joining) { receiver.receive(packet) }
        var newcomer = try Viewer(codec)
        var veteran = try Viewer(codec)
        var expected: [UInt64?] = []
        for (index, item) in sent.enumerated() {
            let shown = try veteran.watch(item.frame.bytes)
            if index >= start { expected.append(shown) }
        }
        var seen: [UInt64?] = []
        for frame in receiver.frames() { seen.append(try newcomer.watch(frame.bytes)) }
        // VP8's joiner gets the anchor as a picture of its own, just before.
        #expect(seen.count == expected.count + (codec == .vp8 ? 1 : 0))
        #expect(Array(seen.suffix(expected.count)) == expected)
    }

    @Test(arguments: VPXCodec.allCases)
    func `who loses frames goes on with the resync frame alone`(codec: VPXCodec) throws {
        let sent = packets(codec, pictures: 240)
        let resync = try #require(sent.firstIndex { $0.frame.kind == .resync })
        var receiver = Receiver(codec)
        let settled = sent.flatMap(\.packets).filter { $0.audience != .joining }
        let lost = sent[..<(resync - 3)].flatMap(\.packets).count
        for (index, packet) in renumbered(settled).enumerated() where index < lost || index > lost + 1 {
            receiver.receive(packet)
        }
        let seen = receiver.frames(afterWaiting: true).map(\.bytes.hashValue)
        #expect(seen.contains(sent[resync].frame.bytes.hashValue))
        #expect(Array(seen.suffix(10)) == sent.suffix(10).map(\.frame.bytes.hashValue))
        #expect(!receiver.assembler.needsKeyFrame)
    }

    @Test func `VP8's resync frame counts the base layer on, and the frame after it is a switching point`()
        throws
    {
        let sent = packets(.vp8, pictures: 240)
        let resync = try #require(sent.firstIndex { $0.frame.kind == .resync })
        func descriptor(_ packet: Packet) throws -> VP8Descriptor {
            let payload = packet.bytes.span.extracting(12..<packet.bytes.count)
            let parsed = VP8Descriptor(parsing: payload)
            return try #require(parsed)
        }
        let before = try descriptor(try #require(sent[resync - 1].packets.last))
        let anchor = try descriptor(try #require(sent[resync].packets.first))
        let itself = try descriptor(try #require(sent[resync].packets.last))
        let after = try descriptor(try #require(sent[resync + 1].packets.first))
        #expect(anchor.isKeyFrame)
        #expect(anchor.tl0PictureIndex == before.tl0PictureIndex)
        #expect(itself.temporalID == 0)
        #expect(itself.tl0PictureIndex == before.tl0PictureIndex.map { $0 &+ 1 })
        #expect(after.temporalID == 1)
        #expect(after.layerSync)
        #expect(before.temporalID == 1)
        #expect(!before.layerSync)
    }
}
