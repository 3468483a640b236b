import CLinux
import Mixing
import Synchronization
import Wire

/// Orders to a thread of mixes and reports from it, the one place where it and its worker meet.
///
/// Packets that wait are bounded: beyond, new ones are dropped, and bridged as lost ones are. Other orders are few, and each is kept.
/// Reports are bounded by time: a mix makes one packet in 20 ms at most.
final class MixMailbox: Sendable {
    /// A second of six voices in some seven rooms.
    private static let packetLimit = 2000

    private struct Content {
        var orders: [MixOrder] = []
        var reports: [MixReport] = []
        var packets = 0
        var droppedPackets: UInt64 = 0
    }

    private let content = Mutex(Content())
    private let wakeWorker: @Sendable () -> Void
    private let wakeMixes = Mutex<(@Sendable () -> Void)?>(nil)

    init(wakeWorker: @escaping @Sendable () -> Void) {
        self.wakeWorker = wakeWorker
    }

    func onOrders(_ wake: @escaping @Sendable () -> Void) {
        wakeMixes.withLock { $0 = wake }
    }

    /// The worker's side: hands orders over. Packets are fetched with the next step; other orders are carried out at once.
    func post(_ orders: [MixOrder]) {
        guard !orders.isEmpty else { return }
        let isUrgent = content.withLock { content in
            var isUrgent = false
            for order in orders {
                if case .packet = order {
                    guard content.packets < Self.packetLimit else {
                        content.droppedPackets += 1
                        continue
                    }
                    content.packets += 1
                } else {
                    isUrgent = true
                }
                content.orders.append(order)
            }
            return isUrgent
        }
        if isUrgent { wakeMixes.withLock { $0 }?() }
    }

    /// The worker's side: what has been told since the last call.
    func takeReports() -> [MixReport] {
        content.withLock { content in
            guard !content.reports.isEmpty else { return [] }
            let reports = content.reports
            content.reports.removeAll(keepingCapacity: true)
            return reports
        }
    }

    /// Packets that were dropped because too many waited.
    var droppedPackets: UInt64 { content.withLock { $0.droppedPackets } }

    /// The mixes' side: all orders that wait.
    func takeOrders() -> [MixOrder] {
        content.withLock { content in
            guard !content.orders.isEmpty else { return [] }
            let orders = content.orders
            content.orders.removeAll(keepingCapacity: true)
            content.packets = 0
            return orders
        }
    }

    /// The mixes' side.
    func tell(_ reports: [MixReport]) {
        guard !reports.isEmpty else { return }
        content.withLock { $0.reports += reports }
        wakeWorker()
    }
}

/// A thread that mixes for one worker. It is no lane's thread, so that a picture that takes long to encode delays no sound; and its
/// priority is lower than the worker's own, higher than the lanes'.
actor MixThread {
    /// How much lower: nice 5 gets about a quarter of a core that a worker wants, too.
    private static let niceness: Int32 = 5

    private let loop: EventLoop
    private nonisolated let mailbox: MixMailbox
    private var runner = MixRunner()
    private var reports: [MixReport] = []
    private var isLowered = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Nothing runs before `start`.
    init(number: Int, _ mailbox: MixMailbox) throws(RelayError) {
        loop = try EventLoop(name: "mix-\(number)")
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
        let now = MonotonicClock.now()
        for order in mailbox.takeOrders() { runner.run(order, at: now) { reports.append($0) } }
        runner.advance(to: now, clock: { MonotonicClock.now() }) { reports.append($0) }
        mailbox.tell(reports)
        reports.removeAll(keepingCapacity: true)
        return runner.deadline.map { max($0 - MonotonicClock.now(), .zero) }
    }
}
