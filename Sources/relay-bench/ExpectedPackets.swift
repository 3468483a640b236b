import SDP

/// Counts what watchers should have received: what their publisher has sent of the stream that they were given.
///
/// While a watcher is switched from one layer to another, and where its content does not tell which it has, its own
/// sequence numbers are believed instead. It is only about those who are there from the first sample to the last:
/// what is on the way when somebody comes or goes would be counted twice or not at all.
struct ExpectedPackets {
    private struct Tally {
        var expected = 0
        /// What was received, or lost by sequence numbers.
        var seen = 0
    }

    private var tallies: [TrafficSample.Key: Tally]
    private var last: TrafficSample

    init(from sample: TrafficSample) {
        tallies = sample.receivers.mapValues { _ in Tally() }
        last = sample
    }

    var expected: Int { tallies.values.reduce(0) { $0 + $1.expected } }

    /// What those received, or lost by sequence numbers, whom `expected` is about.
    var accounted: Int { tallies.values.reduce(0) { $0 + $1.seen } }

    /// Adds what lies between the last sample and this one.
    mutating func advance(to sample: TrafficSample) {
        defer { last = sample }
        for key in Array(tallies.keys) {
            guard var tally = tallies[key], let before = last.receivers[key], let now = sample.receivers[key]
            else {
                tallies[key] = nil
                continue
            }
            for kind in [MediaKind.audio, .video] {
                let old = before.flows.first { $0.kind == kind }
                let new = now.flows.first { $0.kind == kind }
                let seen =
                    (new.map { $0.received + $0.lost } ?? 0) - (old.map { $0.received + $0.lost } ?? 0)
                tally.seen += seen
                tally.expected += sent(to: now.publisher, kind, from: old, to: new, in: sample) ?? seen
            }
            tallies[key] = tally
        }
    }

    /// What was sent between the samples of the stream that a watcher is given; nil if that is not known.
    private func sent(
        to publisher: Int, _ kind: MediaKind, from old: TrafficSample.Flow?, to new: TrafficSample.Flow?,
        in sample: TrafficSample
    ) -> Int? {
        let candidates = sample.sent.filter { $0.value.publisher == publisher && $0.value.kind == kind }
        let ssrc: UInt32
        if candidates.count == 1, let only = candidates.first {
            ssrc = only.key
        } else if let source = new?.source, old?.source == nil || old?.source == source {
            ssrc = source
        } else {
            return nil
        }
        guard let now = sample.sent[ssrc], let before = last.sent[ssrc] else { return nil }
        return now.packets - before.packets
    }
}
