package import DTLS
package import NodeCore
package import Transcoding
package import Wire

/// One worker: a thread with its UDP socket and everything that is reached through it.
///
/// Commands come by `await`, events leave by a stream; datagrams pass through without either.
package actor Worker {
    /// Sent as soon as so many bytes wait: what was sealed is still in the cache when the kernel copies it, and the first
    /// subscribers need not wait for the last.
    private static let flushBytes = 128 << 10
    private static let outboxBytes = 8 << 20
    private static let outboxEntries = 32_768
    /// Batches that are read before timers and commands get their turn.
    private static let batchesPerTurn = 8

    private let loop: EventLoop
    private nonisolated let descriptor: Int32
    package nonisolated let port: UInt16
    package nonisolated let hasSegmentation: Bool
    var node: Node
    private var socket: UDPSocket
    private var inbox = Inbox()
    private var outbox = Outbox(bytes: Worker.outboxBytes, entryLimit: Worker.outboxEntries)
    private var generator = SystemRandomNumberGenerator()
    private let events: AsyncStream<NodeEvent>.Continuation
    private var feed = ConferenceFeed()
    var draining: Draining?
    /// Of those who wait for the last session to end.
    var whenEmpty: [AsyncStream<Void>.Continuation] = []
    private let links: AsyncStream<LinkEnvelope>.Continuation?
    private let laneThread: LaneThread
    private nonisolated let mailbox: LaneMailbox
    private let mixThread: MixThread
    private nonisolated let mixMailbox: MixMailbox
    private var socketRefusals: UInt64 = 0
    private var worstLag = Duration.zero

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Binds the socket; nothing runs before `start`.
    ///
    /// - Parameters:
    ///   - number: the worker's number in its process.
    ///   - addresses: where clients reach the machine.
    ///   - links: where goes what other workers have to be told; nil for a worker that is alone.
    package init(
        number: Int, socket: consuming UDPSocket, addresses: [SocketAddress],
        limits: NodeConfiguration.Limits,
        certificate: Certificate, events: AsyncStream<NodeEvent>.Continuation,
        links: AsyncStream<LinkEnvelope>.Continuation? = nil
    ) throws(RelayError) {
        let candidates = addresses.map { $0.with(port: socket.port) }
        let loop = try EventLoop(name: "worker-\(number)", isPreferred: true)
        let configuration = NodeConfiguration(worker: number, candidates: candidates, limits: limits)
        guard let node = try? Node(configuration, certificate: certificate) else {
            throw .library("The DTLS context")
        }
        port = socket.port
        descriptor = socket.descriptor
        hasSegmentation = socket.hasSegmentation
        self.loop = loop
        mailbox = LaneMailbox { loop.wake() }
        laneThread = try LaneThread(number: number, mailbox)
        mixMailbox = MixMailbox { loop.wake() }
        mixThread = try MixThread(number: number, mixMailbox)
        self.node = node
        self.socket = socket
        self.events = events
        self.links = links
        outbox.reservePeers(Node.peerCount(limits))
    }

    /// Starts the thread; before that nothing that is asked of the worker runs.
    package nonisolated func start() throws(RelayError) {
        try laneThread.start()
        try mixThread.start()
        try loop.add(descriptor, tag: 0)
        try loop.start(
            EventLoop.Handlers(
                readable: { _ in self.assumeIsolated { $0.drain() } },
                idle: { self.assumeIsolated { $0.turn() } }))
    }

    // MARK: - Commands

    package func open(
        _ role: SessionRole, in room: RoomID, offer: String, as wish: LinkProfile.Wish = .automatic
    ) throws(SessionError) -> SessionAnswer {
        try node.open(role, in: room, offer: offer, as: wish, at: MonotonicClock.now(), using: &generator)
    }

    /// See `MediaPlane.link`.
    package func link(of session: SessionID) throws(SessionError) -> SessionLink {
        try node.link(of: session)
    }

    /// See `MediaPlane.limit`.
    package func limit(_ session: SessionID, bitsPerSecond: Int) throws(SessionError) {
        try node.limit(session, bitsPerSecond: bitsPerSecond, at: MonotonicClock.now())
    }

    package func patch(
        _ session: SessionID, etag: String?, fragment: String
    ) throws(SessionError) -> PatchResult {
        try node.patch(session, etag: etag, fragment: fragment, using: &generator)
    }

    /// See `MediaPlane.prefer`.
    package func prefer(_ tier: Tier, in session: SessionID) throws(SessionError) {
        try node.prefer(tier, in: session)
    }

    /// See `MediaPlane.serve`.
    package func serve(_ wish: LinkProfile.Wish, to session: SessionID) throws(SessionError) {
        defer { passOnEvents() }
        try node.serve(wish, to: session, at: MonotonicClock.now())
    }

    package func close(_ session: SessionID) throws(SessionError) {
        try node.close(session, at: MonotonicClock.now(), into: &outbox)
        flush()
    }

    package func describe(_ room: RoomID) throws(SessionError) -> RoomDescription {
        try node.describe(room)
    }

    /// See `MediaPlane.control`.
    package func control(
        _ session: SessionID, _ change: SessionControl
    ) throws(SessionError) -> ConferenceSnapshot {
        defer { passOnEvents() }
        return try node.control(session, change, at: MonotonicClock.now())
    }

    /// See `MediaPlane.events`. Nothing happens between the snapshot and the first event.
    package func events(
        of session: SessionID, after last: UInt64?
    ) throws(SessionError) -> AsyncStream<ConferenceEvent> {
        passOnEvents()
        let snapshot = try node.snapshot(of: session)
        guard let room = node.room(of: session) else { throw .unknownSession }
        return feed.read(room, of: session, after: last, snapshot: snapshot, then: lateMove)
    }

    package func events(
        in room: RoomID, after last: UInt64?
    ) throws(SessionError) -> AsyncStream<ConferenceEvent> {
        passOnEvents()
        return feed.read(room, of: nil, after: last, snapshot: try node.snapshot(in: room), then: lateMove)
    }

    package var sessionCount: Int { node.sessionCount }

    /// Counters, gauges and the longest delay of a timer since the last call.
    package func takeMeasurements() -> (counters: NodeCounters, gauges: NodeGauges, worstLag: Duration) {
        var counters = node.counters
        counters.drops[.socketRefused] += socketRefusals
        defer { worstLag = .zero }
        return (counters, node.gauges(), worstLag)
    }

    /// The lanes, and the encoded pictures that were dropped since their thread was too busy.
    package func takeLaneMeasurements() -> (lanes: [LaneDescription], droppedFrames: UInt64) {
        (node.laneDescriptions(), mailbox.droppedFrames)
    }

    /// The mixes and their voices, and the packets that were dropped since their thread was too busy.
    package func takeMixMeasurements() -> (
        mixes: [MixDescription], voices: [VoiceDescription], droppedPackets: UInt64
    ) {
        let described = node.mixDescriptions()
        return (described.mixes, described.voices, mixMailbox.droppedPackets)
    }

    /// The key frames of each source that is here; see `NodeMetrics.sourceLimit`.
    package func sourceKeyFrames() -> (sources: [SourceKeyFrames], omitted: Int) {
        node.sourceKeyFrames(limit: NodeMetrics.sourceLimit)
    }

    /// Ends all sessions, tells their remotes, and ends the thread.
    package func shutDown() {
        node.shutDown(at: MonotonicClock.now(), into: &outbox)
        flush()
        passOnEvents()
        feed.closeAll()
        laneThread.stop()
        mixThread.stop()
        loop.stop()
    }

    // MARK: - The thread's turn

    private let never = Instant(nanoseconds: .max)

    /// Reads what has arrived, and sends what it calls for.
    ///
    /// Media is forwarded when the socket is empty: the packets of a frame that have come together leave together, as one
    /// segmented send to each subscriber.
    private func drain() {
        for _ in 0..<Self.batchesPerTurn {
            let now = MonotonicClock.now()
            let count = inbox.receive(from: socket.descriptor) { datagram, source in
                node.collect(&datagram, from: source, at: now, into: &outbox)
                if node.isBatchFull || outbox.byteCount > Self.flushBytes { flush() }
            }
            if count == 0 { break }
        }
        let now = MonotonicClock.now()
        if node.batchDeadline(at: now) == nil { flush() }
    }

    /// Does what is due and says how long the thread may wait.
    private func turn() -> Duration? {
        let now = MonotonicClock.now()
        for report in mailbox.takeReports() { node.receive(report, at: now, into: &outbox) }
        for report in mixMailbox.takeReports() { node.receive(report, at: now, into: &outbox) }
        if let due = node.deadline, due <= now {
            worstLag = max(worstLag, now - due)
            node.advance(to: now, into: &outbox)
            flush()
        }
        passOnEvents()
        // What waits for the rest of its frame goes when that has come, or then.
        let batchDeadline = node.batchDeadline(at: now)
        if batchDeadline == nil { flush() }
        let next = min(node.deadline ?? never, batchDeadline ?? never)
        return next == never ? nil : max(next - now, .zero)
    }

    /// Forwards what was collected, and sends everything.
    private func flush() {
        while node.forward(at: MonotonicClock.now(), into: &outbox, upTo: Self.flushBytes) {
            socketRefusals += UInt64(socket.flush(&outbox))
        }
        socketRefusals += UInt64(socket.flush(&outbox))
    }

    func passOnEvents() {
        for event in node.takeEvents() { events.yield(event) }
        for notice in node.takeNotices() { feed.publish(notice) }
        for room in node.takeEndedRooms() { feed.close(room) }
        for envelope in node.takeLinkMessages() { links?.yield(envelope) }
        mailbox.post(node.takeLaneOrders())
        mixMailbox.post(node.takeMixOrders())
        noteEmpty()
    }
}
