import DTLS
import Endpoint
import NodeIO
import Programs
import Wire

/// What every load consists of: the endpoints, who of them takes part, and the server that they are taken to.
struct LoadCrew: Sendable {
    /// HTTP requests that may be under way: more than any server answers at once, fewer than its backlog.
    static let requestLimit = 128
    /// What is on the way when publishers pause has arrived or is lost after this.
    static let settling = Duration.milliseconds(300)
    /// So many seconds without a packet, and the server is asked whether it is still there.
    private static let silenceLimit = 3

    let plan: LoadPlan
    /// WHIP, WHEP and conferences, and whether the server is there at all.
    let client: SignalingClient
    let meter: ServerMeter?
    let fleets: [Fleet]
    let roster = Roster()

    init(_ plan: LoadPlan) throws {
        self.plan = plan
        client = SignalingClient(plan.server, connections: Self.requestLimit, token: plan.token)
        meter = plan.serverPid.map { ServerMeter(pid: $0) }
        let certificate = try Certificate()
        fleets = try (0..<plan.threads).map { try Fleet(number: $0, certificate: certificate) }
    }

    func start() async throws {
        if let pid = plan.serverPid, meter?.read() == nil {
            await client.shutdown()
            throw LoadPlan.Failure(description: "--server-pid: there is no process \(pid).")
        }
        for fleet in fleets { try fleet.start() }
    }

    func stop() async {
        for fleet in fleets { await fleet.stop() }
        await client.shutdown()
    }

    func goesOn() -> Bool { roster.stopReason == nil }

    // MARK: - Coming and going

    /// Takes one endpoint to the server.
    ///
    /// - Parameters:
    ///   - number: spreads the endpoints over the threads.
    ///   - open: asks the server for a session with an offer.
    /// - Returns: the session, or nil if it did not come to one.
    @discardableResult
    func join(
        _ task: Fleet.Assignment, _ number: Int, asPublisher isPublisher: Bool,
        open: (String) async throws -> SignalingClient.Session
    ) async -> SignalingClient.Session? {
        let fleet = fleets[number % fleets.count]
        var seat: Fleet.Seat?
        var isAdmitted = false
        do {
            let (taken, offer) = try await fleet.add(task)
            seat = taken
            let session = try await open(offer)
            roster.admit(
                Roster.Attendee(fleet: fleet, seat: taken, session: session, publisher: task.publisher),
                asPublisher: isPublisher)
            isAdmitted = true
            try await fleet.accept(session.answer, for: taken, via: plan.via)
            return session
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
        return nil
    }

    /// Lets everybody go at the rate of the plan.
    ///
    /// - Parameter end: ends a session at the server, and says whether the server agreed.
    func leaveAll(_ end: @escaping @Sendable (SignalingClient.Session) async -> Bool) async {
        let attendees = roster.takeAll()
        // Who ends early does not want to wait.
        let perSecond = goesOn() ? plan.leaveRate : 10_000
        await Pace(perSecond: perSecond, limit: Self.requestLimit).run(attendees.count, while: { true }) {
            await leave(attendees[$0], end)
        }
    }

    /// Ends a session as a browser does: DELETE first, as the server knows no session any more after the other.
    func leave(_ attendee: Roster.Attendee, _ end: (SignalingClient.Session) async -> Bool) async {
        await attendee.fleet.expectEnd(of: attendee.seat)
        roster.noteDelete(succeeded: await end(attendee.session))
        await attendee.fleet.leave(attendee.seat)
    }

    // MARK: - Holding

    /// Lets the time of the plan pass, second by second, while others come and go as the plan wants.
    ///
    /// - Parameters:
    ///   - isDeserted: whether so few are there that the server may have gone.
    ///   - replace: lets one go and another one come.
    ///   - eachSecond: called with the number of seconds that have passed.
    /// - Returns: how long that took.
    func hold(
        received packets: Int, _ progress: inout Progress, isDeserted: () -> Bool,
        replace: @escaping @Sendable (Int) async -> Void, eachSecond: (Int) async -> Void
    ) async -> Duration {
        let start = MonotonicClock.now()
        return await withTaskGroup(of: Void.self) { group in
            if plan.churn > 0 {
                let count = Int((Double(plan.seconds) * plan.churn).rounded())
                let end = start + .seconds(plan.seconds)
                group.addTask { [plan, roster] in
                    await Pace(perSecond: plan.churn, limit: Self.requestLimit).run(
                        count, while: { roster.stopReason == nil && MonotonicClock.now() < end },
                        { await replace($0) })
                }
            }
            var received = packets
            var silence = 0
            for second in 0..<plan.seconds where goesOn() {
                progress.show(0.5 + Double(second) / Double(plan.seconds) / 2, "holding")
                let due = start + .seconds(second + 1)
                try? await Task.sleep(for: max(due - MonotonicClock.now(), .zero))
                await eachSecond(second + 1)
                let now = await summary().packetsReceived
                silence = now == received ? silence + 1 : 0
                received = now
                await watchServer(silence: silence, isDeserted: isDeserted())
            }
            return MonotonicClock.now() - start
        }
    }

    /// Ends the load when the server has ended.
    private func watchServer(silence: Int, isDeserted: Bool) async {
        if let meter, meter.read() == nil {
            roster.stop("the server's process \(meter.pid) ended during the load.")
        } else if silence >= Self.silenceLimit || isDeserted {
            guard await !client.isReachable() else { return }
            roster.stop("the server does not answer any more: it went away during the load.")
        }
    }

    // MARK: - All fleets

    /// Lets what is on the way arrive, so that nothing counts as missing that is only late.
    func pauseSending() async {
        await setSending(false)
        try? await Task.sleep(for: Self.settling)
    }

    func setSending(_ isSending: Bool) async {
        for fleet in fleets { await fleet.setSending(isSending) }
    }

    func resetLatency() async {
        for fleet in fleets { await fleet.resetLatency() }
    }

    func summary() async -> FleetSummary {
        var all = FleetSummary()
        for fleet in fleets { all.add(await fleet.summary()) }
        return all
    }

    func total(_ count: @Sendable (Fleet) async -> Int) async -> Int {
        var sum = 0
        for fleet in fleets { sum += await count(fleet) }
        return sum
    }

    func wait(for count: Int, within limit: Duration, _ current: @Sendable (Fleet) async -> Int) async {
        let end = MonotonicClock.now() + limit
        while goesOn(), await total(current) < count, MonotonicClock.now() < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
