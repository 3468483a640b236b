import Peering
import Wire

/// How fast bytes go over a session's wire: means over the last five seconds, which is how the budget of a weak link is
/// stated.
struct WireMeter {
    private struct Sample {
        var at = Instant(nanoseconds: 0)
        var sent: UInt64 = 0
        var received: UInt64 = 0
    }

    /// Means and the highest of them, in bits per second.
    struct Rate {
        fileprivate(set) var mean = 0
        fileprivate(set) var peak = 0

        fileprivate mutating func take(bytes: UInt64, in seconds: Double, isWhole: Bool) {
            mean = Int(Double(bytes) * 8 / seconds)
            if isWhole { peak = max(peak, mean) }
        }
    }

    private static let interval = Duration.seconds(1)
    /// From the first sample to the last there are five intervals.
    private static let window = 6

    /// A ring; the latest is at `(count - 1) % window`.
    private var samples = InlineArray<6, Sample>(repeating: Sample())
    private var count = 0
    /// What `NodeCounters` knows of.
    private var counted = WireTraffic()
    private(set) var sent = Rate()
    private(set) var received = Rate()

    /// When `sample` wants to be called; nil before the first time.
    var deadline: Instant? {
        count == 0 ? nil : samples[(count - 1) % Self.window].at + Self.interval
    }

    /// Takes a reading of the counters.
    mutating func sample(_ traffic: WireTraffic, at now: Instant) {
        samples[count % Self.window] = Sample(
            at: now, sent: traffic.sent.bytes, received: traffic.received.bytes)
        count += 1
        let isWhole = count >= Self.window
        let first = samples[isWhole ? count % Self.window : 0]
        guard now > first.at else { return }
        let seconds = (now - first.at).inSeconds
        sent.take(bytes: traffic.sent.bytes - first.sent, in: seconds, isWhole: isWhole)
        received.take(bytes: traffic.received.bytes - first.received, in: seconds, isWhole: isWhole)
    }

    /// What was sent and received since this was called before.
    mutating func takeUncounted(_ traffic: WireTraffic) -> (sent: UInt64, received: UInt64) {
        defer { counted = traffic }
        return (
            traffic.sent.bytes - counted.sent.bytes, traffic.received.bytes - counted.received.bytes
        )
    }
}
