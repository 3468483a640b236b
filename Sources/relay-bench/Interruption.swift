import Dispatch
import Glibc

/// Turns SIGINT and SIGTERM into a call, so that a command can end in order, until it is ended itself.
struct Interruption {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter act: called on another thread, at every signal.
    init(_ act: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: act)
            source.resume()
            return source
        }
    }

    func end() {
        for source in sources { source.cancel() }
    }
}
