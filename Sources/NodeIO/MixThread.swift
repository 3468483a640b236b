import CLinux
import Mixing
import Wire

/// Orders to a thread of mixes and reports from it. A packet that finds too many waiting, a second of six voices in some seven rooms, is
/// dropped, and bridged as a lost one is. Packets are fetched with the next step, which nobody has to be woken for.
typealias MixMailbox = Mailbox<MixOrder, MixReport>

extension MixMailbox {
    convenience init(wakeWorker: @escaping @Sendable () -> Void) {
        self.init(
            MediaPolicy(limit: 2000, wakes: false) { order in
                if case .packet = order { .forgotten } else { nil }
            }, wakeWorker: wakeWorker)
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
