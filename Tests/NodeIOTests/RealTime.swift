@testable import NodeIO

/// A thread of their own for tests of what runs on the real clock: while tests that compute keep the shared threads busy,
/// one that waits there for its turn would find its sessions timed out.
@globalActor
actor RealTime {
    static let shared = RealTime()

    private let loop: EventLoop?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop?.asUnownedSerialExecutor() ?? MainActor.sharedUnownedExecutor
    }

    private init() {
        loop = try? EventLoop(name: "test")
        try? loop?.start(EventLoop.Handlers(readable: { _ in }, idle: { nil }))
    }
}
