import CLinux
import Transcoding
import Wire

/// Orders to a thread of lanes and reports from it. A frame that finds too many waiting is dropped, and the worker told so, since its
/// source can go on with a key frame only.
typealias LaneMailbox = Mailbox<LaneOrder, LaneReport>

extension LaneMailbox {
    convenience init(wakeWorker: @escaping @Sendable () -> Void) {
        self.init(
            MediaPolicy(limit: 60, wakes: true) { order in
                if case .frame(let source, _, _) = order { .told(.dropped(source: source)) } else { nil }
            }, wakeWorker: wakeWorker)
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
