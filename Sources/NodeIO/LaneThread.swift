import CLinux
import Synchronization
import Transcoding
import Wire

/// Orders to a thread of lanes and reports from it, the one place where it and its worker meet.
///
/// Frames that wait are bounded: beyond, new ones are dropped and the source is told as damaged, so that it goes on with a key
/// frame. Other orders are few, and each is kept. Reports are bounded by the orders that they answer.
final class LaneMailbox: Sendable {
    private static let frameLimit = 60

    private struct Content {
        var orders: [LaneOrder] = []
        var reports: [LaneReport] = []
        var frames = 0
        var droppedFrames: UInt64 = 0
    }

    private let content = Mutex(Content())
    private let wakeWorker: @Sendable () -> Void
    private let wakeLanes = Mutex<(@Sendable () -> Void)?>(nil)

    init(wakeWorker: @escaping @Sendable () -> Void) {
        self.wakeWorker = wakeWorker
    }

    func onOrders(_ wake: @escaping @Sendable () -> Void) {
        wakeLanes.withLock { $0 = wake }
    }

    /// The worker's side: hands orders over.
    func post(_ orders: [LaneOrder]) {
        guard !orders.isEmpty else { return }
        let hasDropped = content.withLock { content in
            var hasDropped = false
            for order in orders {
                if case .frame(let source, _, _) = order {
                    guard content.frames < Self.frameLimit else {
                        content.reports.append(.damaged(source: source))
                        content.droppedFrames += 1
                        hasDropped = true
                        continue
                    }
                    content.frames += 1
                }
                content.orders.append(order)
            }
            return hasDropped
        }
        if hasDropped { wakeWorker() }
        wakeLanes.withLock { $0 }?()
    }

    /// The worker's side: what has been told since the last call.
    func takeReports() -> [LaneReport] {
        content.withLock { content in
            guard !content.reports.isEmpty else { return [] }
            let reports = content.reports
            content.reports.removeAll(keepingCapacity: true)
            return reports
        }
    }

    /// Frames that were dropped because too many waited.
    var droppedFrames: UInt64 { content.withLock { $0.droppedFrames } }

    /// The lanes' side: the next order.
    func takeOrder() -> LaneOrder? {
        content.withLock { content in
            guard !content.orders.isEmpty else { return nil }
            let order = content.orders.removeFirst()
            if case .frame = order { content.frames -= 1 }
            return order
        }
    }

    /// The lanes' side.
    func tell(_ report: LaneReport) {
        let isFirst = content.withLock { content in
            content.reports.append(report)
            return content.reports.count == 1
        }
        if isFirst { wakeWorker() }
    }
}

/// A thread that decodes and encodes for one worker, at a lower priority than the worker's own: under overload lanes give way,
/// forwarding does not.
actor LaneThread {
    /// How much lower: nice 10 gets about a tenth of a core that a worker wants, too.
    private static let niceness: Int32 = 10

    private let loop: EventLoop
    private nonisolated let mailbox: LaneMailbox
    private var runner = LaneRunner()
    private var isLowered = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Nothing runs before `start`.
    init(number: Int, _ mailbox: LaneMailbox) throws(RelayError) {
        loop = try EventLoop(name: "lane-\(number)")
        self.mailbox = mailbox
    }

    nonisolated func start() throws(RelayError) {
        let loop = loop
        mailbox.onOrders { loop.wake() }
        try loop.start(
            EventLoop.Handlers(readable: { _ in }, idle: { self.assumeIsolated { $0.turn() } }))
    }

    nonisolated func stop() {
        loop.stop()
    }

    private func turn() -> Duration? {
        if !isLowered {
            isLowered = true
            smartc_lower_priority(Self.niceness)
        }
        while let order = mailbox.takeOrder() {
            runner.run(order, clock: { MonotonicClock.now() }) { mailbox.tell($0) }
        }
        return nil
    }
}
