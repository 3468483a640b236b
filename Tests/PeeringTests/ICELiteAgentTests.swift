import STUN
import Testing
import Wire

@testable import Peering

@Suite struct ICELiteAgentTests {
    private static func agent() -> ICELiteAgent {
        ICELiteAgent(local: local, remoteUfrag: "remote")
    }

    /// What the agent makes of a message, and its answers.
    private static func receive(
        _ bytes: [UInt8], from source: SocketAddress = remoteAddress, by agent: inout ICELiteAgent
    ) throws -> (result: ICELiteAgent.CheckResult, answers: [(address: SocketAddress, bytes: [UInt8])]) {
        var outbox = Outbox(bytes: 4096, entryLimit: 4)
        outbox.reservePeers(1)
        let result = agent.receive(try parsed(bytes), in: bytes.span, from: source, peer: 0, into: &outbox)
        return (result, messages(outbox))
    }

    // MARK: - Answers

    @Test(arguments: [remoteAddress, SocketAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: 6000)])
    func `a check is answered with the address that it came from`(source: SocketAddress) throws {
        var agent = Self.agent()
        let (result, answers) = try Self.receive(check(transaction: 77), from: source, by: &agent)
        #expect(result == .authentic(isSelected: false, forgotten: nil))
        #expect(answers.map(\.address) == [source])
        let answer = try parsed(answers[0].bytes)
        #expect(answer.messageClass == .success)
        #expect(answer.method == STUNMessage.binding)
        #expect(answer.transactionID == TransactionID(high: 0, low: 77))
        #expect(answer.xorMappedAddress == source)
        #expect(answer.hasFingerprint)
        #expect(try isAuthentic(answers[0].bytes, local.password))
    }

    @Test func `a wrong password is answered with 401`() throws {
        var agent = Self.agent()
        let (result, answers) = try Self.receive(check(password: "some-other-password-00"), by: &agent)
        #expect(result == .dropped(.unauthenticSTUN))
        let answer = try parsed(answers[0].bytes)
        #expect(answer.messageClass == .error)
        #expect(answer.errorCode == 401)
        #expect(answer.messageIntegrity == nil)
        #expect(agent.authenticated.isEmpty)
    }

    @Test(arguments: ["otherfrg:remote", "localfr:remote", "localfrgs:remote", "localfrg", ":remote"])
    func `a user name that is not ours is answered with 400`(username: String) throws {
        var agent = Self.agent()
        let (result, answers) = try Self.receive(check(username: username), by: &agent)
        #expect(result == .dropped(.unauthenticSTUN))
        #expect(try parsed(answers[0].bytes).errorCode == 400)
    }

    @Test func `a check without integrity is answered with 400`() throws {
        var agent = Self.agent()
        let username = Array("\(local.ufrag):remote".utf8)
        var bytes = Array(check()[..<20]) + [0, 6, 0, UInt8(username.count)] + username
        while bytes.count % 4 != 0 { bytes.append(0) }
        bytes[3] = UInt8(bytes.count - 20)
        bytes[2] = 0
        let (result, answers) = try Self.receive(bytes, by: &agent)
        #expect(result == .dropped(.unauthenticSTUN))
        #expect(try parsed(answers[0].bytes).errorCode == 400)
    }

    @Test func `an attribute that must be understood is answered with 420`() throws {
        var agent = Self.agent()
        let (result, answers) = try Self.receive(checkWithUnknownAttribute(), by: &agent)
        #expect(result == .dropped(.unexpectedSTUN))
        #expect(try parsed(answers[0].bytes).errorCode == 420)
        #expect(try isAuthentic(answers[0].bytes, local.password))
        // UNKNOWN-ATTRIBUTES with one type and two bytes of padding.
        #expect(answers[0].bytes.contains([0, 0x0A, 0, 2, 0x7F, 0xFF]))
        #expect(agent.authenticated.isEmpty)
    }

    @Test func `a remote that wants to be controlled is answered with 487`() throws {
        var agent = Self.agent()
        let (result, answers) = try Self.receive(check(isControlling: false, useCandidate: true), by: &agent)
        #expect(result == .dropped(.unexpectedSTUN))
        #expect(try parsed(answers[0].bytes).errorCode == 487)
        #expect(try isAuthentic(answers[0].bytes, local.password))
        #expect(agent.selected == nil)
    }

    @Test func `what is not a request is not answered`() throws {
        var agent = Self.agent()
        let key = Array(local.password.utf8)
        let keySpan = key.span
        let indication = [UInt8](capacity: 100) { (output: inout OutputSpan<UInt8>) in
            STUNWriter.bindingIndication(transaction: TransactionID(high: 0, low: 1), into: &output)
        }
        let success = [UInt8](capacity: 100) { (output: inout OutputSpan<UInt8>) in
            STUNWriter.bindingSuccess(
                transaction: TransactionID(high: 0, low: 1), mappedAddress: remoteAddress, password: keySpan,
                into: &output)
        }
        for message in [indication, success] {
            let (result, answers) = try Self.receive(message, by: &agent)
            #expect(result == .dropped(.unexpectedSTUN))
            #expect(answers.isEmpty)
        }
    }

    // MARK: - Nomination

    @Test func `the pair nominated last is the one to send to`() throws {
        var agent = Self.agent()
        let other = remoteAddress.with(port: 6000)
        let results = try [
            Self.receive(check(), by: &agent), Self.receive(check(useCandidate: true), by: &agent),
            Self.receive(check(), from: other, by: &agent),
            Self.receive(check(useCandidate: true), from: other, by: &agent),
            Self.receive(check(), by: &agent),
        ].map(\.result)
        #expect(
            results
                == [false, true, false, true, false].map {
                    .authentic(isSelected: $0, forgotten: nil)
                })
        #expect(agent.selected == other)
        #expect(agent.authenticated == [remoteAddress, other])
        #expect(agent.isAuthenticated(remoteAddress))
        #expect(!agent.isAuthenticated(remoteAddress.with(port: 1)))
    }

    @Test func `eight addresses are remembered, the selected one among them`() throws {
        var agent = Self.agent()
        _ = try Self.receive(check(useCandidate: true), by: &agent)
        var forgotten: [UInt16?] = []
        for port in 6001...6020 as ClosedRange<UInt16> {
            let (result, _) = try Self.receive(check(), from: remoteAddress.with(port: port), by: &agent)
            if case .authentic(_, let address) = result { forgotten.append(address?.port) }
        }
        #expect(agent.selected == remoteAddress)
        #expect(agent.authenticated.map(\.port) == [5000] + Array(6014...6020))
        #expect(forgotten == [UInt16?](repeating: nil, count: 7) + Array(6001...6013))
    }

    // MARK: - Restart

    @Test func `the former credentials hold until the remote nominates with the new ones`() throws {
        var agent = Self.agent()
        _ = try Self.receive(check(useCandidate: true), by: &agent)
        agent.restart(local: renewed, remoteUfrag: "again")
        #expect(agent.local == renewed)
        #expect(agent.previous == local)
        #expect(agent.remoteUfrag == "again")
        #expect(agent.selected == remoteAddress)

        let former = try Self.receive(check(useCandidate: true), by: &agent)
        #expect(former.result == .authentic(isSelected: true, forgotten: nil))
        #expect(try isAuthentic(former.answers[0].bytes, local.password))
        #expect(agent.previous == local)

        let moved = remoteAddress.with(port: 6000)
        let plain = try Self.receive(check(renewed), from: moved, by: &agent)
        #expect(plain.result == .authentic(isSelected: false, forgotten: nil))
        #expect(try isAuthentic(plain.answers[0].bytes, renewed.password))
        #expect(agent.previous == local)

        _ = try Self.receive(check(renewed, useCandidate: true), from: moved, by: &agent)
        #expect(agent.previous == nil)
        #expect(agent.selected == moved)
        let late = try Self.receive(check(useCandidate: true), by: &agent)
        #expect(late.result == .dropped(.unauthenticSTUN))
        #expect(agent.selected == moved)
    }

    @Test func `the passwords of two generations are not mixed`() throws {
        var agent = Self.agent()
        agent.restart(local: renewed, remoteUfrag: "again")
        let mixed = try Self.receive(check(local, password: renewed.password), by: &agent)
        #expect(mixed.result == .dropped(.unauthenticSTUN))
    }
}
