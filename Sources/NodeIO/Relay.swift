import CLinux
import DTLS
package import Logging
package import NodeCore
import Peering
import Synchronization
package import Transcoding
import Wire

/// The media side of a process: its workers, behind the protocol that signaling speaks.
///
/// A room is at home on one worker, chosen by its name, with all who send; those who only watch go to others, too, when
/// there are many of them. A session's name tells its worker.
package final class Relay: MediaPlane {
    let workers: [Worker]
    /// The bound ports, one for each worker.
    package let udpPorts: [UInt16]
    private let limits: NodeConfiguration.Limits
    let spreadThreshold: Int
    private let isDraining = Mutex(false)
    let logger: Logger
    private let events: AsyncStream<NodeEvent>
    private let eventSource: AsyncStream<NodeEvent>.Continuation
    /// What workers tell each other; nothing is dropped, since each message counts.
    let linkMessages: AsyncStream<LinkEnvelope>
    private let linkSource: AsyncStream<LinkEnvelope>.Continuation

    /// Whether handshakes have ended whose memory the allocator still keeps.
    private let spare = Mutex(SpareMemory.none)

    private enum SpareMemory {
        case none
        /// More handshakes may follow, which can use it.
        case fresh
        case old
    }

    /// Events that wait for the log; older ones go first if nobody reads them.
    private static let eventBacklog = 4096

    private init(
        workers: [Worker], udpPorts: [UInt16], configuration: RelayConfiguration, logger: Logger,
        events: (AsyncStream<NodeEvent>, AsyncStream<NodeEvent>.Continuation),
        links: (AsyncStream<LinkEnvelope>, AsyncStream<LinkEnvelope>.Continuation)
    ) {
        self.workers = workers
        self.udpPorts = udpPorts
        limits = configuration.limits
        spreadThreshold = configuration.spreadThreshold
        self.logger = logger
        (self.events, eventSource) = events
        (linkMessages, linkSource) = links
    }

    /// Binds all ports and starts the workers; when one fails, none is left.
    package static func start(
        _ configuration: RelayConfiguration, logger: Logger
    ) async throws(RelayError) -> Relay {
        guard let certificate = try? Certificate() else { throw .library("The DTLS certificate") }
        let addresses = configuration.effectiveAddresses
        let (events, eventSource) = AsyncStream.makeStream(
            of: NodeEvent.self, bufferingPolicy: .bufferingNewest(eventBacklog))
        let (links, linkSource) = AsyncStream.makeStream(of: LinkEnvelope.self)
        var workers: [Worker] = []
        var ports: [UInt16] = []
        for number in 0..<max(1, configuration.workers) {
            let port =
                configuration.udpPort == 0 ? 0 : configuration.udpPort &+ UInt16(truncatingIfNeeded: number)
            let socket = try UDPSocket(port: port, answersFromSameAddress: true)
            ports.append(socket.port)
            if number == 0 { warnOfSmallBuffers(socket.receiveBuffer, logger) }
            workers.append(
                try Worker(
                    number: number, socket: socket, addresses: addresses, limits: configuration.limits,
                    certificate: certificate, events: eventSource, links: linkSource))
        }
        for (number, worker) in workers.enumerated() {
            do {
                try worker.start()
            } catch {
                for started in workers[..<number] { await started.shutDown() }
                throw error
            }
        }
        return Relay(
            workers: workers, udpPorts: ports, configuration: configuration, logger: logger,
            events: (events, eventSource), links: (links, linkSource))
    }

    /// Logs what happens to sessions, and carries what workers tell each other, until the relay is shut down.
    package func run() async {
        await withTaskGroup { tasks in
            tasks.addTask { await self.carryLinkMessages() }
            tasks.addTask { await self.returnMemory() }
            for await event in events {
                log(event)
                if case .connected = event.kind { spare.withLock { $0 = .fresh } }
            }
            tasks.cancelAll()
        }
    }

    /// Gives the memory of handshakes, some 80 kB each, back to the system when no more have followed for a second. It takes
    /// milliseconds, and workers allocate nothing meanwhile but for newcomers.
    private func returnMemory() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let isOld = spare.withLock { spare in
                defer { spare = spare == .fresh ? .old : .none }
                return spare == .old
            }
            if isOld { smartc_return_memory() }
        }
    }

    /// Takes no new sessions and tells participants to move; returns when all sessions have ended, or when the time is over.
    ///
    /// - Parameter target: the URL under which another node answers; nil if that is this one's own address.
    package func drain(
        for duration: Duration, to target: String?, clock: any Clock<Duration> = ContinuousClock()
    ) async {
        isDraining.withLock { $0 = true }
        let count = await sessionCount()
        logger.info(
            "draining",
            metadata: ["sessions": "\(count)", "seconds": "\(duration.components.seconds)"])
        await withTaskGroup { tasks in
            tasks.addTask { try? await clock.sleep(for: duration) }
            tasks.addTask {
                var emptied: [AsyncStream<Void>] = []
                for worker in self.workers { emptied.append(await worker.drain(for: duration, to: target)) }
                for stream in emptied { for await _ in stream {} }
            }
            await tasks.next()
            tasks.cancelAll()
        }
        let left = await sessionCount()
        logger.info("drained", metadata: ["sessions_left": "\(left)"])
    }

    /// Takes no new sessions, ends all others, tells their remotes, and stops the workers.
    package func shutdown() async {
        isDraining.withLock { $0 = true }
        for worker in workers { await worker.shutDown() }
        eventSource.finish()
        linkSource.finish()
    }

    // MARK: - MediaPlane

    package func open(
        _ role: SessionRole, in room: RoomID, offer: String, on terms: SessionTerms
    ) async throws(SessionError) -> SessionAnswer {
        guard !isDraining.withLock({ $0 }) else { throw .draining }
        let loads = await loads(of: room)
        if loads.reduce(0, { $0 + $1.all }) >= limits.sessions {
            throw .limitReached(
                what: "This node takes \(limits.sessions) sessions.", retryAfter: .seconds(30))
        }
        if loads.reduce(0, { $0 + $1.room }) >= limits.sessionsPerRoom {
            throw .limitReached(
                what: "The room \(room) takes \(limits.sessionsPerRoom) sessions.", retryAfter: .seconds(30))
        }
        let home = home(of: room)
        let place = place(for: role, home: home, loads)
        guard place != home else {
            return try await workers[home].open(role, in: room, offer: offer, on: terms)
        }
        return try await workers[place].open(
            role, in: room, offer: offer, on: terms, following: NodeID(worker: home))
    }

    package func link(of session: SessionID) async throws(SessionError) -> SessionLink {
        try await worker(of: session).link(of: session)
    }

    package func prefer(_ tier: Tier, in session: SessionID) async throws(SessionError) {
        try await worker(of: session).prefer(tier, in: session)
    }

    package func limit(_ session: SessionID, bitsPerSecond: Int) async throws(SessionError) {
        try await worker(of: session).limit(session, bitsPerSecond: bitsPerSecond)
    }

    package func serve(_ wish: LinkProfile.Wish, to session: SessionID) async throws(SessionError) {
        try await worker(of: session).serve(wish, to: session)
    }

    package func grant(
        _ grant: LinkProfile.Wish?, to participant: ParticipantID, in room: RoomID
    ) async throws(SessionError) -> LinkProfile {
        // Whoever sends is at home.
        try await workers[home(of: room)].grant(grant, to: participant, in: room)
    }

    package func patch(
        _ session: SessionID, etag: String?, fragment: String
    ) async throws(SessionError) -> PatchResult {
        try await worker(of: session).patch(session, etag: etag, fragment: fragment)
    }

    package func close(_ session: SessionID) async throws(SessionError) {
        try await worker(of: session).close(session)
    }

    package func describe(_ room: RoomID) async throws(SessionError) -> RoomDescription {
        try await description(of: room)
    }

    package func control(
        _ session: SessionID, _ change: SessionControl
    ) async throws(SessionError) -> ConferenceSnapshot {
        try await worker(of: session).control(session, change)
    }

    package func events(
        of session: SessionID, after last: UInt64?
    ) async throws(SessionError) -> AsyncStream<ConferenceEvent> {
        try await worker(of: session).events(of: session, after: last)
    }

    package func events(
        in room: RoomID, after last: UInt64?
    ) async throws(SessionError) -> AsyncStream<ConferenceEvent> {
        try await workers[home(of: room)].events(in: room, after: last)
    }

    package func isReady() async -> Bool {
        guard !isDraining.withLock({ $0 }) else { return false }
        return await sessionCount() < limits.sessions
    }

    package func metrics() async -> [MetricFamily] {
        var counters = NodeCounters()
        var gauges = NodeGauges()
        var lags: [MetricFamily.Sample] = []
        var lanes: [LaneDescription] = []
        var droppedFrames: UInt64 = 0
        var mixed: (mixes: [MixDescription], voices: [VoiceDescription], dropped: UInt64) = ([], [], 0)
        var keyFrames: (sources: [SourceKeyFrames], omitted: Int) = ([], 0)
        for (number, worker) in workers.enumerated() {
            let measured = await worker.takeMeasurements()
            counters.add(measured.counters)
            gauges.add(measured.gauges)
            let ofLanes = await worker.takeLaneMeasurements()
            lanes += ofLanes.lanes
            droppedFrames += ofLanes.droppedFrames
            let ofMixes = await worker.takeMixMeasurements()
            mixed.mixes += ofMixes.mixes
            mixed.voices += ofMixes.voices
            mixed.dropped += ofMixes.droppedPackets
            let told = await worker.sourceKeyFrames()
            keyFrames.sources += told.sources
            keyFrames.omitted += told.omitted
            lags.append(.init(labels: [("worker", "\(number)")], value: measured.worstLag.inSeconds))
        }
        let families =
            NodeMetrics.families(counters, gauges)
            + NodeMetrics.families(lanes: lanes, counters, droppedFrames: droppedFrames)
            + NodeMetrics.families(
                mixes: mixed.mixes, voices: mixed.voices, counters, droppedPackets: mixed.dropped)
            + NodeMetrics.families(keyFrames.sources, omitted: keyFrames.omitted)
        return families + [
            MetricFamily(
                name: "smartc_worker_loop_lag_seconds",
                help: "The longest delay of a worker's timer since the last scrape.", kind: .gauge,
                samples: lags),
            MetricFamily(
                name: "smartc_process_resident_bytes", help: "The resident memory of the process.",
                kind: .gauge,
                samples: [.init(value: Double(smartc_resident_memory()))]),
            MetricFamily(
                name: "smartc_process_cpu_seconds_total", help: "The CPU time of the process.",
                kind: .counter,
                samples: [.init(value: Double(smartc_cpu_time()) / 1e9)]),
        ]
    }

    // MARK: - Private

    private func sessionCount() async -> Int {
        var count = 0
        for worker in workers { count += await worker.sessionCount }
        return count
    }

    /// The number of the worker where a room's publishers are.
    func home(of room: RoomID) -> Int {
        // FNV-1a: the same worker for the same name, in every process.
        let hash = room.description.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return Int(hash % UInt64(workers.count))
    }

    private func worker(of session: SessionID) throws(SessionError) -> Worker {
        let text = session.description
        guard let dash = text.firstIndex(of: "-"), let number = Int(text[..<dash]),
            workers.indices.contains(number)
        else { throw .unknownSession }
        return workers[number]
    }

    private static func warnOfSmallBuffers(_ granted: Int, _ logger: Logger) {
        guard granted < MachineCheck.wantedBuffer else { return }
        logger.warning(
            "The kernel grants small UDP buffers: packets will be lost in bursts.",
            metadata: [
                "granted_bytes": "\(granted)",
                "advice":
                    "sysctl -w net.core.rmem_max=\(MachineCheck.wantedBuffer * 2) net.core.wmem_max=\(MachineCheck.wantedBuffer * 2)",
            ])
    }

    private func log(_ event: NodeEvent) {
        var metadata: Logger.Metadata = [
            "room": "\(event.room)", "session": "\(event.session)", "role": "\(event.role.label)",
        ]
        if let participant = event.participant { metadata["participant"] = "\(participant)" }
        switch event.kind {
        case .opened:
            logger.info("session opened", metadata: metadata)
        case .connected(let profile):
            metadata["srtp"] = "\(profile)"
            logger.info("session connected", metadata: metadata)
        case .trackStarted(let kind, let codec):
            metadata["kind"] = "\(kind)"
            metadata["codec"] = "\(codec)"
            logger.info("track started", metadata: metadata)
        case .closed(let reason):
            metadata["reason"] = "\(reason.label)"
            if let advice = reason.advice { metadata["advice"] = "\(advice)" }
            logger.info("session closed", metadata: metadata)
        }
    }
}

extension SessionRole {
    fileprivate var label: String {
        switch self {
        case .publish: "publish"
        case .watch: "watch"
        case .echo: "echo"
        case .participate: "participate"
        }
    }
}
