import Testing
import Wire

@testable import Forwarding

@Suite struct MungerTests {
    private static let first = SourceReference(1)
    private static let second = SourceReference(2)

    /// A munger that has begun with `first` at sequence number 500 and timestamp 7000, seen from outside as 100 and
    /// 1000.
    private static func begun(firstSequenceNumber: UInt16 = 100, firstTimestamp: UInt32 = 1000) -> Munger {
        var munger = Munger(firstSequenceNumber: firstSequenceNumber, firstTimestamp: firstTimestamp)
        munger.begin(
            first, sequenceNumber: 500, timestamp: 7000, clockRate: 90000, at: .milliseconds(0))
        return munger
    }

    @Test func `the first packet has the numbers that were drawn`() {
        var munger = Self.begun()
        let numbers = munger.rewrite(sequenceNumber: 500, timestamp: 7000, at: .milliseconds(0))
        #expect(numbers == .init(sequenceNumber: 100, timestamp: 1000))
        let next = munger.rewrite(sequenceNumber: 502, timestamp: 7090, at: .milliseconds(1))
        #expect(next == .init(sequenceNumber: 102, timestamp: 1090))
        let late = munger.rewrite(sequenceNumber: 501, timestamp: 7090, at: .milliseconds(2))
        #expect(late == .init(sequenceNumber: 101, timestamp: 1090))
        #expect(munger.highestSequenceNumber & 0xFFFF == 102)
    }

    @Test func `nothing is sent before a source has begun`() {
        var munger = Munger(firstSequenceNumber: 0, firstTimestamp: 0)
        let numbers = munger.rewrite(sequenceNumber: 0, timestamp: 0, at: .milliseconds(0))
        #expect(numbers == nil)
        #expect(munger.origin(of: 0) == nil)
        #expect(munger.timestampOffset == nil)
    }

    @Test func `another source continues without a gap and after the time that passed`() {
        var munger = Self.begun()
        _ = munger.rewrite(sequenceNumber: 500, timestamp: 7000, at: .milliseconds(0))
        _ = munger.rewrite(sequenceNumber: 501, timestamp: 10000, at: .milliseconds(33))
        munger.begin(
            Self.second, sequenceNumber: 65535, timestamp: 5, clockRate: 90000, at: .milliseconds(133))
        let numbers = munger.rewrite(sequenceNumber: 65535, timestamp: 5, at: .milliseconds(133))
        // 100 ms of 90 kHz later than 1000 + 3000.
        #expect(numbers == .init(sequenceNumber: 102, timestamp: 13000))
        let next = munger.rewrite(sequenceNumber: 0, timestamp: 3005, at: .milliseconds(166))
        #expect(next == .init(sequenceNumber: 103, timestamp: 16000))
    }

    @Test func `a switch within one millisecond still moves the timestamp`() {
        var munger = Self.begun()
        _ = munger.rewrite(sequenceNumber: 500, timestamp: 7000, at: .milliseconds(10))
        munger.begin(Self.second, sequenceNumber: 1, timestamp: 0, clockRate: 48000, at: .milliseconds(10))
        let numbers = munger.rewrite(sequenceNumber: 1, timestamp: 0, at: .milliseconds(10))
        #expect(numbers == .init(sequenceNumber: 101, timestamp: 1048))
    }

    @Test func `sequence numbers and timestamps wrap around`() {
        var munger = Self.begun(firstSequenceNumber: 65534, firstTimestamp: .max - 10)
        let numbers = (0..<4).map { index in
            munger.rewrite(
                sequenceNumber: 500 + UInt16(index), timestamp: 7000 + 10 * UInt32(index),
                at: .milliseconds(0))
        }
        #expect(numbers.map { $0?.sequenceNumber } == [65534, 65535, 0, 1])
        #expect(numbers.map { $0?.timestamp } == [.max - 10, .max, 9, 19])
        #expect(munger.origin(of: 0)?.sequenceNumber == 502)
        #expect(munger.origin(of: 65535)?.sequenceNumber == 501)
        #expect(munger.distanceFromStart(of: 1) == 3)
    }

    @Test func `a packet from before the start is not sent`() {
        var munger = Self.begun()
        _ = munger.rewrite(sequenceNumber: 500, timestamp: 7000, at: .milliseconds(0))
        let late = munger.rewrite(sequenceNumber: 499, timestamp: 6000, at: .milliseconds(1))
        #expect(late == nil)
        munger.begin(Self.second, sequenceNumber: 10, timestamp: 0, clockRate: 90000, at: .milliseconds(5))
        _ = munger.rewrite(sequenceNumber: 10, timestamp: 0, at: .milliseconds(5))
        let lateAgain = munger.rewrite(sequenceNumber: 9, timestamp: 0, at: .milliseconds(6))
        #expect(lateAgain == nil)
    }

    @Test func `a hundred thousand packets go on without a gap`() {
        var munger = Self.begun()
        var isContinuous = true
        for index in 0..<100_000 {
            let numbers = munger.rewrite(
                sequenceNumber: UInt16(truncatingIfNeeded: 500 + index), timestamp: 7000, at: .milliseconds(0)
            )
            isContinuous = isContinuous && numbers?.sequenceNumber == UInt16(truncatingIfNeeded: 100 + index)
        }
        #expect(isContinuous)
        #expect(munger.distanceFromStart(of: UInt16(truncatingIfNeeded: 100 + 99_999)) == 99_999)
    }

    @Test func `every number leads back to its source`() {
        var munger = Munger(firstSequenceNumber: 100, firstTimestamp: 0)
        for track in 0..<3 {
            let base = UInt16(track * 1000)
            munger.begin(
                SourceReference(UInt32(track)), sequenceNumber: base, timestamp: UInt32(track),
                clockRate: 90000,
                at: .milliseconds(0))
            for offset in 0..<10 as Range<UInt16> {
                _ = munger.rewrite(
                    sequenceNumber: base + offset, timestamp: UInt32(track), at: .milliseconds(0))
            }
        }
        let origins = [100, 109, 110, 119, 120, 129].map { munger.origin(of: $0) }
        #expect(origins.map { $0?.source.track } == [0, 0, 1, 1, 2, 2])
        #expect(origins.map { $0?.sequenceNumber } == [0, 9, 1000, 1009, 2000, 2009])
        // The stream went on by 90 ticks, one millisecond, with every source.
        #expect(origins.map { $0?.timestampOffset } == [0, 0, 89, 89, 178, 178])
        #expect(munger.origin(of: 130) == nil)
        #expect(munger.origin(of: 99) == nil)
    }

    @Test func `the fifth source before is forgotten`() {
        var munger = Munger(firstSequenceNumber: 100, firstTimestamp: 0)
        for track in 0..<5 as Range<UInt32> {
            munger.begin(
                SourceReference(track), sequenceNumber: 0, timestamp: 0, clockRate: 90000,
                at: .milliseconds(0))
            _ = munger.rewrite(sequenceNumber: 0, timestamp: 0, at: .milliseconds(0))
        }
        let tracks = [100, 101, 102, 103, 104].map { munger.origin(of: $0)?.source.track }
        #expect(tracks == [nil, 1, 2, 3, 4])
    }

    @Test func `a number from half the circle ago is not found`() {
        var munger = Self.begun()
        _ = munger.rewrite(sequenceNumber: 500, timestamp: 0, at: .milliseconds(0))
        #expect(munger.origin(of: 100 &+ 0x8000) == nil)
        #expect(munger.origin(of: 101) == nil)
        #expect(munger.origin(of: 100)?.sequenceNumber == 500)
    }
}
