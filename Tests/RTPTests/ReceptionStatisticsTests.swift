import Testing
import Wire

@testable import RTP

@Suite struct ReceptionStatisticsTests {
    private func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    private func statistics(_ numbers: [UInt16]) -> ReceptionStatistics {
        var statistics = ReceptionStatistics()
        for number in numbers {
            statistics.receive(sequenceNumber: number, timestamp: 0, clockRate: 90000, at: at(0))
        }
        return statistics
    }

    @Test func `nothing received is reported as zeros`() {
        var statistics = ReceptionStatistics()
        #expect(
            statistics.reportBlock(ssrc: 7, at: at(5))
                == ReportBlock(
                    ssrc: 7, fractionLost: 0, cumulativeLost: 0, extendedHighestSequenceNumber: 0, jitter: 0,
                    lastSenderReport: 0, delaySinceLastSenderReport: 0))
    }

    @Test func `the fraction lost is since the last report, the number since the beginning`() {
        var statistics = statistics([1, 2, 4])
        let first = statistics.reportBlock(ssrc: 7, at: at(0))
        #expect(first.fractionLost == 64)
        #expect(first.cumulativeLost == 1)
        #expect(first.extendedHighestSequenceNumber == 4)
        for number in [5, 8] as [UInt16] {
            statistics.receive(sequenceNumber: number, timestamp: 0, clockRate: 90000, at: at(0))
        }
        let second = statistics.reportBlock(ssrc: 7, at: at(0))
        #expect(second.fractionLost == 128)
        #expect(second.cumulativeLost == 3)
        let third = statistics.reportBlock(ssrc: 7, at: at(0))
        #expect(third.fractionLost == 0)
        #expect(third.cumulativeLost == 3)
    }

    @Test func `duplicates make the loss negative and the fraction zero`() {
        var statistics = statistics([1, 2, 2, 2])
        let block = statistics.reportBlock(ssrc: 7, at: at(0))
        #expect(block.cumulativeLost == -2)
        #expect(block.fractionLost == 0)
    }

    @Test func `wraps are counted`() {
        var statistics = statistics([65534, 65535, 0, 1])
        let block = statistics.reportBlock(ssrc: 7, at: at(0))
        #expect(block.extendedHighestSequenceNumber == 0x1_0001)
        #expect(block.cumulativeLost == 0)
    }

    @Test func `a stray packet is ignored and two in a row begin anew`() {
        var statistics = statistics([100, 101, 30000, 102])
        #expect(statistics.reportBlock(ssrc: 7, at: at(0)).extendedHighestSequenceNumber == 102)
        for number in [30000, 30001] as [UInt16] {
            statistics.receive(sequenceNumber: number, timestamp: 0, clockRate: 90000, at: at(0))
        }
        let block = statistics.reportBlock(ssrc: 7, at: at(0))
        #expect(block.extendedHighestSequenceNumber == 30001)
        #expect(block.cumulativeLost == 0)
    }

    @Test func `jitter follows the formula of the RFC`() {
        var statistics = ReceptionStatistics()
        // Sent every 20 ms; arriving late and in time by turns: differences of 0, 1800, 1800, 1800 and 1800.
        for (index, milliseconds) in [0, 20, 60, 60, 100, 100].enumerated() {
            statistics.receive(
                sequenceNumber: UInt16(index), timestamp: UInt32(index) * 1800, clockRate: 90000,
                at: at(Int64(milliseconds)))
        }
        // In sixteenths 0, 1800, 3600 - 113 = 3487, 5287 - 218 = 5069, 6869 - 317 = 6552.
        #expect(statistics.reportBlock(ssrc: 7, at: at(100)).jitter == 409)
    }

    @Test func `a new timeline is no jitter`() {
        var statistics = ReceptionStatistics()
        statistics.receive(sequenceNumber: 1, timestamp: 0, clockRate: 90000, at: at(0))
        statistics.receive(sequenceNumber: 2, timestamp: 0x8000_0000, clockRate: 90000, at: at(10))
        statistics.receive(sequenceNumber: 3, timestamp: 0x8000_0384, clockRate: 90000, at: at(20))
        #expect(statistics.reportBlock(ssrc: 7, at: at(20)).jitter == 0)
    }

    @Test func `the last sender report and its age are told`() {
        var statistics = statistics([1])
        statistics.senderReport(ntp: 0x1122_3344_5566_7788, at: at(1000))
        let block = statistics.reportBlock(ssrc: 7, at: at(1500))
        #expect(block.lastSenderReport == 0x3344_5566)
        #expect(block.delaySinceLastSenderReport == 0x8000)
    }

    @Test func `time and clock rates at their limits do not trap`() {
        var statistics = ReceptionStatistics()
        for nanoseconds in [Int64.max, .min, 0] {
            statistics.receive(
                sequenceNumber: 1, timestamp: .max, clockRate: .max, at: Instant(nanoseconds: nanoseconds))
            statistics.receive(
                sequenceNumber: 2, timestamp: 0, clockRate: 0, at: Instant(nanoseconds: nanoseconds))
        }
        #expect(statistics.reportBlock(ssrc: 7, at: at(0)).cumulativeLost == -4)
    }
}
