import DTLS
import Endpoint
import NodeIO
import Programs
import Wire

/// One load from the first join to the report.
struct LoadRun: Sendable {
    /// HTTP requests that may be under way: more than any server answers at once, fewer than its backlog.
    private static let requestLimit = 128
    /// What is on the way when publishers pause has arrived or is lost after this.
    private static let settling = Duration.milliseconds(300)
    /// So many seconds without a packet, and the server is asked whether it is still there.
    private static let silenceLimit = 3

    private let plan: LoadPlan
    /// WHIP and WHEP, and whether the server is there at all.
    private let client: SignalingClient
    /// What sessions begin with where the server speaks something else.
    private let other: (any SessionClient)?
    private let meter: ServerMeter?
    private let fleets: [Fleet]
    private let roster = Roster()

    init(_ plan: LoadPlan) throws {
        self.plan = plan
        client = SignalingClient(plan.server, connections: Self.requestLimit, token: plan.token)
        other = plan.api == .whip ? nil : plan.api.client(at: plan.server.base)
        meter = plan.serverPid.map { ServerMeter(pid: $0) }
        let certificate = try Certificate()
        fleets = try (0..<plan.threads).map { try Fleet(number: $0, certificate: certificate) }
    }

    func run() async throws -> LoadReport {
        if let pid = plan.serverPid, meter?.read() == nil {
            await client.shutdown()
            throw LoadPlan.Failure(description: "--server-pid: there is no process \(pid).")
        }
        for fleet in fleets { try fleet.start() }
        let interruption = Interruption { [roster] in roster.stop("interrupted") }
        defer { interruption.end() }
        var progress = Progress("load")
        var report = LoadReport(plan)
        let idle = meter?.read()

        await joinPublishers()
        let withPublishers = meter?.read()
        let start = MonotonicClock.now()
        if goesOn() { await joinSubscribers(&progress) }
        report.joinSeconds = (MonotonicClock.now() - start).inSeconds
        if goesOn() { await settle(&progress) }
        report.serverMemory(idle: idle, withPublishers: withPublishers)
        await hold(&progress, &report)

        progress.show(1, "leaving")
        await leave(roster.takeAll())
        progress.finish()
        report.fill(roster)
        for fleet in fleets { await fleet.stop() }
        await client.shutdown()
        return report
    }

    private func goesOn() -> Bool { roster.stopReason == nil }

    // MARK: - Joining

    private func joinPublishers() async {
        let pace = Pace(perSecond: plan.joinRate, limit: Self.requestLimit)
        await pace.run(plan.publishers, while: goesOn) { number in
            await join(plan.publisherTask(number), number, isPublisher: true)
        }
        guard plan.publishers > 0, goesOn() else { return }
        guard roster.publisherCount > 0 else {
            // Without a publisher there is nothing to measure.
            roster.stop(roster.firstFailure ?? "no publisher could join.")
            return
        }
        await wait(for: roster.publisherCount, within: .seconds(15)) { await $0.connectedCount() }
        guard goesOn(), await total({ await $0.connectedCount() }) == 0 else { return }
        roster.stop(
            "no publisher connected within 15 s: check the server's UDP port and its advertised address.")
    }

    private func joinSubscribers(_ progress: inout Progress) async {
        let count = plan.subscribers
        await Pace(perSecond: plan.joinRate, limit: Self.requestLimit).run(
            count, while: goesOn,
            progress: {
                progress.show(Double($0) / Double(max(count, 1)) / 2, "\($0) of \(count) subscribers join")
            }
        ) { number in
            await join(
                plan.subscriberTask(number, watching: number % plan.watched), plan.publishers + number,
                isPublisher: false)
        }
    }

    /// Waits until all who joined are connected, and until pictures have begun to come.
    private func settle(_ progress: inout Progress) async {
        progress.show(0.5, "connecting")
        let present = roster.publisherCount + roster.subscriberCount
        await wait(for: present, within: .seconds(10)) { await $0.connectedCount() }
        await wait(for: roster.subscriberCount, within: .seconds(3)) { await $0.readyCount() }
    }

    /// Takes one endpoint to the server.
    ///
    /// - Parameter number: spreads the endpoints over the threads.
    private func join(_ task: Fleet.Assignment, _ number: Int, isPublisher: Bool) async {
        let fleet = fleets[number % fleets.count]
        let participant = plan.participant(task.publisher)
        var seat: Fleet.Seat?
        var isAdmitted = false
        do {
            let (taken, offer) = try await fleet.add(task)
            seat = taken
            let server: any SessionClient = other ?? client
            let session =
                isPublisher
                ? try await server.publish(offer, room: plan.room, participant: participant)
                : try await server.watch(offer, room: plan.room, participant: participant)
            roster.admit(
                Roster.Attendee(fleet: fleet, seat: taken, session: session, publisher: task.publisher),
                asPublisher: isPublisher)
            isAdmitted = true
            try await fleet.accept(session.answer, for: taken, via: plan.via)
            return
        } catch let failure as SignalingClient.Failure {
            var isGone = false
            if case .unreachable = failure { isGone = true }
            roster.refuse(failure.cause, failure.description, isServerGone: isGone)
        } catch let failure as EndpointError {
            roster.refuse(
                "unusable answer", "the server's answer cannot be used: \(failure)", isServerGone: false)
        } catch {
            roster.refuse("\(error)", "\(error)", isServerGone: false)
        }
        if let seat, !isAdmitted { await fleet.leave(seat) }
    }

