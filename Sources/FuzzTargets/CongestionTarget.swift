import Congestion
import RTP
import Wire

/// Feedback about packets that were sent: the first byte says how many (in sixteens), the second after how many
/// milliseconds the reports come, and the rest is one RTCP compound after the other, each behind a byte that says how
/// many words it has.
enum CongestionTarget {
    static func run(_ input: Span<UInt8>) {
        guard input.count >= 2 else { return }
        let limits = BandwidthEstimator.Limits()
        var downlink = Downlink(limits: limits)
        var now = Instant(nanoseconds: 1_000_000_000)
        for number in 0..<Int(input[0]) * 16 {
            now = now + .microseconds(700)
            let kind = PacketKind.allCases[number % PacketKind.allCases.count]
            downlink.advance(to: now, isQueueEmpty: number % 3 > 0)
            _ = downlink.sent(bytes: 200 + number % 1000, kind: kind, at: now)
        }
        var offset = 2
        while offset < input.count {
            now = now + .milliseconds(Int(input[1]))
            let end = min(offset + 1 + Int(input[offset]) * 4, input.count)
            read(input.extracting(offset + 1..<end), into: &downlink, at: now)
            downlink.advance(to: now, isQueueEmpty: offset % 3 > 0)
            _ = downlink.sent(bytes: 1000, kind: .video, at: now)
            let estimate = downlink.bitsPerSecond
            precondition(
                estimate >= limits.floor && estimate <= limits.ceiling, "an estimate stays within its limits")
            let video = downlink.videoBitsPerSecond(at: now)
            precondition(video >= 0 && video <= estimate, "video is a part of all")
            offset = end
        }
    }

    private static func read(_ compound: Span<UInt8>, into downlink: inout Downlink, at now: Instant) {
        var reports: [TransportFeedbackHeader] = []
        var advice: [UInt64] = []
        _ = RTCPReader.forEachPacket(in: compound) { packet in
            switch packet {
            case .transportFeedback(let report): reports.append(report)
            case .receiverEstimatedMaximumBitrate(let estimate): advice.append(estimate.bitsPerSecond)
            case .senderReport, .receiverReport, .sourceDescription, .goodbye, .nack, .lossIndication,
                .pictureLossIndication, .fullIntraRequest, .extendedReport, .other:
                break
            }
        }
        for bitsPerSecond in advice { downlink.receive(remb: bitsPerSecond, at: now) }
        for report in reports { downlink.receive(report, in: compound, at: now) }
    }
}
