import Endpoint
import Wire

/// Times as percentiles: `p50`, `p95`, `p99` and `max`, those that are known.
struct Milliseconds: Encodable {
    private static let shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)]

    private var values: [String: Double] = [:]

    init() {}

    init(_ histogram: LatencyHistogram) {
        guard histogram.count > 0 else { return }
        for (name, share) in Self.shares { values[name] = histogram.percentile(share).inSeconds * 1000 }
        values["max"] = histogram.maximum.inSeconds * 1000
    }

    init(_ durations: [Duration]) {
        let sorted = durations.sorted()
        guard let last = sorted.last else { return }
        for (name, share) in Self.shares {
            values[name] =
                sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))].inSeconds * 1000
        }
        values["max"] = last.inSeconds * 1000
    }

    func encode(to encoder: any Encoder) throws { try values.encode(to: encoder) }

    func text(_ names: [String]) -> String {
        names.map { values[$0].map { decimal($0, 2) } ?? "-" }.joined(separator: " / ") + " ms"
    }
}
