import Testing
import Wire

@testable import SDP

@Suite struct TrickleFragmentTests {
    @Test func `candidates are kept by mid`() throws {
        let fragment = try TrickleFragment(
            parsing: """
                a=ice-ufrag:EsAw
                a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
                m=audio 9 RTP/AVP 0
                a=mid:0
                a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
                a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0
                m=video 9 RTP/AVP 0
                a=mid:1
                a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61766 typ host
                a=end-of-candidates
                """
        )
        #expect(fragment.ufrag == "EsAw")
        #expect(fragment.pwd == "P2uYro0UCOQ4zxjKXaWCBui1")
        #expect(fragment.candidates.mapValues { $0.map(\.port) } == ["0": [61764, 61765], "1": [61766]])
        #expect(fragment.endOfCandidates)
    }

    @Test func `credentials may be missing, and may stand under an m-line`() throws {
        let bare = try TrickleFragment(parsing: "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n")
        #expect(bare.ufrag == nil && bare.pwd == nil && bare.candidates.isEmpty && !bare.endOfCandidates)
        let under = try TrickleFragment(parsing: "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=ice-ufrag:abcd\r\n")
        #expect(under.ufrag == "abcd")
    }

    @Test func `errors name the line`() {
        #expect(
            throws: SDPError.unacceptable(
                line: 2, reason: "a=ice-ufrag has 3 characters; 4 to 256 are allowed."
            )
        ) { try TrickleFragment(parsing: "a=ice-lite\na=ice-ufrag:abc\n") }
        #expect(
            throws: SDPError.malformed(
                line: 1, reason: "The line \"{}\" is not of the form x=value with one lower-case letter x."
            )
        ) { try TrickleFragment(parsing: "{}") }
    }

    @Test func `a restart is answered with credentials and candidates`() throws {
        let text = TrickleFragment.restartAnswer(
            ufrag: "node", pwd: "nodenodenodenodenodeno",
            candidates: [SocketAddress(ipv4: 0xC000_0201, port: 5000)],
            mid: "a"
        )
        let expected = """
            a=ice-lite
            a=ice-ufrag:node
            a=ice-pwd:nodenodenodenodenodeno
            m=audio 9 UDP/TLS/RTP/SAVPF 0
            a=mid:a
            a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host
            a=end-of-candidates

            """
        #expect(text == expected.replacing("\n", with: "\r\n"))
        #expect(try TrickleFragment(parsing: text).candidates["a"]?.count == 1)
    }
}

@Suite struct OfferBuilderTests {
    @Test func `what is built is what the node agrees on`() throws {
        let high = Codec.h264(H264Format(packetizationMode: 1, profile: .constrainedHigh))
        let builder = OfferBuilder(
            ufrag: "load", pwd: "loadloadloadloadloadlo", fingerprint: Fixtures.fingerprint,
            sections: [
                .init(
                    kind: .audio, mid: "0", direction: .sendonly, codecs: [(111, .opus, nil)],
                    extensions: [(4, .mid), (1, .audioLevel)], ssrc: 7
                ),
                .init(
                    kind: .video, mid: "1", direction: .sendonly,
                    codecs: [
                        (96, .vp8, 97), (98, .vp9(profile: 0), 99), (102, high, nil),
                        (45, .av1(profile: 0), 46),
                    ],
                    extensions: [(4, .mid), (3, .transportWideCC), (10, .rid)], ssrc: 8, rtxSSRC: 9,
                    rids: ["l", "h"]
                ),
            ]
        )
        let negotiation = try Negotiation(offer: SessionDescription(parsing: builder.text), policy: .publish)
        #expect(
            negotiation.sections.map(summary) == [
                "0 recvonly; opus=111; ext 4,1; ssrc 1",
                "1 recvonly; VP8=96/97 VP9.0=98/99 H264.1constrainedHigh=102 AV1.0=45/46; ext 4,3,10; ssrc 2; rid l,h",
            ]
        )
        #expect(negotiation.sections[1].fidGroups.map(\.rtx) == [9])
        #expect(negotiation.sections[1].codecs[0].feedback == [.transportCC, .fir, .nack, .pli])
        #expect(negotiation.remoteSetup == .actpass)
    }
}
