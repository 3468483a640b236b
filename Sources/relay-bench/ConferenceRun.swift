import Endpoint
import NodeIO
import Programs
import Wire

/// One load of a conference from the first join to the report.
struct ConferenceRun: Sendable {
    /// After the last join the key frames that it has cost are made.
    private static let stormEnd = Duration.seconds(2)

    private let plan: ConferencePlan
    private let crew: LoadCrew

    init(_ plan: ConferencePlan) throws {
        self.plan = plan
        crew = try LoadCrew(plan.common)
    }

    func run() async throws -> ConferenceReport {
        try await crew.start()
        let interruption = Interruption { [crew] in crew.roster.stop("interrupted") }
        defer { interruption.end() }
        var progress = Progress("load")
        var report = ConferenceReport(plan)
        report.measures.residentBytesIdle = crew.meter?.read()?.residentBytes

        await withTaskGroup(of: Void.self) { group in
            group.addTask { await speakInTurn() }
            let start = MonotonicClock.now()
            await joinAll(&progress)
            report.measures.joinSeconds = (MonotonicClock.now() - start).inSeconds
            if crew.goesOn() { await settle(&progress) }
            report.storm(await keyFrames())
            await hold(&progress, &report)
            group.cancelAll()
        }

        progress.show(1, "leaving")
        await crew.leaveAll { await crew.client.delete($0) }
        progress.finish()
        report.fill(crew.roster)
        await crew.stop()
        return report
    }

    // MARK: - Joining

    /// Participants first, then those who only look on.
    private func joinAll(_ progress: inout Progress) async {
        let count = plan.participants + plan.observers
        await Pace(perSecond: plan.common.joinRate, limit: LoadCrew.requestLimit).run(
            count, while: crew.goesOn,
            progress: { progress.show(Double($0) / Double(max(count, 1)) / 2, "\($0) of \(count) join") }
        ) { number in
            await join(number, isObserver: number >= plan.participants)
        }
        let roster = crew.roster
        if crew.goesOn(), roster.publisherCount == 0 {
            roster.stop(roster.firstFailure ?? "nobody could join.")
        }
    }

    /// Waits until all who joined are connected and pictures come, and until a storm of joins is over.
    private func settle(_ progress: inout Progress) async {
        progress.show(0.5, "connecting")
        let end = MonotonicClock.now() + Self.stormEnd
        let present = crew.roster.publisherCount + crew.roster.subscriberCount
        await crew.wait(for: present, within: .seconds(10)) { await $0.connectedCount() }
        if crew.goesOn(), await crew.total({ await $0.connectedCount() }) == 0 {
            crew.roster.stop(
                "nobody connected within 10 s: check the server's UDP port and its advertised address.")
        }
        await crew.wait(for: present, within: .seconds(3)) { await $0.readyCount() }
        while crew.goesOn(), MonotonicClock.now() < end { try? await Task.sleep(for: .milliseconds(20)) }
    }

    /// Takes one endpoint into the conference and asks for the sizes of its slots.
    private func join(_ number: Int, isObserver: Bool) async {
        let task = plan.task(number, isObserver: isObserver)
        let session = await crew.join(task, number, asPublisher: !isObserver) { offer in
            try await crew.client.join(
                offer, room: plan.common.room, participant: plan.common.participant(number))
        }
        guard let session, let control = try? plan.control(for: task.settings) else { return }
        crew.roster.noteControl(succeeded: await crew.client.control(session, control))
    }

    // MARK: - Holding

    /// Lets one after the other speak.
    private func speakInTurn() async {
        var speaking: Roster.Attendee?
        while crew.goesOn(), !Task.isCancelled {
            if let next = crew.roster.randomPublisher() {
                if let speaking {
                    await speaking.fleet.setAudioLevel(ConferencePlan.silenceLevel, of: speaking.seat)
                }
                await next.fleet.setAudioLevel(plan.speechLevel, of: next.seat)
                speaking = next
            }
            let pause = speaking == nil ? .milliseconds(100) : plan.speakInterval
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    private func hold(_ progress: inout Progress, _ report: inout ConferenceReport) async {
        await crew.resetLatency()
        let before = await crew.summary()
        let keyFramesBefore = await keyFrames()
        let used = (server: crew.meter?.read(), own: ServerMeter.own.read())
        let held = await crew.hold(
            received: before.packetsReceived, &progress,
            isDeserted: { crew.roster.publisherCount == 0 }, replace: { await replace($0) }
        ) { _ in report.add(await slots()) }
        let usedAfter = (server: crew.meter?.read(), own: ServerMeter.own.read())
        report.keyFrames(await keyFrames().since(keyFramesBefore), over: held)
        await crew.pauseSending()
        report.fill(before, await crew.summary(), held: held)
        report.fill(server: used.server, usedAfter.server, own: used.own, usedAfter.own)
        await crew.setSending(true)
    }

    /// Lets the oldest participant go and another one join in its place.
    private func replace(_ number: Int) async {
        guard let oldest = crew.roster.takeOldestPublisher() else { return }
        await crew.leave(oldest) { await crew.client.delete($0) }
        await join(plan.participants + plan.observers + number, isObserver: false)
    }

    // MARK: - All fleets

    private func slots() async -> SlotSample {
        var all = SlotSample()
        for fleet in crew.fleets { all.add(await fleet.slotSample()) }
        return all
    }

    private func keyFrames() async -> KeyFrameTally {
        var all = KeyFrameTally()
        for fleet in crew.fleets { all.add(await fleet.keyFrames()) }
        return all
    }
}
