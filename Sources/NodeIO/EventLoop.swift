import CLinux
import Glibc
import Synchronization
import Wire

/// A thread of its own that waits on epoll and runs an actor's jobs: the executor of one worker.
///
/// Everything that the actor owns is touched by this thread alone. Others reach it by `await`; the thread itself calls
/// into the actor with `assumeIsolated` when a socket is readable or a deadline has come.
package final class EventLoop: SerialExecutor, @unchecked Sendable {
    /// What the loop calls on its own thread.
    package struct Handlers: Sendable {
        /// The socket that was added with this tag has datagrams.
        let readable: @Sendable (_ tag: UInt64) -> Void
        /// Jobs have run or time has passed; returns how long to wait at most, nil for as long as nothing happens.
        let idle: @Sendable () -> Duration?

        package init(
            readable: @escaping @Sendable (_ tag: UInt64) -> Void, idle: @escaping @Sendable () -> Duration?
        ) {
            self.readable = readable
            self.idle = idle
        }
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var isStopping = false
        var hasEnded = false
        /// Whether somebody runs jobs in place of the thread that has ended.
        var isRunningLate = false
        var thread: pthread_t?
    }

    private static let wakeTag = UInt64.max

    private let state = Mutex(State())
    private let epoll: Int32
    private let wakeUp: Int32
    private let name: String
    private let isPreferred: Bool

    /// - Parameters:
    ///   - name: of the thread.
    ///   - isPreferred: whether the thread goes before others when it has become ready: it runs for a fraction of a millisecond, and
    ///     what it does must not wait for who computes; see `ThreadPriority`.
    package init(name: String, isPreferred: Bool = false) throws(RelayError) {
        self.name = name
        self.isPreferred = isPreferred
        epoll = smartc_epoll_create()
        wakeUp = smartc_eventfd_create()
        guard epoll >= 0, wakeUp >= 0, smartc_epoll_add_readable(epoll, wakeUp, Self.wakeTag) == 0 else {
            throw .system("epoll", errno)
        }
    }

    deinit {
        close(epoll)
        close(wakeUp)
    }

    // MARK: - Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        // The runtime does not retain an executor, and the job may be the last that needs this one.
        let loop = unsafe Unmanaged.passRetained(self)
        defer { unsafe loop.release() }
        let (isFirst, isLate) = state.withLock { state in
            state.jobs.append(unowned)
            return (state.jobs.count == 1, state.hasEnded)
        }
        if isLate {
            runLate()
        } else if isFirst {
            smartc_eventfd_signal(wakeUp)
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        let isOwn = state.withLock { state in
            state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
        }
        precondition(isOwn, "a worker is only touched by its own thread")
    }

    // MARK: - The thread

    /// Watches a socket until it is closed.
    ///
    /// - Parameter tag: what `readable` is called with; any number but the highest.
    package func add(_ descriptor: Int32, tag: UInt64) throws(RelayError) {
        guard smartc_epoll_add_readable(epoll, descriptor, tag) == 0 else { throw .system("epoll", errno) }
    }

    /// Starts the thread. The loop keeps itself alive until it is stopped.
    package func start(_ handlers: Handlers) throws(RelayError) {
        let context = unsafe Unmanaged.passRetained(Start(loop: self, handlers: handlers))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { raw in
                if let raw = unsafe raw {
                    let start = unsafe Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                    start.loop.run(start.handlers)
                }
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            unsafe context.release()
            throw .system("pthread_create", status)
        }
        pthread_detach(thread)
    }

    /// Lets the thread look for what is to be done.
    package func wake() {
        smartc_eventfd_signal(wakeUp)
    }

    /// Ends the thread after the jobs that are waiting.
    package func stop() {
        state.withLock { $0.isStopping = true }
        smartc_eventfd_signal(wakeUp)
    }

    /// What the new thread is handed.
    private final class Start {
        let loop: EventLoop
        let handlers: Handlers

        init(loop: EventLoop, handlers: Handlers) {
            self.loop = loop
            self.handlers = handlers
        }
    }

    private func run(_ handlers: Handlers) {
        state.withLock { $0.thread = pthread_self() }
        unsafe smartc_name_thread(name)
        if isPreferred { _ = ThreadPriority.raise() }
        var tags = [UInt64](repeating: 0, count: 16)
        var wait = handlers.idle()
        while true {
            // Rounded up: a wake-up before the deadline would be for nothing.
            let milliseconds =
                wait.map { Int32(clamping: max(0, ($0.nanoseconds + 999_999) / 1_000_000)) } ?? -1
            let count = unsafe smartc_epoll_wait(epoll, &tags, Int32(tags.count), milliseconds)
            for index in 0..<max(0, Int(count)) {
                if tags[index] == Self.wakeTag {
                    smartc_eventfd_clear(wakeUp)
                } else {
                    handlers.readable(tags[index])
                }
            }
            let (jobs, hasEnded) = state.withLock { state in
                let jobs = state.jobs
                state.jobs.removeAll(keepingCapacity: true)
                state.hasEnded = state.isStopping && jobs.isEmpty
                return (jobs, state.hasEnded)
            }
            for job in jobs {
                unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            }
            if hasEnded { return }
            wait = handlers.idle()
        }
    }

    /// Runs the jobs that came after the thread's end, one at a time on the threads of those who bring them: who asks
    /// a stopped worker gets an answer instead of waiting for ever.
    private func runLate() {
        while true {
            let job: UnownedJob? = state.withLock { state in
                guard !state.isRunningLate, !state.jobs.isEmpty else { return nil }
                state.isRunningLate = true
                return state.jobs.removeFirst()
            }
            guard let job else { return }
            unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            state.withLock { $0.isRunningLate = false }
        }
    }
}
