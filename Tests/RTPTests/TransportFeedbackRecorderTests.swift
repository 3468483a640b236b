import Testing
import Wire

@testable import RTP

@Suite struct TransportFeedbackRecorderTests {
    /// One feedback packet and what it tells.
    private struct Feedback {
        var bytes: [UInt8]
        var header: TransportFeedbackHeader
        /// By sequence number; the value is the arrival in units of 250 us.
        var told: [(number: UInt16, tick: Int64?)] = []
        var isMoreLeft: Bool
    }

    private func write(_ recorder: inout TransportFeedbackRecorder, room: Int = 1200) throws -> Feedback {
        var isMoreLeft = false
        let bytes = written(capacity: room) { isMoreLeft = recorder.writeFeedback(into: &$0) }
        guard case .transportFeedback(let header) = read(bytes).packets.first else {
            throw CancellationError()
        }
        var feedback = Feedback(bytes: bytes, header: header, isMoreLeft: isMoreLeft)
        let isComplete = header.forEachResult(in: bytes.span) { number, arrival in
            feedback.told.append((number, arrival.map { $0 / 250 }))
        }
        #expect(isComplete)
        return feedback
    }

    private func recorder(_ arrivals: [(UInt16, milliseconds: Int64)]) -> TransportFeedbackRecorder {
        var recorder = TransportFeedbackRecorder(senderSSRC: 1, mediaSSRC: 2)
        for (number, milliseconds) in arrivals {
            recorder.record(sequenceNumber: number, at: Instant(nanoseconds: milliseconds * 1_000_000))
        }
        return recorder
    }

