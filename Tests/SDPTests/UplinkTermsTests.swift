import Testing
import Wire

@testable import SDP

@Suite struct UplinkTermsTests {
    private func answer(
        to text: String, _ base: Negotiation.Policy = .publish, _ uplink: UplinkTerms = .weak
    ) throws -> [String] {
        var policy = base
        policy.uplink = uplink
        let negotiation = try Negotiation(offer: SessionDescription(parsing: text), policy: policy)
        let local = LocalDescription(
            sessionID: 1, version: 1, ufrag: "node", pwd: "nodenodenodenodenodeno",
            fingerprint: Fixtures.fingerprint, candidates: [], sections: [])
        return negotiation.answer(local).split(separator: "\r\n").map { String($0) }
    }

    @Test func `a weak uplink is asked for little video and for sound in long packets with pauses`() throws {
        let lines = try answer(to: Fixtures.offer("a_sendrecv_av"))
        let audio = try #require(lines.firstIndex { $0.hasPrefix("m=audio") })
        let video = try #require(lines.firstIndex { $0.hasPrefix("m=video") })
        let sections = [lines[audio..<video], lines[video...]]
        #expect(sections[0].contains("a=ptime:60"))
        let parameters = sections[0].filter { $0.hasPrefix("a=fmtp:") }
        let asked = "useinbandfec=1;maxaveragebitrate=16000;usedtx=1;ptime=60"
        #expect(parameters.allSatisfy { $0.hasSuffix(asked) })
        #expect(!parameters.isEmpty && !sections[0].contains { $0.hasPrefix("b=") })
        // RFC 8866 section 5: b= stands between c= and the attributes.
        let connection = try #require(sections[1].firstIndex { $0.hasPrefix("c=") })
        #expect(lines[connection + 1...connection + 2] == ["b=AS:60", "b=TIAS:50000"])
        #expect(!sections[1].contains { $0.hasPrefix("a=ptime") })
    }

    @Test func `others are asked for nothing`() throws {
        let lines = try answer(to: Fixtures.offer("a_sendrecv_av"), .publish, .unlimited)
        #expect(!lines.contains { $0.hasPrefix("b=") || $0.hasPrefix("a=ptime") || $0.contains("usedtx") })
    }

    @Test func `of simulcast the first encoding is taken, and the others are refused`() throws {
        let lines = try answer(to: Fixtures.offer("b_simulcast_vp8_3rid"))
        let rids = lines.filter { $0.hasPrefix("a=rid:") }
        #expect(rids.count == 1)
        let first = try #require(rids.first?.dropFirst("a=rid:".count).prefix { $0 != " " })
        #expect(lines.contains("a=simulcast:recv \(first)"))
        let offered = try Fixtures.offer("b_simulcast_vp8_3rid").split(separator: "\r\n")
            .first { $0.hasPrefix("a=simulcast:send ") }
        #expect(offered?.dropFirst("a=simulcast:send ".count).prefix { $0 != ";" } == first)
    }

    @Test func `what the node sends is not limited by it`() throws {
        let lines = try answer(to: Fixtures.offer("d_12v_3a_recvonly"), .watch)
        #expect(!lines.contains { $0.hasPrefix("b=") || $0.hasPrefix("a=ptime") })
    }

    @Test func `an offer that limits Opus itself is asked for the same once`() throws {
        let offer = Fixtures.short.replacing(
            "a=fmtp:111 minptime=10;useinbandfec=1",
            with: "a=fmtp:111 minptime=10;maxaveragebitrate=64000;useinbandfec=1;usedtx=0")
        let lines = try answer(to: offer)
        #expect(
            lines.contains("a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=16000;usedtx=1;ptime=60"))
    }
}
