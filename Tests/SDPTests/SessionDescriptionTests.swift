import Testing

@testable import SDP

@Suite struct SessionDescriptionTests {
    private func parse(_ text: String) throws -> SessionDescription { try SessionDescription(parsing: text) }

    private func expectMalformed(line: Int, _ text: String, sourceLocation: SourceLocation = #_sourceLocation)
    {
        let error = #expect(throws: SDPError.self, sourceLocation: sourceLocation) { try parse(text) }
        guard case .malformed(let blamed, let reason) = error else {
            Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
        #expect(blamed == line, sourceLocation: sourceLocation)
        #expect(reason.hasSuffix("."), sourceLocation: sourceLocation)
    }

    @Test func `sections inherit what only the session gave`() throws {
        let description = try parse(Fixtures.short)
        #expect(description.bundle == ["a", "v"])
        #expect(description.sections.map(\.iceUfrag) == ["abcd", "abcd"])
        #expect(description.sections.map(\.setup) == [.actpass, .actpass])
        #expect(description.sections.map(\.fingerprints) == [[Fixtures.fingerprint], [Fixtures.fingerprint]])
        #expect(description.sections.map(\.lineNumber) == [10, 20])
        let firefox = try parse(Fixtures.offer("firefox_offer_pub"))
        #expect(firefox.direction == .sendrecv)
        #expect(firefox.sections.map(\.direction) == [.sendonly, .sendonly])
        #expect(firefox.sections[1].fingerprints == firefox.fingerprints)
    }

    @Test func `LF and CRLF read alike, and line numbers are the same`() throws {
        expectMalformed(line: 12, Fixtures.short(line: 12, "a=mid:").replacing("\n", with: "\r\n"))
        expectMalformed(line: 12, Fixtures.short(line: 12, "a=mid:"))
    }

    @Test func `a port of 0 rejects unless the section is bundle-only`() throws {
        let firefox = try parse(Fixtures.offer("firefox_offer_pub"))
        #expect(firefox.sections.map(\.port) == [51471, 0])
        #expect(firefox.sections.map(\.isRejected) == [false, false])
        #expect(try parse(Fixtures.short(line: 10, "m=audio 0 UDP/TLS/RTP/SAVPF 111")).sections[0].isRejected)
    }

    @Test func `codec names are compared without case`() throws {
        let section = try parse(Fixtures.short.replacing("opus/48000", with: "OPUS/48000")).sections[0]
        #expect(section.codecs.map(\.name) == ["opus", "PCMU"])
        #expect(section.codecs.map(\.codec) == [.opus, nil])
        #expect(section.codecs.map(\.clockRate) == [48000, 8000])
        #expect(section.codecs.map(\.channels) == [2, 1])
    }

    @Test func `streams of a simulcast offer are read`() throws {
        let video = try parse(Fixtures.offer("b_simulcast_vp8_3rid")).sections[1]
        #expect(video.rids == ["q", "h", "f"].map { RID(id: $0, direction: .sendonly) })
        #expect(video.simulcastSend == [["q"], ["h"], ["f"]])
        #expect(video.ssrcs == [])
        #expect(video.msid == "87e6830e-9840-45c6-ad30-453b0e076cd8 d99ba51a-347b-4bb5-8443-a7416ee6873d")
        let svc = try parse(Fixtures.offer("c_vp9_svc_L3T3_KEY")).sections[1]
        #expect(svc.ssrcs == [1_540_037_987, 3_417_783_927])
        #expect(svc.fidGroups.map(\.rtx) == [3_417_783_927])
    }

    @Test func `stream and track are found on the SSRC lines of old clients`() throws {
        let text = Fixtures.short + "a=ssrc:5 cname:x\na=ssrc:5 msid:stream track\na=ssrc-group:SIM 5 6 7\n"
        let section = try parse(text).sections[1]
        #expect(section.msid == "stream track")
        #expect(section.simGroups == [[5, 6, 7]])
    }

    @Test func `candidates of kinds that are not known are passed over`() throws {
        let section = try parse(Fixtures.short + "a=candidate:\na=candidate:1 1 udp 5 x.local 9 typ host\n")
            .sections[1]
        #expect(section.candidates.map(\.host) == ["x.local"])
        #expect(section.candidates.map(\.address) == [nil])
    }

    @Test func `header extension numbers for want of better ones are passed over`() throws {
        let section = try parse(Fixtures.short(line: 13, "a=extmap:4096 urn:x")).sections[0]
        #expect(section.extensions.map(\.id) == [4])
    }

    @Test(arguments: [
        (1, "v=1"), (3, "session"), (3, "S=-"), (10, "m=audio 9"), (10, "m=audio 65536 RTP/SAVPF 0"),
        (10, "m=audio 9 RTP/SAVPF 128"), (10, "m=audio 9 RTP/SAVPF 0 0"), (10, "m=audio 9 RTP/SAVPF x"),
        (12, "a=mid:v"), (12, "a=mid:a b"), (12, "a=mid:seventeencharacte"), (13, "a=extmap:0 urn:x"),
        (13, "a=extmap:256 urn:x"), (13, "a=extmap:1"), (13, "a=extmap:1/up urn:x"),
        (18, "a=rtpmap:128 opus/48000/2"), (18, "a=rtpmap:111 opus"), (18, "a=rtpmap:111 opus/fast"),
        (19, "a=fmtp:x minptime=10"), (28, "a=rtcp-fb:300 nack"), (33, "a=rtpmap:96 VP9/90000"),
        (33, "a=ssrc:4294967296 cname:x"), (33, "a=ssrc-group:FID 1"), (33, "a=rid:q"), (33, "a=rid:q up"),
        (33, "a=rid:a~b send"), (33, "a=simulcast:send"), (33, "a=simulcast:send q send h"),
        (6, "a=fingerprint:sha-256 AA"),
        (33, "a=simulcast:send q!"), (33, "a=\u{7F}"), (33, "a=x\0y"), (33, "=x"),
    ])
    func `a line that breaks the grammar is named`(line: Int, text: String) {
        // Of two m-lines with one mid the second is to blame, and of two meanings of a number too.
        let blamed = text == "a=mid:v" ? 22 : line
        expectMalformed(line: blamed, Fixtures.short(line: line, text))
    }

    @Test func `one number for two header extensions is named where it is taken again`() {
        expectMalformed(line: 14, Fixtures.short(line: 14, "a=extmap:1 urn:x"))
        expectMalformed(line: 23, Fixtures.short(line: 23, "a=extmap:1 urn:x"))
        #expect(throws: Never.self) {
            try parse(Fixtures.short(line: 23, "a=extmap:1 urn:x").replacing("BUNDLE a v", with: "BUNDLE v"))
        }
    }

    @Test func `too much is refused`() {
        expectMalformed(line: 0, "v=0\r\n" + String(repeating: "a=x\r\n", count: 60_000))
        expectMalformed(line: 1026, "v=0\n" + String(repeating: "m=audio 9 RTP/SAVPF 0\n", count: 1025))
        let sources = (1...65).map { "a=ssrc:\($0) cname:x\n" }.joined()
        #expect(throws: SDPError.unacceptable(line: 98, reason: "An m-line may have at most 64 SSRCs.")) {
            try parse(Fixtures.short + sources)
        }
    }

    @Test(arguments: ["", "\n", "\r\n\r\n"])
    func `nothing is no description`(text: String) {
        expectMalformed(line: 1, text)
    }

    @Test func `an unknown setup is unacceptable`() {
        #expect(
            throws: SDPError.unacceptable(
                line: 9, reason: "a=setup is \"holdconn\"; it has to be actpass, active or passive."
            )
        ) { try parse(Fixtures.short(line: 9, "a=setup:holdconn")) }
    }
}
