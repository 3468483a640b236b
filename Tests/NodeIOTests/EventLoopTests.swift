import Testing
import Wire

@testable import NodeIO

/// An actor on a thread of its own that counts.
private actor Counter {
    private let loop: EventLoop
    private(set) var count = 0
    private var isBusy = false
    private(set) var hasOverlap = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(_ loop: EventLoop) {
        self.loop = loop
    }

    func increment() {
        hasOverlap = hasOverlap || isBusy
        isBusy = true
        count += 1
        isBusy = false
    }

    func stop() {
        loop.stop()
    }
}

@Suite struct EventLoopTests {
    private static let idle = EventLoop.Handlers(readable: { _ in }, idle: { nil })

    private static func increment(_ counter: Counter, times: Int) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<times {
                group.addTask { await counter.increment() }
            }
        }
    }

    @Test func `jobs of many tasks run one after the other`() async throws {
        let loop = try EventLoop(name: "test")
        let counter = Counter(loop)
        try loop.start(Self.idle)
        await Self.increment(counter, times: 1000)
        #expect(await counter.count == 1000)
        #expect(await !counter.hasOverlap)
        await counter.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func `jobs that come while the thread ends and after it run too`() async throws {
        let loop = try EventLoop(name: "test")
        let counter = Counter(loop)
        try loop.start(Self.idle)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    if number == 100 { await counter.stop() }
                    await counter.increment()
                }
            }
        }
        await Self.increment(counter, times: 500)
        #expect(await counter.count == 1000)
        #expect(await !counter.hasOverlap)
    }

    @Test(.timeLimit(.minutes(1)))
    func `the loop calls again when its time is up`() async throws {
        let (ticks, source) = AsyncStream.makeStream(of: Void.self)
        let loop = try EventLoop(name: "test")
        try loop.start(
            .init(
                readable: { _ in },
                idle: {
                    source.yield()
                    return .microseconds(100)
                }))
        var count = 0
        for await _ in ticks {
            count += 1
            if count == 5 { break }
        }
        loop.stop()
        #expect(count == 5)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a readable socket is told by its tag`() async throws {
        let (tags, source) = AsyncStream.makeStream(of: UInt64.self)
        let loop = try EventLoop(name: "test")
        let first = try UDPSocket(address: .loopback(port: 0), port: 0)
        let second = try UDPSocket(address: .loopback(port: 0), port: 0)
        try loop.add(first.descriptor, tag: 7)
        try loop.add(second.descriptor, tag: 8)
        try loop.start(
            .init(
                readable: { tag in
                    source.yield(tag)
                    // The socket stays readable, and would be told of for ever.
                    source.finish()
                    loop.stop()
                }, idle: { nil }))
        var sender = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 64, entryLimit: 1)
        append([[1]], to: .loopback(port: second.port), peer: nil, into: &outbox)
        _ = sender.flush(&outbox)
        var told: [UInt64] = []
        for await tag in tags { told.append(tag) }
        #expect(told == [8])
        _ = consume first
    }

    @Test func `a descriptor that is none cannot be watched`() throws {
        let loop = try EventLoop(name: "test")
        var call = ""
        do {
            try loop.add(-1, tag: 1)
        } catch .system(let name, _) {
            call = name
        }
        #expect(call == "epoll")
    }
}
