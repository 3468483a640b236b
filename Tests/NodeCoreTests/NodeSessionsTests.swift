import Peering
import SDP
import STUN
import Testing
import Wire

@testable import NodeCore

@Suite struct NodeSessionsTests {
    private static let alice = ParticipantID("alice")
    private static let restart = """
        a=ice-ufrag:NEWu\r
        a=ice-pwd:new-password-of-remote\r
        m=audio 9 UDP/TLS/RTP/SAVPF 0\r
        a=mid:0\r
        a=candidate:1 1 udp 2122194687 192.0.2.2 41427 typ host\r

        """.replacing("new-password-of-remote", with: "newPasswordOfTheRemote")

    // MARK: - Opening

    @Test(arguments: Fixtures.publishing)
    func `a publisher is answered`(file: String) throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: Self.alice), file)
        let offer = try SessionDescription(parsing: Fixtures.offer(file))
        let written = try SessionDescription(parsing: answer.sdp)
        #expect(answer.participant == Self.alice)
        #expect(answer.id.description.hasPrefix("3-"))
        #expect(answer.id.description.utf8.count == 26)
        #expect(values("a=ice-ufrag:", in: answer.sdp).first == answer.etag)
        #expect(written.isICELite)
        #expect(written.sections.map(\.mid) == offer.sections.map(\.mid))
        #expect(written.sections.allSatisfy { !$0.direction.sends && $0.ssrcs.isEmpty })
        #expect(values("a=candidate:", in: answer.sdp) == ["1 1 udp 2130706431 192.0.2.1 40000 typ host"])
        let accepted = written.sections.count { $0.direction.receives }
        #expect(accepted > 0)
        let contents = bench.contents()
        #expect(contents == [1, 0, 0, 1, 1, accepted, 0, 1, 1, 1])
    }

    @Test(arguments: Fixtures.watching)
    func `a watcher is answered`(file: String) throws {
        var bench = try Bench()
        let answer = try bench.open(.watch(nil), file)
        let written = try SessionDescription(parsing: answer.sdp)
        #expect(answer.participant == nil)
        let sending = written.sections.filter { $0.direction.sends }
        #expect(written.sections.allSatisfy { !$0.direction.receives })
        #expect(sending.count > 0)
        #expect(sending.allSatisfy { !$0.ssrcs.isEmpty })
        let ssrcs = sending.flatMap(\.ssrcs)
        #expect(Set(ssrcs).count == ssrcs.count)
        let contents = bench.contents()
        #expect(contents == [0, 1, 0, 1, 1, 0, sending.count, 1, 1, 1])
    }

    @Test func `an echo has tracks both ways`() throws {
        var bench = try Bench()
        let answer = try bench.open(.echo, "a_sendrecv_av")
        #expect(values("a=sendrecv", in: answer.sdp).count == 2)
        let contents = bench.contents()
        #expect(contents == [0, 0, 1, 1, 1, 2, 2, 1, 1, 1])
    }

    @Test func `a publisher without a name gets one`() throws {
        var bench = try Bench()
        let first = try bench.open(.publish(as: nil), "a_sendrecv_av")
        let second = try bench.open(.publish(as: nil), "a_sendrecv_av")
        #expect(first.participant?.description.hasPrefix("p-") == true)
        #expect(first.participant != second.participant)
        #expect(first.id != second.id)
        #expect(first.etag != second.etag)
    }

    @Test(arguments: [
        ("", "malformed"), ("v=0\r\nnonsense\r\n", "malformed"), ("f_datachannel", "unacceptable"),
        ("d_12v_3a_recvonly", "unacceptable"),
    ])
    func `an offer that cannot be used leaves nothing behind`(offer: String, kind: String) throws {
        var bench = try Bench()
        let text = offer.contains("_") ? try Fixtures.offer(offer) : offer
        var found = ""
        do {
            try bench.open(.publish(as: Self.alice), offer: text)
        } catch SessionError.malformedSDP(let line, let reason) {
            found = line >= 0 && !reason.isEmpty ? "malformed" : ""
        } catch SessionError.unacceptableSDP(let line, let reason) {
            found = line >= 0 && !reason.isEmpty ? "unacceptable" : ""
        }
        #expect(found == kind)
        let contents = bench.contents()
        #expect(contents == [Int](repeating: 0, count: 10))
        #expect(bench.node.deadline == nil)
        #expect(bench.node.counters.sessionsOpened == 0)
    }

    @Test func `a name is taken once in a room`() throws {
        var bench = try Bench()
        let first = try bench.open(.publish(as: Self.alice), "a_sendrecv_av")
        let before = bench.contents()
        var refusal: SessionError?
        do { try bench.open(.publish(as: Self.alice), "a_sendrecv_av") } catch {
            refusal = error as? SessionError
        }
        let after = bench.contents()
        #expect(refusal == Self.alice.map { .participantTaken($0) })
        #expect(before == after)
        try bench.open(.publish(as: Self.alice), in: "another", "a_sendrecv_av")
        try bench.close(first.id)
        let again = try bench.open(.publish(as: Self.alice), "a_sendrecv_av")
        #expect(again.participant == Self.alice)
    }

    @Test(arguments: [
        (NodeConfiguration.Limits(sessions: 2), "This node takes 2 sessions.", 30),
        (.init(sessionsPerRoom: 2), "The room room takes 2 sessions.", 30),
        (.init(handshakes: 2), "This node lets 2 sessions connect at a time.", 5),
    ])
    func `limits hold`(limits: NodeConfiguration.Limits, what: String, seconds: Int) throws {
        var bench = try Bench(limits)
        let first = try bench.open(.publish(as: nil), "a_sendrecv_av")
        try bench.open(.watch(nil), "d_12v_3a_recvonly")
        let before = bench.contents()
        var refusal: SessionError?
        do { try bench.open(.watch(nil), "d_12v_3a_recvonly") } catch { refusal = error as? SessionError }
        #expect(refusal == .limitReached(what: what, retryAfter: .seconds(seconds)))
        let after = bench.contents()
        #expect(before == after)
        try bench.close(first.id)
        try bench.open(.watch(nil), "d_12v_3a_recvonly")
    }

    // MARK: - Closing

    @Test func `what was opened is gone when it is closed`() throws {
        var bench = try Bench()
        let answers = try [
            bench.open(.publish(as: Self.alice), "b_simulcast_vp8_3rid"),
            bench.open(.watch(Self.alice), "d_12v_3a_recvonly"),
            bench.open(.echo, in: "echo", "a_sendrecv_av"),
        ]
        _ = bench.receive(try check(answers[0].sdp))
        for answer in answers { try bench.close(answer.id) }
        let contents = bench.contents()
        #expect(contents == [Int](repeating: 0, count: 10))
        #expect(bench.node.counters.sessionsClosed == ["requested": 3])
        bench.advance(to: 100)
        #expect(bench.node.deadline == nil)
    }

    @Test func `a session that is not there cannot be closed or changed`() throws {
        var bench = try Bench()
        let answer = try bench.open(.watch(nil), "d_12v_3a_recvonly")
        try bench.close(answer.id)
        var refusals: [SessionError?] = []
        do { try bench.close(answer.id) } catch { refusals.append(error as? SessionError) }
        do { _ = try bench.patch(answer.id, etag: nil, "") } catch { refusals.append(error as? SessionError) }
        #expect(refusals == [.unknownSession, .unknownSession])
    }

    @Test func `a session that nobody connects to ends after 30 seconds`() throws {
        var bench = try Bench()
        try bench.open(.watch(nil), "d_12v_3a_recvonly")
        bench.advance(to: 29_990)
        #expect(bench.node.sessionCount == 1)
        bench.advance(to: 30_000)
        let contents = bench.contents()
        #expect(contents == [Int](repeating: 0, count: 10))
        #expect(bench.node.counters.sessionsClosed == ["unreachable": 1])
    }

    @Test func `a shutdown ends all sessions`() throws {
        var bench = try Bench()
        for room in ["a", "b"] {
            try bench.open(.publish(as: Self.alice), in: room, "a_sendrecv_av")
            try bench.open(.watch(nil), in: room, "d_12v_3a_recvonly")
        }
        bench.node.shutDown(at: bench.now, into: &bench.outbox)
        let contents = bench.contents()
        #expect(contents == [Int](repeating: 0, count: 10))
        #expect(bench.node.counters.sessionsClosed == ["shutdown": 4])
    }

    @Test func `events tell what happened`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: Self.alice), "a_sendrecv_av")
        try bench.close(answer.id)
        let events = bench.node.takeEvents()
        let kinds = events.map { event in
            switch event.kind {
            case .opened: "opened"
            case .closed(let reason): reason.label
            case .connected, .trackStarted: "other"
            }
        }
        #expect(kinds == ["opened", "requested"])
        #expect(events.map(\.session) == [answer.id, answer.id])
        #expect(events.map(\.participant) == [Self.alice, Self.alice])
        let more = bench.node.takeEvents()
        #expect(more.isEmpty)
    }

    // MARK: - Rooms

    @Test func `a room is described`() throws {
        var bench = try Bench()
        try bench.open(.publish(as: Self.alice), "a_sendrecv_av")
        try bench.open(.watch(nil), "d_12v_3a_recvonly")
        try bench.open(.watch(Self.alice), "d_12v_3a_recvonly")
        let room = try bench.describe("room")
        let id = try #require(Self.alice)
        #expect(
            room
                == RoomDescription(
                    participants: [
                        .init(
                            id: id,
                            tracks: [.init(kind: "audio", codec: nil), .init(kind: "video", codec: nil)],
                            isConnected: false)
                    ], watchers: 2))
        var refusal: SessionError?
        do { _ = try bench.describe("elsewhere") } catch { refusal = error as? SessionError }
        #expect(refusal == .unknownRoom)
    }

    // MARK: - Patching

    @Test func `candidates are taken note of`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        let fragment = "a=mid:0\r\na=candidate:1 1 udp 2122194687 192.0.2.2 41427 typ host\r\n"
        guard case .accepted = try bench.patch(answer.id, etag: answer.etag, fragment) else {
            Issue.record("candidates restarted ICE")
            return
        }
    }

    @Test func `an old entity tag is refused with the current one`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        var refusal: SessionError?
        do { _ = try bench.patch(answer.id, etag: "old", Self.restart) } catch {
            refusal = error as? SessionError
        }
        #expect(refusal == .etagMismatch(current: answer.etag))
        #expect(bench.node.sessionsByUfrag.count == 1)
    }

    @Test func `the credentials of the offer are no restart`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        let same = "a=ice-ufrag:ooZw\r\na=ice-pwd:EmAXxnPzMBbFzOQHfFyDUNbl\r\n"
        guard case .accepted = try bench.patch(answer.id, etag: nil, same) else {
            Issue.record("the same credentials restarted ICE")
            return
        }
    }

    @Test func `a fragment that cannot be used changes nothing`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        var refusal: SessionError?
        do {
            _ = try bench.patch(answer.id, etag: answer.etag, "a=ice-ufrag:ab\r\n")
        } catch { refusal = error as? SessionError }
        guard case .unacceptableSDP(1, _) = refusal else {
            Issue.record("a user fragment of two letters was taken: \(String(describing: refusal))")
            return
        }
        let checked = bench.receive(try check(answer.sdp))
        #expect(checked.count == 1)
    }

    @Test func `a restart gives new credentials, and the former ones end with its nomination`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        guard case .restarted(let fragment, let etag) = try bench.patch(answer.id, etag: nil, Self.restart)
        else {
            Issue.record("no restart")
            return
        }
        #expect(etag != answer.etag)
        #expect(values("a=ice-ufrag:", in: fragment) == [etag])
        #expect(values("a=mid:", in: fragment) == ["0"])
        #expect(values("a=candidate:", in: fragment) == ["1 1 udp 2130706431 192.0.2.1 40000 typ host"])
        let former = bench.receive(try check(answer.sdp))
        let plain = bench.receive(try check(fragment, useCandidate: false))
        #expect([former.count, plain.count] == [1, 1])
        #expect(bench.node.sessionsByUfrag.count == 2)
        let nominated = bench.receive(try check(fragment))
        #expect(nominated.count == 1)
        #expect(bench.node.sessionsByUfrag.count == 1)
        let late = bench.receive(try check(answer.sdp))
        #expect(late.isEmpty)
        #expect(bench.node.counters.drops[.unknownUsername] == 1)
    }

    @Test func `restarts without nominations leave two credentials`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        for index in 0..<5 {
            _ = try bench.patch(answer.id, etag: nil, Self.restart.replacing("NEWu", with: "NEW\(index)"))
        }
        #expect(bench.node.sessionsByUfrag.count == 2)
        try bench.close(answer.id)
        let contents = bench.contents()
        #expect(contents == [Int](repeating: 0, count: 10))
    }
}
