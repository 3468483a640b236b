import NodeIO
import Programs
import Wire

/// One load of publishers and subscribers from the first join to the report.
struct LoadRun: Sendable {
    private let plan: LoadPlan
    private let crew: LoadCrew
    /// What sessions begin with where the server speaks something else than WHIP and WHEP.
    private let other: (any SessionClient)?

    init(_ plan: LoadPlan) throws {
        self.plan = plan
        crew = try LoadCrew(plan)
        other = plan.api == .whip ? nil : plan.api.client(at: plan.server.base)
    }

    func run() async throws -> LoadReport {
        try await crew.start()
        let interruption = Interruption { [crew] in crew.roster.stop("interrupted") }
        defer { interruption.end() }
        var progress = Progress("load")
        var report = LoadReport(plan)
        let idle = crew.meter?.read()

        await joinPublishers()
        let withPublishers = crew.meter?.read()
        let start = MonotonicClock.now()
        if crew.goesOn() { await joinSubscribers(&progress) }
        report.measures.joinSeconds = (MonotonicClock.now() - start).inSeconds
        if crew.goesOn() { await settle(&progress) }
        report.serverMemory(idle: idle, withPublishers: withPublishers)
        await hold(&progress, &report)

        progress.show(1, "leaving")
        await crew.leaveAll(end)
        progress.finish()
        report.measures.fill(crew.roster)
        await crew.stop()
        return report
    }

    // MARK: - Joining

    private func joinPublishers() async {
        let pace = Pace(perSecond: plan.joinRate, limit: LoadCrew.requestLimit)
        await pace.run(plan.publishers, while: crew.goesOn) { number in
            await join(plan.publisherTask(number), number, isPublisher: true)
        }
        let roster = crew.roster
        guard plan.publishers > 0, crew.goesOn() else { return }
        guard roster.publisherCount > 0 else {
            // Without a publisher there is nothing to measure.
            roster.stop(roster.firstFailure ?? "no publisher could join.")
            return
        }
        await crew.wait(for: roster.publisherCount, within: .seconds(15)) { await $0.connectedCount() }
        guard crew.goesOn(), await crew.total({ await $0.connectedCount() }) == 0 else { return }
        roster.stop(
            "no publisher connected within 15 s: check the server's UDP port and its advertised address.")
    }

    private func joinSubscribers(_ progress: inout Progress) async {
        let count = plan.subscribers
        await Pace(perSecond: plan.joinRate, limit: LoadCrew.requestLimit).run(
            count, while: crew.goesOn,
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
        let roster = crew.roster
        let present = roster.publisherCount + roster.subscriberCount
        await crew.wait(for: present, within: .seconds(10)) { await $0.connectedCount() }
        await crew.wait(for: roster.subscriberCount, within: .seconds(3)) { await $0.readyCount() }
    }

    /// - Parameter number: spreads the endpoints over the threads.
    private func join(_ task: Fleet.Assignment, _ number: Int, isPublisher: Bool) async {
        let participant = plan.participant(task.publisher)
        let server: any SessionClient = other ?? crew.client
        await crew.join(task, number, asPublisher: isPublisher) { offer in
            isPublisher
                ? try await server.publish(offer, room: plan.room, participant: participant)
                : try await server.watch(offer, room: plan.room, participant: participant)
        }
    }

    // MARK: - Holding and leaving

    private func hold(_ progress: inout Progress, _ report: inout LoadReport) async {
        await crew.setSending(false)
        if crew.goesOn() { try? await Task.sleep(for: LoadCrew.settling) }
        await crew.resetLatency()
        let before = await crew.summary()
        let first = await sample()
        let used = crew.meter?.read()
        await crew.setSending(true)
        var expected = ExpectedPackets(from: first)
        let held = await crew.hold(
            received: before.packetsReceived, &progress,
            isDeserted: { crew.roster.subscriberCount == 0 }, replace: { await replace($0) }
        ) { second in
            if second < plan.seconds { expected.advance(to: await sample()) }
        }
        let usedAfter = crew.meter?.read()
        await crew.pauseSending()
        expected.advance(to: await sample())
        report.fill(before, await crew.summary(), expected, held: held)
        report.fill(server: used, usedAfter)
        await crew.setSending(true)
    }

    /// Lets the oldest subscriber go and another one join in its place.
    private func replace(_ number: Int) async {
        guard let oldest = crew.roster.takeOldestSubscriber() else { return }
        await crew.leave(oldest, end)
        let next = plan.subscribers + number
        await join(
            plan.subscriberTask(next, watching: oldest.publisher), plan.publishers + next, isPublisher: false)
    }

    private func end(_ session: SignalingClient.Session) async -> Bool {
        guard let other else { return await crew.client.delete(session) }
        await other.end(session)
        return true
    }

    private func sample() async -> TrafficSample {
        var all = TrafficSample()
        for fleet in crew.fleets { all.add(await fleet.sample()) }
        return all
    }
}
