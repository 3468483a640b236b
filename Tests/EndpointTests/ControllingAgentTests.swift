import Impairment
import STUN
import Testing
import Wire

@testable import Endpoint

@Suite struct ControllingAgentTests {
    private static let relay = SocketAddress(ipv4: 0xC000_0201, port: 3478)
    private static let client = SocketAddress(ipv4: 0xC000_0202, port: 5000)
    private static let local = ICECredentials(ufrag: "aaaa", password: "aaaaaaaaaaaaaaaaaaaaaaaa")
    private static let remote = ICECredentials(ufrag: "bbbbbbbb", password: "bbbbbbbbbbbbbbbbbbbbbbbb")
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private func started() -> ControllingAgent {
        var agent = ControllingAgent(local: Self.local, tieBreaker: 1)
        agent.start(remote: Self.remote, target: Self.relay, at: Self.start)
        return agent
    }

    /// The checks that an agent sends by `now`.
    private func checks(of agent: inout ControllingAgent, at now: Instant) throws -> [[UInt8]] {
        var generator = SplitMix64(seed: UInt64(bitPattern: now.nanoseconds))
        var outbox = Outbox(bytes: 1 << 16, entryLimit: 8)
        agent.advance(to: now, slot: nil, using: &generator, into: &outbox)
        var sent: [[UInt8]] = []
        outbox.forEachDatagram { _, bytes in
            sent.append([UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) })
        }
        return sent
    }

    private func answer(to check: [UInt8], password: String = remote.password) throws -> [UInt8] {
        let request = try STUNMessage(parsing: check.span)
        let key = Array(password.utf8)
        return [UInt8](capacity: STUNWriter.maximumLength) { output in
            STUNWriter.bindingSuccess(
                transaction: request.transactionID, mappedAddress: Self.client, password: key.span,
                into: &output)
        }
    }

    private func receive(
        _ bytes: [UInt8], by agent: inout ControllingAgent, from source: SocketAddress = relay,
        at now: Instant
    ) throws -> ControllingAgent.Reception {
        let message = try STUNMessage(parsing: bytes.span)
        return agent.receive(message, in: bytes.span, from: source, at: now)
    }

    @Test func `a check nominates and is authentic with the relay's password`() throws {
        var agent = started()
        let sent = try checks(of: &agent, at: Self.start)
        #expect(sent.count == 1)
        let bytes = sent[0]
        let check = try STUNMessage(parsing: bytes.span)
        #expect(check.messageClass == .request && check.useCandidate && check.iceControlling == 1)
        #expect(check.hasFingerprint)
        let key = Array(Self.remote.password.utf8)
        let isAuthentic = check.isAuthentic(bytes.span, password: key.span)
        #expect(isAuthentic)
    }

    @Test func `an answer nominates the pair once and tells our address`() throws {
        var agent = started()
        let first = try checks(of: &agent, at: Self.start)
        let later = Self.start + .milliseconds(30)
        guard case .nominated = try receive(answer(to: first[0]), by: &agent, at: later) else {
            Issue.record("not nominated")
            return
        }
        #expect(agent.isNominated && agent.roundTrip == .milliseconds(30))
        #expect(agent.mappedAddress == Self.client)
        #expect(agent.deadline == later + .milliseconds(2500))
        guard case .ignored = try receive(answer(to: first[0]), by: &agent, at: later) else {
            Issue.record("an answer counts twice")
            return
        }
    }

    @Test func `forged answers are ignored`() throws {
        var agent = started()
        let sent = try checks(of: &agent, at: Self.start)
        let forged = try answer(to: sent[0], password: "cccccccccccccccccccccccc")
        guard case .ignored = try receive(forged, by: &agent, at: Self.start),
            case .ignored = try receive(answer(to: sent[0]), by: &agent, from: Self.client, at: Self.start)
        else {
            Issue.record("a forged answer was taken")
            return
        }
        #expect(!agent.isNominated && agent.ignored == 2)
    }

    @Test func `an unanswered check is repeated at growing intervals until consent ends`() throws {
        var agent = started()
        var times: [Duration] = []
        while let due = agent.deadline, !agent.hasLostConsent(at: due) {
            #expect(try checks(of: &agent, at: due).count == 1)
            times.append(due - Self.start)
        }
        #expect(Array(times.prefix(6)) == [0, 100, 300, 700, 1500, 3100].map { .milliseconds($0) })
        #expect(times.count == 22)
        #expect(agent.hasLostConsent(at: Self.start + .seconds(30)))
        #expect(!agent.hasLostConsent(at: Self.start + .milliseconds(29_999)))
    }

    @Test func `a restart checks with the new credentials only`() throws {
        var agent = started()
        let old = try checks(of: &agent, at: Self.start)
        agent.restart(local: ICECredentials(ufrag: "cccc", password: "cccccccccccccccccccccccc"))
        agent.start(
            remote: ICECredentials(ufrag: "dddddddd", password: "dddddddddddddddddddddddd"),
            target: Self.relay, at: Self.start + .seconds(1))
        guard case .ignored = try receive(answer(to: old[0]), by: &agent, at: Self.start + .seconds(1)) else {
            Issue.record("an answer to a former check was taken")
            return
        }
        let new = try checks(of: &agent, at: Self.start + .seconds(1))
        let bytes = new[0]
        let message = try STUNMessage(parsing: bytes.span)
        let username = message.usernameParts(in: bytes.span)
        let parts = try #require(username)
        #expect(String(decoding: parts.local.map { bytes[$0] }, as: UTF8.self) == "dddddddd")
        #expect(String(decoding: parts.remote.map { bytes[$0] }, as: UTF8.self) == "cccc")
    }
}