    // MARK: - Holding

    private func hold(_ progress: inout Progress, _ report: inout LoadReport) async {
        await setSending(false)
        if goesOn() { try? await Task.sleep(for: Self.settling) }
        for fleet in fleets { await fleet.resetLatency() }
        let before = await summary()
        let first = await sample()
        let used = meter?.read()
        await setSending(true)
        let start = MonotonicClock.now()
        let roster = roster
        let plan = plan

        await withTaskGroup(of: Void.self) { group in
            if plan.churn > 0 {
                let count = Int((Double(plan.seconds) * plan.churn).rounded())
                let end = start + .seconds(plan.seconds)
                group.addTask {
                    await Pace(perSecond: plan.churn, limit: Self.requestLimit).run(
                        count, while: { roster.stopReason == nil && MonotonicClock.now() < end }
                    ) { await replace($0) }
                }
            }
            var expected = ExpectedPackets(from: first)
            var received = before.packetsReceived
            var silence = 0
            for second in 0..<plan.seconds where roster.stopReason == nil {
                progress.show(0.5 + Double(second) / Double(plan.seconds) / 2, "holding")
                let due = start + .seconds(second + 1)
                try? await Task.sleep(for: max(due - MonotonicClock.now(), .zero))
                if second + 1 < plan.seconds { expected.advance(to: await sample()) }
                let now = await summary().packetsReceived
                silence = now == received ? silence + 1 : 0
                received = now
                await watchServer(silence: silence)
            }
            let held = MonotonicClock.now() - start
            let usedAfter = meter?.read()
            await setSending(false)
            try? await Task.sleep(for: Self.settling)
            expected.advance(to: await sample())
            report.fill(before, await summary(), expected, heldSeconds: held.inSeconds)
            report.fill(used, usedAfter)
            await setSending(true)
        }
    }

    /// Ends the load when the server has ended.
    private func watchServer(silence: Int) async {
        if let meter, meter.read() == nil {
            roster.stop("the server's process \(meter.pid) ended during the load.")
        } else if silence >= Self.silenceLimit || roster.subscriberCount == 0 {
            guard await !client.isReachable() else { return }
            roster.stop("the server does not answer any more: it went away during the load.")
        }
    }

    /// Lets the oldest subscriber go and another one join in its place.
    private func replace(_ number: Int) async {
        guard let oldest = roster.takeOldestSubscriber() else { return }
        await leave(oldest)
        let next = plan.subscribers + number
        await join(
            plan.subscriberTask(next, watching: oldest.publisher), plan.publishers + next, isPublisher: false)
    }

    // MARK: - Leaving

    private func leave(_ attendees: [Roster.Attendee]) async {
        // Who ends early does not want to wait.
        let perSecond = goesOn() ? plan.leaveRate : 10_000
        await Pace(perSecond: perSecond, limit: Self.requestLimit).run(attendees.count, while: { true }) {
            await leave(attendees[$0])
        }
    }

    /// Ends a session as a browser does: DELETE first, as the server knows no session any more after the other.
    private func leave(_ attendee: Roster.Attendee) async {
        await attendee.fleet.expectEnd(of: attendee.seat)
        if let other {
            await other.end(attendee.session)
            roster.noteDelete(succeeded: true)
        } else {
            roster.noteDelete(succeeded: await client.delete(attendee.session))
        }
        await attendee.fleet.leave(attendee.seat)
    }

    // MARK: - All fleets

    private func setSending(_ isSending: Bool) async {
        for fleet in fleets { await fleet.setSending(isSending) }
    }

    private func summary() async -> FleetSummary {
        var all = FleetSummary()
        for fleet in fleets { all.add(await fleet.summary()) }
        return all
    }

    private func sample() async -> TrafficSample {
        var all = TrafficSample()
        for fleet in fleets { all.add(await fleet.sample()) }
        return all
    }

    private func total(_ count: @Sendable (Fleet) async -> Int) async -> Int {
        var sum = 0
        for fleet in fleets { sum += await count(fleet) }
        return sum
    }

    private func wait(for count: Int, within limit: Duration, _ current: @Sendable (Fleet) async -> Int) async
    {
        let end = MonotonicClock.now() + limit
        while goesOn(), await total(current) < count, MonotonicClock.now() < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
