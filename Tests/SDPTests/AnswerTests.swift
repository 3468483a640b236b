import Testing
import Wire

@testable import SDP

@Suite struct AnswerTests {
    private func local(_ sections: [LocalSection] = []) -> LocalDescription {
        LocalDescription(
            sessionID: 42, version: 7, ufrag: "node", pwd: "nodenodenodenodenodeno",
            fingerprint: Fixtures.fingerprint,
            candidates: [
                SocketAddress(ipv4: 0xC000_0201, port: 5000),
                SocketAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: 5000),
            ],
            sections: sections,
        )
    }

    private func answer(to text: String, _ policy: Negotiation.Policy, _ sections: [LocalSection] = []) throws
        -> String
    {
        try Negotiation(offer: SessionDescription(parsing: text), policy: policy).answer(local(sections))
    }

    @Test func `a publisher's offer is answered to the letter`() throws {
        let offer =
            Fixtures.short + """
                a=extmap-allow-mixed
                a=rid:h send
                a=rid:f send
                a=simulcast:send h;f
                m=application 9 UDP/DTLS/SCTP webrtc-datachannel
                a=mid:d
                """
        let print = Fixtures.fingerprint.description
        let expected = """
            v=0
            o=- 42 7 IN IP4 127.0.0.1
            s=-
            t=0 0
            a=ice-lite
            a=group:BUNDLE a v
            a=msid-semantic: WMS *
            m=audio 9 UDP/TLS/RTP/SAVPF 111
            c=IN IP4 0.0.0.0
            a=ice-ufrag:node
            a=ice-pwd:nodenodenodenodenodeno
            a=fingerprint:\(print)
            a=setup:passive
            a=mid:a
            a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
            a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
            a=recvonly
            a=rtcp-mux
            a=rtcp-rsize
            a=rtpmap:111 opus/48000/2
            a=fmtp:111 minptime=10;useinbandfec=1;stereo=1
            a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host
            a=candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host
            a=end-of-candidates
            m=video 9 UDP/TLS/RTP/SAVPF 96 97
            c=IN IP4 0.0.0.0
            a=ice-ufrag:node
            a=ice-pwd:nodenodenodenodenodeno
            a=fingerprint:\(print)
            a=setup:passive
            a=mid:v
            a=extmap-allow-mixed
            a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
            a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
            a=recvonly
            a=rtcp-mux
            a=rtpmap:96 VP8/90000
            a=rtcp-fb:96 transport-cc
            a=rtcp-fb:96 nack pli
            a=rtpmap:97 rtx/90000
            a=fmtp:97 apt=96
            a=rid:h recv
            a=rid:f recv
            a=simulcast:recv h;f
            m=application 0 UDP/DTLS/SCTP webrtc-datachannel
            c=IN IP4 0.0.0.0
            a=mid:d
            a=inactive

            """
        let text = try answer(to: offer, .publish)
        #expect(text == expected.replacing("\n", with: "\r\n"))
    }

    @Test func `a watcher is told the SSRCs of the sections that have them`() throws {
        let streams = [
            LocalSection(
                mid: "v", ssrc: 11, retransmissionSSRC: 12, cname: "room", streamID: "alice",
                trackID: "camera"
            ),
            LocalSection(
                mid: "a", ssrc: nil, retransmissionSSRC: nil, cname: "room", streamID: "alice",
                trackID: "voice"
            ),
        ]
        let text = try answer(to: Fixtures.short, .watch, streams)
        let written = try SessionDescription(parsing: text)
        #expect(written.sections[0].ssrcs == [])
        #expect(written.sections[0].msid == nil)
        #expect(written.sections[1].ssrcs == [11, 12])
        #expect(written.sections[1].fidGroups.map(\.primary) == [11])
        #expect(written.sections[1].fidGroups.map(\.rtx) == [12])
        #expect(written.sections[1].msid == "alice camera")
        #expect(text.contains("a=ssrc:12 cname:room\r\n"))
    }

    @Test(arguments: Fixtures.offers, ["publish", "watch", "echo"])
    func `an answer can be read back and says what was agreed on`(file: String, name: String) throws {
        let offer = try SessionDescription(parsing: Fixtures.offer(file))
        guard let negotiation = try? Negotiation(offer: offer, policy: policy(name)) else { return }
        let text = negotiation.answer(local())
        #expect(text.utf8.filter { $0 == 10 }.count == text.utf8.filter { $0 == 13 }.count)
        let written = try SessionDescription(parsing: text)
        #expect(written.isICELite)
        #expect(written.sections.map(\.mid) == offer.sections.map(\.mid))
        #expect(written.bundle == negotiation.sections.filter(\.isAccepted).map(\.mid))
        #expect(written.sections.map(\.isRejected) == negotiation.sections.map { !$0.isAccepted })
        #expect(written.sections.map(\.direction) == negotiation.sections.map(\.direction))
        #expect(written.sections.map(\.candidates.count).reduce(0, +) == 2)
        for (read, agreed) in zip(written.sections, negotiation.sections) where agreed.isAccepted {
            #expect(read.codecs.compactMap(\.codec) == agreed.codecs.map(\.codec))
            #expect(
                read.codecs.filter { $0.codec != nil }.map(\.retransmissionPayloadType)
                    == agreed.codecs.map(\.retransmissionPayloadType)
            )
            #expect(read.extensions == agreed.extensions)
            #expect(read.rids.map(\.id) == agreed.rids)
            #expect(read.simulcastReceive.flatMap { $0 } == agreed.rids)
            #expect(read.setup == negotiation.localSetup)
            #expect(read.port == 9 && read.hasRTCPMux)
        }
    }

    @Test func `a sender of simulcast is asked for all its encodings`() throws {
        let text = try answer(to: Fixtures.offer("b_simulcast_vp8_3rid"), .publish)
        #expect(text.contains("a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n"))
    }

    @Test func `a section without mid or BUNDLE group is answered without them`() throws {
        let offer = Fixtures.short(line: 5, nil).replacing("a=mid:a\n", with: "")
        let text = try answer(to: offer, .publish)
        #expect(!text.contains("a=group"))
        #expect(!text.contains("a=mid:0"))
        #expect(
            text.contains(
                "m=video 0 UDP/TLS/RTP/SAVPF 96 97 118\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=inactive\r\n"))
    }

    @Test func `an H264 section echoes its parameters`() throws {
        let text = try answer(to: Fixtures.offer("ffmpeg_whip_offer_h264"), .publish)
        let parameters = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001e"
        #expect(text.contains("a=fmtp:106 \(parameters)\r\na=rtpmap:105 rtx/90000\r\na=fmtp:105 apt=106\r\n"))
    }
}
