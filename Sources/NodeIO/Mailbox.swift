import Synchronization

/// Orders of a worker to a thread of codecs and reports from it, the one place where the two meet.
///
/// Orders that bring media are bounded: beyond, new ones are dropped. Other orders are few, and each is kept. Reports are bounded by
/// what they answer.
final class Mailbox<Order: Sendable, Report: Sendable>: Sendable {
    /// What is done with orders that bring media.
    struct MediaPolicy: Sendable {
        /// So many may wait.
        let limit: Int
        /// Whether the thread is woken for them, and not only for others.
        let wakes: Bool
        /// Nil for an order that brings none.
        let fate: @Sendable (Order) -> Fate?
    }

    /// What becomes of an order that brings media and cannot be kept.
    enum Fate {
        /// It is dropped without a word.
        case forgotten
        /// The worker is told so.
        case told(Report)
    }

    private struct Content {
        var orders: [Order] = []
        var reports: [Report] = []
        var media = 0
        var dropped: UInt64 = 0
    }

    private let policy: MediaPolicy
    private let content = Mutex(Content())
    private let wakeWorker: @Sendable () -> Void
    private let wakeThread = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ policy: MediaPolicy, wakeWorker: @escaping @Sendable () -> Void) {
        self.policy = policy
        self.wakeWorker = wakeWorker
    }

    func onOrders(_ wake: @escaping @Sendable () -> Void) {
        wakeThread.withLock { $0 = wake }
    }

    // MARK: - The worker's side

    func post(_ orders: [Order]) {
        guard !orders.isEmpty else { return }
        let (isUrgent, hasReports) = content.withLock { content in
            var isUrgent = false
            var hasReports = false
            for order in orders {
                if let fate = policy.fate(order) {
                    guard content.media < policy.limit else {
                        content.dropped += 1
                        if case .told(let report) = fate {
                            content.reports.append(report)
                            hasReports = true
                        }
                        continue
                    }
                    content.media += 1
                    isUrgent = isUrgent || policy.wakes
                } else {
                    isUrgent = true
                }
                content.orders.append(order)
            }
            return (isUrgent, hasReports)
        }
        if hasReports { wakeWorker() }
        if isUrgent { wakeThread.withLock { $0 }?() }
    }

    /// What has been told since the last call.
    func takeReports() -> [Report] {
        content.withLock { content in
            guard !content.reports.isEmpty else { return [] }
            let reports = content.reports
            content.reports.removeAll(keepingCapacity: true)
            return reports
        }
    }

    /// Orders with media that were dropped because too many waited.
    var dropped: UInt64 { content.withLock { $0.dropped } }

    // MARK: - The thread's side

    /// All orders that wait.
    func takeOrders() -> [Order] {
        content.withLock { content in
            guard !content.orders.isEmpty else { return [] }
            let orders = content.orders
            content.orders.removeAll(keepingCapacity: true)
            content.media = 0
            return orders
        }
    }

    /// The next order.
    func takeOrder() -> Order? {
        content.withLock { content in
            guard !content.orders.isEmpty else { return nil }
            let order = content.orders.removeFirst()
            if policy.fate(order) != nil { content.media -= 1 }
            return order
        }
    }

    func tell(_ report: Report) {
        tell([report])
    }

    func tell(_ reports: [Report]) {
        guard !reports.isEmpty else { return }
        let isFirst = content.withLock { content in
            defer { content.reports += reports }
            return content.reports.isEmpty
        }
        if isFirst { wakeWorker() }
    }
}
