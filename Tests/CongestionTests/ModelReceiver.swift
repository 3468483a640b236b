import Congestion
import RTP
import Wire

/// A browser at the far end: genuine transport-wide feedback, and requests for what is missing.
struct ModelReceiver {
    /// Far from the sender's clock.
    static let clockOffset = Duration.seconds(5000)

    private let interval: Duration
    private var recorder = TransportFeedbackRecorder(senderSSRC: 1, mediaSSRC: 2)
    private var nextFeedback: Instant
    private var expected: UInt32?
    private(set) var missing: [UInt32] = []

    init(interval: Duration, start: Instant) {
        self.interval = interval
        nextFeedback = start + interval
    }

    mutating func receive(_ packet: ModelPacket, at now: Instant) {
        recorder.record(sequenceNumber: packet.transportNumber, at: now + Self.clockOffset)
        guard packet.kind == .video else { return }
        let next = expected ?? packet.number
        if packet.number >= next {
            for number in next..<packet.number where packet.number - number < 200 { missing.append(number) }
            expected = packet.number + 1
        }
    }

    /// RTCP compounds and requests to send back, if it is time.
    mutating func feedback(at now: Instant) -> (compounds: [[UInt8]], requests: [UInt32]) {
        guard now >= nextFeedback else { return ([], []) }
        nextFeedback = nextFeedback + interval
        var compounds: [[UInt8]] = []
        while recorder.hasReport, compounds.count < 4 {
            compounds.append(
                [UInt8](capacity: 1200) { output in
                    _ = recorder.writeFeedback(into: &output)
                })
        }
        defer { missing.removeAll() }
        return (compounds, missing)
    }
}
