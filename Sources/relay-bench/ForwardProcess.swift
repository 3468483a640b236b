import FoundationEssentials
import Glibc
import NodeIO
import SystemPackage
import Wire

/// A program that runs beside this one, with its output in files.
struct ForwardProcess {
    enum Failure: Error, CustomStringConvertible {
        case notStarted(program: String, reason: String)

        var description: String {
            switch self {
            case .notStarted(let program, let reason): "\(program) cannot be started: \(reason)"
            }
        }
    }

    /// How a program ended.
    enum Ending: Equatable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        var description: String {
            switch self {
            case .exited(let code): "exited with \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            }
        }
    }

    let pid: Int32
    private(set) var ending: Ending?

    /// Starts a program, whose standard streams go to two files that are made anew.
    ///
    /// - Parameter arguments: the program's path or its name on PATH, and what it is given.
    init(_ arguments: [String], output: String, errors: String) throws(Failure) {
        let program = arguments.first ?? ""
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // What this process ignores, the other one should not.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGPIPE] { unsafe sigaddset(&signals, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, 0o644)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, flags, 0o644)
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
    mutating func isRunning() -> Bool {
        guard ending == nil else { return false }
        var status: Int32 = 0
        guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return true }
        let signal = status & 0x7F
        ending = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
        return false
    }

    /// Asks it to end and, if it does not within the limit, ends it.
    mutating func end(within limit: Duration) async {
        guard isRunning() else { return }
        kill(pid, SIGTERM)
        let deadline = MonotonicClock.now() + limit
        while isRunning() {
            if MonotonicClock.now() >= deadline { kill(pid, SIGKILL) }
            // Goes on when the task is cancelled: nothing may be left behind.
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: - This process

    /// Lets this process and those that it starts open as many files as the system allows: every endpoint is a socket.
    static func raiseFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
