import RTP
import Wire

// Transport-wide feedback about what arrives (draft-holmer-rmcat-transport-wide-cc-extensions-01).
extension Endpoint {
    /// What Chromium does from some 200 kbit/s on.
    private static let feedbackInterval = Duration.milliseconds(50)
    private static let feedbackSize = 1200

    /// Notes a packet of any kind that carries a transport-wide number.
    mutating func noteArrival(_ packet: Span<UInt8>, _ extensions: HeaderExtensionBlock, at now: Instant) {
        guard let id = terms?.arrivalExtension, let data = extensions.range(of: id, in: packet),
            data.count == 2
        else { return }
        arrivals?.record(sequenceNumber: packet.uint16(at: data.lowerBound), at: now)
        if arrivals?.mediaSSRC == 0 { arrivals?.mediaSSRC = packet.uint32(at: 8) }
        nextFeedback = nextFeedback ?? now + Self.feedbackInterval
    }

    /// Tells of what has arrived, some time after the first of it.
    mutating func sendArrivals(at now: Instant, into outbox: inout Outbox) {
        guard let due = nextFeedback, due <= now else { return }
        nextFeedback = nil
        // Taken out while it is written from, so that its memory is not copied.
        guard var recorder = arrivals.take() else { return }
        var hasMore = recorder.hasReport
        while hasMore {
            let feedback = [UInt8](capacity: Self.feedbackSize) { output in
                hasMore = recorder.writeFeedback(into: &output)
            }
            feedbackSent += 1
            sendControl(into: &outbox) { $0.append(copying: feedback.span, 0..<feedback.count) }
        }
        arrivals = recorder
    }
}
