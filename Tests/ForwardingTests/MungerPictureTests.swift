import RTP
import Testing
import Wire

@testable import Forwarding

/// What the munger does with picture identifiers, and with numbers of what was left out.
@Suite struct MungerPictureTests {
    private static let first = SourceReference(1)
    private static let second = SourceReference(2)

    private static func vp8(
        _ pictureID: UInt16, length: UInt8 = 15, tl0: UInt8 = 0, key: UInt8 = 0, isKey: Bool = false
    ) -> PacketDescription {
        var packet = PacketDescription()
        packet.isKeyFrameStart = isKey
        packet.startsFrame = true
        packet.tellsFrameStarts = true
        packet.countsEveryPicture = true
        packet.pictureID = pictureID
        packet.pictureIDLength = length
        packet.pictureIDOffset = 2
        packet.tl0PictureIndex = tl0
        packet.tl0PictureIndexOffset = 4
        packet.keyIndex = key
        packet.keyIndexOffset = 5
        return packet
    }

    private static func patch(
        _ munger: inout Munger, _ sequenceNumber: UInt16, _ packet: PacketDescription
    ) -> PayloadPatch? {
        guard
            munger.rewrite(sequenceNumber: sequenceNumber, timestamp: 0, packet, at: .milliseconds(0)) != nil,
            let number = munger.origin(of: UInt16(truncatingIfNeeded: munger.highestSequenceNumber))
        else { return nil }
        return munger.patch(packet, of: number)?.patch
    }

    @Test(arguments: [UInt8(15), 7])
    func `identifiers go on with the next source`(length: UInt8) throws {
        let mask: UInt16 = length == 15 ? 0x7FFF : 0x7F
        var munger = Munger(firstSequenceNumber: 0, firstTimestamp: 0)
        let one = Self.vp8(mask, length: length, tl0: 255, key: 31, isKey: true)
        munger.begin(Self.first, sequenceNumber: 9, timestamp: 0, one, clockRate: 90000, at: .milliseconds(0))
        let a = try #require(Self.patch(&munger, 9, one))
        let b = try #require(Self.patch(&munger, 10, Self.vp8(0, length: length, tl0: 0, key: 31)))
        #expect(b.pictureID & mask == (a.pictureID + 1) & mask)
        #expect(b.tl0PictureIndex == a.tl0PictureIndex &+ 1)
        #expect(b.keyIndex == a.keyIndex)

        let other = Self.vp8(77, length: length, tl0: 9, key: 3, isKey: true)
        munger.begin(
            Self.second, sequenceNumber: 500, timestamp: 0, other, clockRate: 90000, at: .milliseconds(9))
        let c = try #require(Self.patch(&munger, 500, other))
        #expect(c.pictureID & mask == (b.pictureID + 1) & mask)
        #expect(c.tl0PictureIndex == b.tl0PictureIndex &+ 1)
        #expect(c.keyIndex == (b.keyIndex + 1) & 0x1F)
    }

    @Test func `frame numbers of the dependency descriptor go on`() throws {
        var munger = Munger(firstSequenceNumber: 0, firstTimestamp: 0)
        var numbers: [UInt16] = []
        for (source, base) in [(Self.first, UInt16(40_000)), (Self.second, 3), (Self.first, 60_000)] {
            for step in 0..<3 as Range<UInt16> {
                var packet = PacketDescription()
                packet.frameNumber = base &+ step
                if step == 0 {
                    munger.begin(
                        source, sequenceNumber: base, timestamp: 0, packet, clockRate: 90000,
                        at: .milliseconds(0))
                }
                guard case .newest(let position) = munger.place(of: base + step) else { continue }
                munger.admit(
                    position, packet, timestamp: 0, isMarked: false, gapIsOmitted: false,
                    picturesAreOmitted: false, at: .milliseconds(0))
                let offset = try #require(munger.numbers(of: position, packet, timestamp: 0))
                    .frameNumberOffset
                numbers.append(base &+ step &+ offset)
            }
        }
        #expect(numbers == Array(1...9))
    }

    @Test func `pictures that were left out are not counted, lost ones are`() throws {
        var munger = Munger(firstSequenceNumber: 0, firstTimestamp: 0)
        let key = Self.vp8(10, isKey: true)
        munger.begin(
            Self.first, sequenceNumber: 100, timestamp: 0, key, clockRate: 90000, at: .milliseconds(0))
        let first = try #require(Self.patch(&munger, 100, key)).pictureID
        munger.omit(101, Self.vp8(11))
        let next = try #require(Self.patch(&munger, 102, Self.vp8(12))).pictureID
        // 103 with picture 13 is lost.
        munger.omit(104, Self.vp8(14))
        let last = try #require(Self.patch(&munger, 105, Self.vp8(15))).pictureID
        #expect([next, last] == [first + 1, first + 3])
        let late = munger.rewrite(
            sequenceNumber: 103, timestamp: 0, Self.vp8(13), at: .milliseconds(0))
        #expect(late?.sequenceNumber == 2)
        let dropped = munger.rewrite(sequenceNumber: 101, timestamp: 0, Self.vp8(11), at: .milliseconds(0))
        #expect(dropped == nil)
    }