    @Test func `consecutive packets become one run`() throws {
        var recorder = recorder([(10, 256), (11, 257), (12, 259)])
        let feedback = try write(&recorder)
        #expect(
            feedback.bytes == hex("8fcd0006 00000001 00000002 000a 0003 000004 00 2003 000408 000000"))
        #expect(!feedback.isMoreLeft)
        #expect(!recorder.hasReport)
    }

    @Test func `losses become a vector of one bit`() throws {
        var recorder = recorder([(65535, 64), (1, 65), (2, 65)])
        let feedback = try write(&recorder)
        // 1011 padded to fourteen.
        #expect(feedback.bytes == hex("8fcd0006 00000001 00000002 ffff 0004 000001 00 ac00 000400 000000"))
    }

    @Test func `late packets become a vector of two bits with a negative delta`() throws {
        var recorder = recorder([(1, 64), (3, 74), (2, 84)])
        let feedback = try write(&recorder)
        #expect(feedback.bytes == hex("8fcd0006 00000001 00000002 0001 0003 000001 00 d600 00 50 ffd8 0000"))
    }

    @Test func `the next packet begins where the last ended and has the next count`() throws {
        var recorder = recorder([(1, 64)])
        _ = try write(&recorder)
        recorder.record(sequenceNumber: 3, at: Instant(nanoseconds: 70_000_000))
        let feedback = try write(&recorder)
        #expect(feedback.header.baseSequenceNumber == 2)
        #expect(feedback.header.feedbackCount == 1)
        #expect(feedback.told.map(\.number) == [2, 3])
        #expect(feedback.told.map(\.tick) == [nil, 280])
    }

    @Test func `a packet told as lost is told again when it comes late`() throws {
        var recorder = recorder([(1, 64), (3, 70)])
        _ = try write(&recorder)
        recorder.record(sequenceNumber: 2, at: Instant(nanoseconds: 71_000_000))
        #expect(recorder.hasReport)
        #expect(try write(&recorder).told.map(\.tick) == [284, 280])
    }

    @Test func `a duplicate changes nothing`() throws {
        var recorder = recorder([(1, 64), (2, 65)])
        _ = try write(&recorder)
        recorder.record(sequenceNumber: 2, at: Instant(nanoseconds: 90_000_000))
        recorder.record(sequenceNumber: 1, at: Instant(nanoseconds: 90_000_000))
        #expect(!recorder.hasReport)
    }

    @Test func `a pause longer than a delta begins a new packet`() throws {
        var recorder = recorder([(1, 0), (2, 9000), (3, 9001)])
        let first = try write(&recorder)
        #expect(first.isMoreLeft)
        #expect(first.told.map(\.number) == [1])
        let second = try write(&recorder)
        #expect(!second.isMoreLeft)
        #expect(second.told.map(\.tick) == [36000, 36004])
        #expect(second.header.feedbackCount == 1)
    }

    @Test func `a jump beyond the memory begins anew`() throws {
        var recorder = recorder([(1, 64), (2049, 65)])
        #expect(try write(&recorder).told.map(\.number) == [2049])
        recorder.record(sequenceNumber: 1, at: Instant(nanoseconds: 66_000_000))
        #expect(try write(&recorder).told.map(\.number) == [1])
    }

    @Test func `only the last 2048 numbers are remembered`() throws {
        var recorder = recorder((0..<5000).map { (UInt16($0), 1) })
        let feedback = try write(&recorder, room: 4000)
        #expect(feedback.header.baseSequenceNumber == 5000 - 2048)
        #expect(feedback.told.count == 2048)
        #expect(!feedback.isMoreLeft)
    }

    @Test func `nothing is written without room or news`() {
        var recorder = recorder([(1, 64)])
        var isMoreLeft = false
        let bytes = written(capacity: 63) { isMoreLeft = recorder.writeFeedback(into: &$0) }
        #expect(bytes.isEmpty && isMoreLeft)
        var empty = self.recorder([])
        #expect(!empty.hasReport)
        let nothing = written { isMoreLeft = empty.writeFeedback(into: &$0) }
        #expect(nothing.isEmpty && !isMoreLeft)
    }

    /// Loss, reordering, gaps, pauses and rooms at random: every arrival must be told, to the unit, and
    /// nothing else.
    @Test(arguments: Fixtures.seeds)
    func `what is read is what was recorded`(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var recorder = TransportFeedbackRecorder(senderSSRC: 1, mediaSSRC: 2)
        var arrived: [Int64: Int64] = [:]
        var told: [Int64: Int64?] = [:]
        let loss = Double.random(in: 0...0.5, using: &generator)
        var next = Int64.random(in: 65536...131071, using: &generator)
        var now = Int64.random(in: 0...1_000_000_000_000, using: &generator)
        var delayed: [Int64] = []
        var expectedCount: UInt8 = 0
        var highest = next

        for _ in 0..<200 {
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                now += Int64.random(in: 0...3_000_000, using: &generator)
                if Int.random(in: 0..<200, using: &generator) == 0 {
                    now += Int64.random(in: 0...20_000_000_000, using: &generator)
                }
                if Int.random(in: 0..<50, using: &generator) == 0 {
                    next += Int64.random(in: 1...30, using: &generator)
                }
                var number = next
                next += 1
                if Double.random(in: 0..<1, using: &generator) < loss { continue }
                if Int.random(in: 0..<10, using: &generator) == 0 {
                    delayed.append(number)
                    guard delayed.count > 3 else { continue }
                    number = delayed.remove(at: Int.random(in: delayed.indices, using: &generator))
                }
                // Older than this may be forgotten; the first packet begins the memory.
                guard highest - number < 1500 else { continue }
                highest = max(highest, number)
                recorder.record(
                    sequenceNumber: UInt16(truncatingIfNeeded: number), at: Instant(nanoseconds: now))
                if arrived[number] == nil { arrived[number] = now / 250_000 }
            }
            while recorder.hasReport {
                let room = Int.random(in: TransportFeedbackRecorder.minimumRoom...1200, using: &generator)
                let feedback = try write(&recorder, room: room)
                #expect(feedback.isMoreLeft == recorder.hasReport)
                #expect(feedback.header.feedbackCount == expectedCount)
                expectedCount &+= 1
                for (number, tick) in feedback.told {
                    let distance = Int16(bitPattern: number &- UInt16(truncatingIfNeeded: highest))
                    told[highest + Int64(distance)] = .some(tick)
                }
            }
        }
        let first = try #require(arrived.keys.min())
        let last = try #require(arrived.keys.max())
        #expect(told.keys.min() == first)
        #expect(told.keys.max() == last)
        let wrong = (first...last).filter { told[$0] != .some(arrived[$0]) }
        #expect(wrong == [])
    }
}
