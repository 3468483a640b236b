internal import HTTPTypes
internal import NodeCore
internal import Synchronization

/// Counts requests by method, route and status, and the event streams that are open. The labels have a fixed set of values, whatever clients send.
final class RequestCounters: Sendable {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private let counts = Mutex<[Key: Int]>([:])
    private let openStreams = Atomic(0)

    private static let methods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .patch, .delete, .options,
    ]

    /// Counts one request. `route` is nil when no route has its path.
    func count(_ method: HTTPRequest.Method, _ route: Route?, _ status: HTTPResponse.Status) {
        let key = Key(
            method: Self.methods.contains(method) ? method.rawValue : "other",
            route: route?.template ?? "unknown",
            status: status.code)
        counts.withLock { $0[key, default: 0] += 1 }
    }

    /// Notes that an event stream was opened (1) or has ended (-1).
    func countStream(_ change: Int) { openStreams.wrappingAdd(change, ordering: .relaxed) }

    /// The counts in a fixed order.
    var families: [MetricFamily] {
        let samples = counts.withLock { $0 }
            .sorted {
                ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
            }
            .map { key, count in
                MetricFamily.Sample(
                    labels: [("method", key.method), ("route", key.route), ("status", String(key.status))],
                    value: Double(count))
            }
        return [
            MetricFamily(
                name: "smartc_http_requests_total", help: "HTTP requests answered.", kind: .counter,
                samples: samples),
            MetricFamily(
                name: "smartc_http_event_streams", help: "Event streams that are open.", kind: .gauge,
                samples: [.init(value: Double(openStreams.load(ordering: .relaxed)))]),
        ]
    }
}