    @Test func `VP9 identifiers keep their distances`() throws {
        var munger = Munger(firstSequenceNumber: 0, firstTimestamp: 0)
        func vp9(_ id: UInt16) -> PacketDescription {
            var packet = Self.vp8(id)
            packet.countsEveryPicture = false
            return packet
        }
        munger.begin(
            Self.first, sequenceNumber: 100, timestamp: 0, vp9(10), clockRate: 90000, at: .milliseconds(0))
        let first = try #require(Self.patch(&munger, 100, vp9(10))).pictureID
        munger.omit(101, vp9(11))
        munger.omit(102, vp9(12))
        let next = try #require(Self.patch(&munger, 103, vp9(13))).pictureID
        #expect(next == first + 3)
    }

    @Test func `an empty number leads nowhere`() {
        var munger = Munger(firstSequenceNumber: 50, firstTimestamp: 0)
        munger.begin(Self.first, sequenceNumber: 0, timestamp: 0, clockRate: 90000, at: .milliseconds(0))
        _ = munger.rewrite(sequenceNumber: 0, timestamp: 0, at: .milliseconds(0))
        _ = munger.rewrite(sequenceNumber: 2, timestamp: 0, at: .milliseconds(0))
        #expect(munger.origin(of: 51)?.sequenceNumber == 1)
        guard case .late(let position) = munger.place(of: 1) else {
            Issue.record("1 is missing")
            return
        }
        munger.withhold(position)
        #expect(munger.origin(of: 51) == nil)
        #expect(munger.origin(of: 52)?.sequenceNumber == 2)
        #expect(munger.place(of: 1) == .leftOut)
    }

    @Test func `after a restart older numbers lead nowhere`() {
        var munger = Munger(firstSequenceNumber: 50, firstTimestamp: 0)
        munger.begin(Self.first, sequenceNumber: 0, timestamp: 0, clockRate: 90000, at: .milliseconds(0))
        _ = munger.rewrite(sequenceNumber: 0, timestamp: 0, at: .milliseconds(0))
        munger.forgetOrigins()
        munger.begin(Self.first, sequenceNumber: 0, timestamp: 0, clockRate: 90000, at: .milliseconds(0))
        _ = munger.rewrite(sequenceNumber: 0, timestamp: 0, at: .milliseconds(0))
        #expect(munger.origin(of: 50) == nil)
        #expect(munger.origin(of: 51)?.sequenceNumber == 0)
    }

    @Test func `a patch changes its own bits and nothing behind the end`() {
        var patch = PayloadPatch()
        patch.pictureIDOffset = 2
        patch.pictureIDLength = 15
        patch.pictureID = 0x1234
        patch.tl0PictureIndexOffset = 4
        patch.tl0PictureIndex = 0x77
        patch.keyIndexOffset = 5
        patch.keyIndex = 0x1F
        #expect(!patch.isEmpty)
        #expect(PayloadPatch().isEmpty)
        var bytes: [UInt8] = [0, 0, 0x90, 0xF0, 0x80, 0x01, 0x02, 0xE0, 0x55]
        var span = bytes.mutableSpan
        patch.apply(to: &span, at: 2)
        #expect(bytes == [0, 0, 0x90, 0xF0, 0x92, 0x34, 0x77, 0xFF, 0x55])
        for length in 0...5 {
            var short = [UInt8](repeating: 0, count: length)
            var span = short.mutableSpan
            patch.apply(to: &span, at: 0)
            #expect(short.count == length)
        }
    }

    @Test func `a reference from before a subscriber's key frame becomes the key frame`() throws {
        func vp9(_ id: UInt16, back difference: UInt8?) -> PacketDescription {
            var packet = PacketDescription()
            packet.isKeyFrameStart = difference == nil
            packet.pictureID = id
            packet.pictureIDLength = 15
            packet.pictureIDOffset = 1
            packet.pictureDifference = difference ?? 0
            packet.pictureDifferenceOffset = difference == nil ? 0 : 4
            return packet
        }
        var munger = Munger(firstSequenceNumber: 0, firstTimestamp: 0)
        let start = vp9(1000, back: nil)
        munger.begin(
            Self.first, sequenceNumber: 1, timestamp: 0, start, clockRate: 90000, at: .milliseconds(0))
        _ = try #require(Self.patch(&munger, 1, start))
        // A resync frame whose anchor was sent a hundred pictures ago, to others.
        let early = try #require(Self.patch(&munger, 2, vp9(1001, back: 1)))
        #expect(early.pictureDifferenceOffset == 0)
        let resync = try #require(Self.patch(&munger, 3, vp9(1002, back: 100)))
        #expect(resync.pictureDifference == 2)
        var payload: [UInt8] = [0xF9, 0x80, 0, 0x10, 100 << 1, 7]
        var span = payload.mutableSpan
        resync.apply(to: &span, at: 0)
        #expect(payload[4] == 2 << 1)
        #expect(payload[5] == 7)
        // One that reaches no further back stays.
        let near = try #require(Self.patch(&munger, 4, vp9(1003, back: 3)))
        #expect(near.pictureDifferenceOffset == 0)
        // It has been given the anchor again: all before is out of reach.
        _ = try #require(Self.patch(&munger, 5, vp9(1004, back: nil)))
        let next = try #require(Self.patch(&munger, 6, vp9(1005, back: 105)))
        #expect(next.pictureDifference == 1)
    }
}
