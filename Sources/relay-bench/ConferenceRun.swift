import DTLS
import Endpoint
import NodeIO
import Programs
import Wire

/// One load of a conference from the first join to the report.
struct ConferenceRun: Sendable {
    private static let requestLimit = 128
    private static let settling = Duration.milliseconds(300)
    private static let silenceLimit = 3
    /// After the last join the key frames that it has cost are made.
    private static let stormEnd = Duration.seconds(2)

    private let plan: ConferencePlan
    private let client: SignalingClient
    private let meter: ServerMeter?
    private let fleets: [Fleet]
    private let roster = Roster()

    init(_ plan: ConferencePlan) throws {
        self.plan = plan
        client = SignalingClient(
            plan.common.server, connections: Self.requestLimit, token: plan.common.token)
        meter = plan.common.serverPid.map { ServerMeter(pid: $0) }
        let certificate = try Certificate()
        fleets = try (0..<plan.common.threads).map { try Fleet(number: $0, certificate: certificate) }
    }

    func run() async throws -> ConferenceReport {
        if let pid = plan.common.serverPid, meter?.read() == nil {
            await client.shutdown()
            throw LoadPlan.Failure(description: "--server-pid: there is no process \(pid).")
        }
        for fleet in fleets { try fleet.start() }
        let interruption = Interruption { [roster] in roster.stop("interrupted") }
        defer { interruption.end() }
        var progress = Progress("load")
        var report = ConferenceReport(plan)
        report.memory(idle: meter?.read())

        await withTaskGroup(of: Void.self) { group in
            group.addTask { await speakInTurn() }
            let start = MonotonicClock.now()
            await joinAll(&progress)
            report.joinSeconds = (MonotonicClock.now() - start).inSeconds
            if goesOn() { await settle(&progress) }
            report.storm(await keyFrames())
            await hold(&progress, &report)
            group.cancelAll()
        }

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

    /// Participants first, then those who only look on.
    private func joinAll(_ progress: inout Progress) async {
        let count = plan.participants + plan.observers
        await Pace(perSecond: plan.common.joinRate, limit: Self.requestLimit).run(
            count, while: goesOn,
            progress: { progress.show(Double($0) / Double(max(count, 1)) / 2, "\($0) of \(count) join") }
        ) { number in
            await join(number, isObserver: number >= plan.participants)
        }
        if goesOn(), roster.publisherCount == 0 {
            roster.stop(roster.firstFailure ?? "nobody could join.")
        }
    }

    /// Waits until all who joined are connected and pictures come, and until a storm of joins is over.
    private func settle(_ progress: inout Progress) async {
        progress.show(0.5, "connecting")
        let end = MonotonicClock.now() + Self.stormEnd
        let present = roster.publisherCount + roster.subscriberCount
        await wait(for: present, within: .seconds(10)) { await $0.connectedCount() }
        if goesOn(), await total({ await $0.connectedCount() }) == 0 {
            roster.stop(
                "nobody connected within 10 s: check the server's UDP port and its advertised address.")
        }
        await wait(for: present, within: .seconds(3)) { await $0.readyCount() }
        while goesOn(), MonotonicClock.now() < end { try? await Task.sleep(for: .milliseconds(20)) }
    }

    /// Takes one endpoint into the conference and asks for the sizes of its slots.
    private func join(_ number: Int, isObserver: Bool) async {
        let fleet = fleets[number % fleets.count]
        let task = plan.task(number, isObserver: isObserver)
        var seat: Fleet.Seat?
        var isAdmitted = false
        do {
            let (taken, offer) = try await fleet.add(task)
            seat = taken
            let session = try await client.join(
                offer, room: plan.common.room, participant: plan.common.participant(number))
            roster.admit(
                Roster.Attendee(fleet: fleet, seat: taken, session: session, publisher: number),
                asPublisher: !isObserver)
            isAdmitted = true
            try await fleet.accept(session.answer, for: taken, via: plan.common.via)
            let control = try plan.control(for: task.settings)
            roster.noteControl(succeeded: await client.control(session, control))
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

    /// Lets one after the other speak.
    private func speakInTurn() async {
        var speaking: Roster.Attendee?
        while goesOn(), !Task.isCancelled {
            if let next = roster.randomPublisher() {
                if let speaking {
                    await speaking.fleet.setAudioLevel(ConferencePlan.silenceLevel, of: speaking.seat)
                }
                await next.fleet.setAudioLevel(ConferencePlan.speechLevel, of: next.seat)
                speaking = next
            }
            let pause = speaking == nil ? .milliseconds(100) : plan.speakInterval
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    private func hold(_ progress: inout Progress, _ report: inout ConferenceReport) async {
        for fleet in fleets { await fleet.resetLatency() }
        let before = await summary()
        let keyFramesBefore = await keyFrames()
        let used = (server: meter?.read(), own: ServerMeter.own.read())
        let start = MonotonicClock.now()
        let roster = roster
        let plan = plan

        await withTaskGroup(of: Void.self) { group in
            if plan.common.churn > 0 {
                let count = Int((Double(plan.common.seconds) * plan.common.churn).rounded())
                let end = start + .seconds(plan.common.seconds)
                group.addTask {
                    await Pace(perSecond: plan.common.churn, limit: Self.requestLimit).run(
                        count, while: { roster.stopReason == nil && MonotonicClock.now() < end }
                    ) { await replace($0) }
                }
            }
            var received = before.packetsReceived
            var silence = 0
            for second in 0..<plan.common.seconds where goesOn() {
                progress.show(0.5 + Double(second) / Double(plan.common.seconds) / 2, "holding")
                let due = start + .seconds(second + 1)
                try? await Task.sleep(for: max(due - MonotonicClock.now(), .zero))
                report.add(await slots())
                let now = await summary().packetsReceived
                silence = now == received ? silence + 1 : 0
                received = now
                await watchServer(silence: silence)
            }
            let held = MonotonicClock.now() - start
            let usedAfter = (server: meter?.read(), own: ServerMeter.own.read())
            report.keyFrames(keyFramesBefore, await keyFrames(), over: held)
            // What is on the way arrives, so that nothing counts as missing that is only late.
            await setSending(false)
            try? await Task.sleep(for: Self.settling)
            report.fill(before, await summary(), heldSeconds: held.inSeconds)
            report.fill(used.server, usedAfter.server, own: used.own, usedAfter.own)
            await setSending(true)
        }
    }

    /// Ends the load when the server has ended.
    private func watchServer(silence: Int) async {
        if let meter, meter.read() == nil {
            roster.stop("the server's process \(meter.pid) ended during the load.")
        } else if silence >= Self.silenceLimit || roster.publisherCount == 0 {
            guard await !client.isReachable() else { return }
            roster.stop("the server does not answer any more: it went away during the load.")
        }
    }

    /// Lets the oldest participant go and another one join in its place.
    private func replace(_ number: Int) async {
        guard let oldest = roster.takeOldestPublisher() else { return }
        await leave(oldest)
        await join(plan.participants + plan.observers + number, isObserver: false)
    }

    // MARK: - Leaving

    private func leave(_ attendees: [Roster.Attendee]) async {
        // Who ends early does not want to wait.
        let perSecond = goesOn() ? plan.common.leaveRate : 10_000
        await Pace(perSecond: perSecond, limit: Self.requestLimit).run(attendees.count, while: { true }) {
            await leave(attendees[$0])
        }
    }

    private func leave(_ attendee: Roster.Attendee) async {
        await attendee.fleet.expectEnd(of: attendee.seat)
        roster.noteDelete(succeeded: await client.delete(attendee.session))
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

    private func slots() async -> SlotSample {
        var all = SlotSample()
        for fleet in fleets { all.add(await fleet.slotSample()) }
        return all
    }

    private func keyFrames() async -> [UInt32: Int] {
        var all: [UInt32: Int] = [:]
        for fleet in fleets { all.merge(await fleet.keyFrames()) { $1 } }
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
