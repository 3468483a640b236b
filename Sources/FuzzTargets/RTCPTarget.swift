import RTP
import Wire

/// RTCP with all that is iterated over in its packets.
enum RTCPTarget {
    static func run(_ input: Span<UInt8>) {
        var packets = 0
        let isWhole = RTCPReader.forEachPacket(in: input) { packet in
            packets += 1
            read(packet, in: input)
        }
        precondition(packets <= input.count / 4, "a packet takes four bytes")
        precondition(!isWhole || packets > 0, "a compound has a packet")
    }

    private static func read(_ packet: RTCPPacket, in input: Span<UInt8>) {
        switch packet {
        case .senderReport(_, let reports), .receiverReport(_, let reports):
            for index in 0..<reports.count {
                let block = reports.block(index, in: input)
                let time = NTPTime(
                    rawValue: UInt64(block.extendedHighestSequenceNumber) << 32 | UInt64(block.jitter))
                if let roundTrip = block.roundTrip(at: time) {
                    precondition(roundTrip >= .zero, "no round trip is negative")
                }
            }
        case .transportFeedback(let feedback):
            var results = 0
            let isWhole = feedback.forEachResult(in: input) { _, _ in results += 1 }
            precondition(results == (isWhole ? feedback.statusCount : 0), "all results or none")
        case .nack(let nack), .lossIndication(let nack):
            var numbers = 0
            nack.forEachSequenceNumber(in: input) { _ in numbers += 1 }
            precondition(numbers <= nack.range.count / 4 * 17, "an entry names at most 17 packets")
        case .fullIntraRequest(let request):
            var entries = 0
            request.forEachEntry(in: input) { _, _ in entries += 1 }
            precondition(entries == request.range.count / 8, "an entry takes eight bytes")
        case .receiverEstimatedMaximumBitrate(let estimate):
            var sources = 0
            estimate.forEachSource(in: input) { _ in sources += 1 }
            precondition(sources == estimate.range.count / 4, "a source takes four bytes")
        case .extendedReport(let range):
            RTCPReader.forEachExtendedReportBlock(in: input, range: range) { block in
                guard case .delaySinceLastReference(_, _, let reference, let delay) = block else { return }
                _ = NTPTime.roundTrip(now: NTPTime(rawValue: 0), lastReference: reference, delay: delay)
            }
        case .goodbye(let range, let count):
            precondition(
                range.upperBound <= input.count && range.count == 4 * count, "sources lie in the packet")
        case .sourceDescription, .pictureLossIndication, .other:
            break
        }
    }
}
