import Glibc
import NodeIO
package import SystemPackage
import Wire

/// A program that runs beside this one.
package struct ChildProcess: Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case notStarted(program: String, reason: String)

        package var description: String {
            switch self {
            case .notStarted(let program, let reason): "\(program) cannot be started: \(reason)"
            }
        }
    }

    /// How a program ended.
    package enum Ending: Equatable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        package var description: String {
            switch self {
            case .exited(let code): "exited with \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            }
        }
    }

    /// What a standard stream of the program is.
    package enum Stream: Sendable {
        /// Empty, or thrown away.
        case nothing
        /// A file; for output it is made anew.
        case file(String)
        /// This process's own.
        case inherited
        /// An end of a pipe, which stays open here.
        case descriptor(FileDescriptor)
    }

    package let pid: Int32
    package private(set) var ending: Ending?

    /// Starts a program.
    ///
    /// - Parameter arguments: the program's path or its name on PATH, and what it is given.
    package init(
        _ arguments: [String], input: Stream = .nothing, output: Stream, errors: Stream
    ) throws(Failure) {
        let program = arguments.first ?? ""
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe Self.connect(STDIN_FILENO, input, O_RDONLY, &actions)
        unsafe Self.connect(STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, &actions)
        unsafe Self.connect(STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_TRUNC, &actions)
        // What this process ignores, the other one should not.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGPIPE] { unsafe sigaddset(&signals, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { for index in arguments.indices { unsafe free(vector[index]) } }
        var pid: pid_t = 0
        let status = unsafe posix_spawnp(&pid, program, &actions, &attributes, &vector, environ)
        guard status == 0 else {
            throw .notStarted(program: program, reason: String(describing: Errno(rawValue: status)))
        }
        self.pid = pid
    }

    /// Whether it still runs; if not, `ending` says why.
    package mutating func isRunning() -> Bool {
        ending == nil && !reap(WNOHANG)
    }

    /// Waits until it has ended.
    package mutating func wait() -> Ending {
        while ending == nil { _ = reap(0) }
        return ending ?? .exited(0)
    }

    /// Asks it to end and, if it does not within the limit, ends it.
    package mutating func end(within limit: Duration) async {
        guard isRunning() else { return }
        Glibc.kill(pid, SIGTERM)
        let deadline = MonotonicClock.now() + limit
        while isRunning() {
            if MonotonicClock.now() >= deadline { Glibc.kill(pid, SIGKILL) }
            // Goes on when the task is cancelled: nothing may be left behind.
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends it at once and waits for that.
    package mutating func kill() {
        guard isRunning() else { return }
        Glibc.kill(pid, SIGKILL)
        _ = wait()
    }

    /// Notes how it ended; whether it has.
    private mutating func reap(_ options: Int32) -> Bool {
        var status: Int32 = 0
        let reaped = unsafe waitpid(pid, &status, options)
        guard reaped == pid else {
            // Interrupted by a signal, still running, or nobody's child any more.
            if reaped < 0, errno == ECHILD { ending = .exited(0) }
            return ending != nil
        }
        let signal = status & 0x7F
        ending = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
        return true
    }

    private static func connect(
        _ number: Int32, _ stream: Stream, _ flags: Int32, _ actions: inout posix_spawn_file_actions_t
    ) {
        switch stream {
        case .nothing:
            unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", flags & O_ACCMODE, 0)
        case .file(let path): unsafe posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o644)
        case .inherited: break
        case .descriptor(let descriptor):
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor.rawValue, number)
        }
    }

    // MARK: - This process

    /// Lets this process and those that it starts open as many files as the system allows: every endpoint is a socket.
    package static func raiseFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
