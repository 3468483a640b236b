import Testing

@testable import SDP

/// The outcome of one of the fixtures, a line per section.
struct FixtureOutcome: CustomTestStringConvertible {
    let file: String
    let policy: String
    let sections: [String]

    var testDescription: String { "\(file) \(policy)" }
}

func policy(_ name: String) -> Negotiation.Policy {
    switch name {
    case "publish": .publish
    case "watch": .watch
    default: .echo
    }
}

/// `mid direction codecs(payload type/RTX) extension ids, #SSRCs, RIDs`; `mid -` when rejected.
func summary(of section: NegotiatedSection) -> String {
    guard section.isAccepted else { return "\(section.mid) -" }
    let codecs = section.codecs.map { codec in
        let detail =
            switch codec.codec {
            case .opus, .vp8: ""
            case .vp9(let profile), .av1(let profile): ".\(profile)"
            case .h264(let format): ".\(format.packetizationMode)\(format.profile)"
            }
        let retransmission = codec.retransmissionPayloadType.map { "/\($0)" } ?? ""
        return "\(codec.codec.name)\(detail)=\(codec.payloadType)\(retransmission)"
    }
    var parts = ["\(section.mid) \(section.direction)", codecs.joined(separator: " ")]
    parts.append("ext " + section.extensions.map { "\($0.id)" }.joined(separator: ","))
    parts.append("ssrc \(section.ssrcs.count)")
    if !section.rids.isEmpty { parts.append("rid " + section.rids.joined(separator: ",")) }
    return parts.joined(separator: "; ")
}

@Suite struct NegotiationTests {
    private func negotiate(_ text: String, _ policy: Negotiation.Policy) throws -> Negotiation {
        try Negotiation(offer: SessionDescription(parsing: text), policy: policy)
    }

    @Test(arguments: outcomes)
    func `what is agreed on with real clients`(outcome: FixtureOutcome) throws {
        let negotiation = try negotiate(Fixtures.offer(outcome.file), policy(outcome.policy))
        #expect(negotiation.sections.map(summary) == outcome.sections)
    }

    @Test(arguments: [
        ("f_datachannel", "publish", 8), ("f_datachannel", "watch", 8),
        ("aiortc_offer_recvonly", "publish", 7),
        ("d_12v_3a_recvonly", "publish", 8), ("ffmpeg_whip_offer_h264", "watch", 8),
        ("firefox_offer_pub", "watch", 10),
    ])
    func `an offer of which nothing can be used names an m-line`(file: String, name: String, line: Int) throws
    {
        let offer = try SessionDescription(parsing: Fixtures.offer(file))
        let error = #expect(throws: SDPError.self) { try Negotiation(offer: offer, policy: policy(name)) }
        guard case .unacceptable(line, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(
            reason.hasPrefix("No m-line of the offer can be used; this one (mid \"0\") is refused because "))
    }

    @Test func `the data channel is named as such`() throws {
        #expect(
            throws: SDPError.unacceptable(
                line: 8,
                reason:
                    "No m-line of the offer can be used; this one (mid \"0\") is refused because this node takes "
                    + "audio and video, but no data channels."
            )
        ) { try negotiate(Fixtures.offer("f_datachannel"), .publish) }
    }

    @Test(arguments: [
        ("a_sendrecv_av", "ooZw", "EmAXxnPzMBbFzOQHfFyDUNbl", 1, Setup.actpass),
        ("ffmpeg_whip_offer_h264", "916723b4", "e95a9e00f1b818c05327e12933f2f863", 1, .active),
        ("firefox_offer_pub", "55871c98", "eb959647e62a3cf3e232144406518b31", 1, .actpass),
        ("aiortc_offer_sendrecv", "HVYA", "eCJ8UMnZh5JfPq2rJ8elYe", 3, .actpass),
    ])
    func `the transport is taken from the offer`(
        file: String, ufrag: String, pwd: String, fingerprints: Int, setup: Setup
    ) throws {
        let negotiation = try negotiate(Fixtures.offer(file), .publish)
        #expect(negotiation.remoteUfrag == ufrag)
        #expect(negotiation.remotePwd == pwd)
        #expect(negotiation.remoteFingerprints.count == fingerprints)
        #expect(negotiation.remoteFingerprints.first?.algorithm == "sha-256")
        #expect(negotiation.remoteSetup == setup)
        #expect(negotiation.localSetup == .passive)
    }

    @Test(arguments: [("actpass", Setup.passive), ("active", .passive), ("passive", .active)])
    func `the node opens DTLS only when the remote will not`(offered: String, local: Setup) throws {
        let negotiation = try negotiate(Fixtures.short(line: 9, "a=setup:\(offered)"), .publish)
        #expect(negotiation.remoteSetup.rawValue == offered)
        #expect(negotiation.localSetup == local)
    }

    @Test func `an offer without setup is active`() throws {
        let negotiation = try negotiate(Fixtures.short(line: 9, nil), .publish)
        #expect(negotiation.remoteSetup == .active)
        #expect(negotiation.localSetup == .passive)
    }

    @Test func `feedback is what both sides know, and transport-cc excludes REMB`() throws {
        let chromium = try negotiate(Fixtures.offer("a_sendrecv_av"), .publish)
        #expect(chromium.sections[0].codecs.map(\.feedback) == [[.transportCC]])
        #expect(chromium.sections[1].codecs[0].feedback == [.transportCC, .fir, .nack, .pli])
        let aiortc = try negotiate(Fixtures.offer("aiortc_offer_sendrecv"), .publish)
        #expect(aiortc.sections[0].codecs[0].feedback == [.remb, .nack, .pli])
        let watcher = try negotiate(Fixtures.offer("a_sendrecv_av"), .watch)
        #expect(watcher.sections[0].codecs.map(\.feedback) == [[.transportCC]])
        #expect(watcher.sections[1].codecs[0].feedback == [.transportCC, .fir, .nack, .pli])
    }

    @Test func `sending times go to subscribers that do not tell of arrivals, and to no others`() throws {
        func kinds(_ file: String) throws -> [HeaderExtensionKind] {
            let sections = try negotiate(Fixtures.offer(file), .watch).sections
            return sections.filter { $0.kind == .video }.flatMap { $0.extensions.compactMap(\.kind) }
        }
        let plain = try kinds("aiortc_offer_recvonly")
        #expect(plain.contains(.absoluteSendTime) && !plain.contains(.transportWideCC))
        let browser = try kinds("a_sendrecv_av")
        #expect(!browser.contains(.absoluteSendTime) && browser.contains(.transportWideCC))
    }

    @Test func `transport-cc needs the header extension`() throws {
        let negotiation = try negotiate(Fixtures.short(line: 24, nil), .publish)
        #expect(negotiation.sections[1].codecs[0].feedback == [.remb, .pli])
    }

    @Test func `the transport-cc extension needs the reports`() throws {
        let negotiation = try negotiate(Fixtures.short(line: 29, nil), .publish)
        #expect(negotiation.sections[1].extensions.map(\.id) == [4])
        #expect(negotiation.sections[1].codecs[0].feedback == [.remb, .pli])
    }

    @Test func `feedback for all payload types counts`() throws {
        let negotiation = try negotiate(Fixtures.short(line: 30, "a=rtcp-fb:* ccm fir"), .publish)
        #expect(negotiation.sections[1].codecs[0].feedback == [.transportCC, .fir])
    }

    @Test func `an extension with a direction is answered with the reverse`() throws {
        let negotiation = try negotiate(
            Fixtures.short(line: 23, "a=extmap:4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid"), .publish
        )
        #expect(
            negotiation.sections[1].extensions.first
                == ExtensionMapping(id: 4, direction: .recvonly, kind: .mid))
        let watcher = try negotiate(Fixtures.offer("firefox_offer_recvonly_3v1a"), .watch)
        #expect(
            watcher.sections[0].extensions.contains(
                ExtensionMapping(id: 6, direction: .sendonly, kind: .playoutDelay))
        )
    }

    @Test func `a second section outside of the BUNDLE group is rejected`() throws {
        let negotiation = try negotiate(Fixtures.short(line: 5, "a=group:BUNDLE v"), .publish)
        #expect(negotiation.sections.map(\.isAccepted) == [false, true])
    }

    @Test func `without a BUNDLE group the first usable section is taken`() throws {
        let both = try negotiate(Fixtures.short(line: 5, nil), .publish)
        #expect(both.sections.map(\.isAccepted) == [true, false])
        let text = Fixtures.short(line: 5, nil).replacing("m=audio 9", with: "m=audio 0")
        #expect(try negotiate(text, .publish).sections.map(\.isAccepted) == [false, true])
    }

    @Test func `a section without mid is named by its index`() throws {
        let negotiation = try negotiate(
            Fixtures.short(line: 5, "a=group:BUNDLE 0 v").replacing("a=mid:a\n", with: ""), .publish
        )
        #expect(negotiation.sections.map(\.mid) == ["0", "v"])
        #expect(negotiation.sections.map(\.isAccepted) == [true, true])
    }

    @Test func `simulcast follows the order of its line and is not taken by watch and echo`() throws {
        let extra = """
            a=rid:f send
            a=rid:q send
            a=rid:x recv
            a=simulcast:send q,f;~f;x
            """
        let text = Fixtures.short + extra
        #expect(try negotiate(text, .publish).sections[1].rids == ["q", "f"])
        #expect(try negotiate(text, .echo).sections[1].rids == [])
        #expect(try negotiate(text, .watch).sections[1].rids == [])
    }

    @Test func `payload types that look like RTCP are not used`() throws {
        let text = Fixtures.short.replacing("97", with: "72")
        #expect(try negotiate(text, .publish).sections[1].codecs[0].retransmissionPayloadType == nil)
    }

    @Test func `at most 64 sections are taken`() throws {
        let media = "m=audio 9 UDP/TLS/RTP/SAVPF 111\n"
        let offer = try SessionDescription(parsing: "v=0\n" + String(repeating: media, count: 65))
        #expect(
            throws: SDPError.unacceptable(line: 66, reason: "The offer has 65 m-lines; at most 64 are taken.")
        ) { try Negotiation(offer: offer, policy: .publish) }
    }

    @Test(arguments: [
        (6, nil, 9), (7, nil, 9), (8, nil, 9), (7, "a=ice-ufrag:abc", 7),
        (8, "a=ice-pwd:0123456789abcdefghijk", 8),
        (7, "a=ice-ufrag:ab d", 7), (16, nil, 10), (26, nil, 20), (8, "a=ice-pwd:0123456789abcdefghijk-", 8),
    ])
    func `an offer without a usable transport names the line`(line: Int, text: String?, blamed: Int) throws {
        let error = #expect(throws: SDPError.self) {
            try negotiate(Fixtures.short(line: line, text), .publish)
        }
        guard case .unacceptable(blamed, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `attributes of the transport come from the first section that is bundled and accepted`() throws
    {
        let text = Fixtures.short(
            line: 26, "a=rtcp-mux\na=ice-ufrag:video\na=ice-pwd:video456789abcdefghijkl")
        #expect(try negotiate(text, .publish).remoteUfrag == "abcd")
        let audioOff = text.replacing("m=audio 9", with: "m=audio 0")
        #expect(try negotiate(audioOff, .publish).remoteUfrag == "video")
    }

    @Test func `GStreamer's capitals, mids and port 0 are understood`() throws {
        let text = Fixtures.short.replacing("BUNDLE a v", with: "BUNDLE video1 audio0")
            .replacing("a=mid:a\n", with: "a=mid:audio0\na=bundle-only\n").replacing(
                "a=mid:v", with: "a=mid:video1"
            )
            .replacing("m=audio 9", with: "m=audio 0").replacing("opus/48000", with: "OPUS/48000")
        #expect(
            try negotiate(text, .publish).sections.map(summary) == [
                "audio0 recvonly; opus=111; ext 1,4; ssrc 0", "video1 recvonly; VP8=96/97; ext 4,3; ssrc 0",
            ]
        )
    }

    private static let chromiumH264 =
        "H264.1baseline=102/103 H264.0baseline=104/107 H264.1constrainedBaseline=108/109 "
        + "H264.0constrainedBaseline=114/115 H264.1main=116/117 H264.0main=39/40"
    private static let chromiumVideo = "VP8=96/97 \(chromiumH264) AV1.0=45/46 VP9.0=98/99 VP9.2=100/101"
    private static let aiortcVideo = "VP8=97/98 H264.1baseline=99/100 H264.1constrainedBaseline=101/102"
    private static let watchedVP = "VP8=96/97 VP9.0=98/99 VP9.2=100/101"
    private static let watchedVideo =
        "\(watchedVP) \(chromiumH264) H264.1other(244)=41/42 H264.0other(244)=43/44 AV1.0=45/46"

    private static let outcomes: [FixtureOutcome] = [
        FixtureOutcome(
            file: "a_sendrecv_av", policy: "publish",
            sections: [
                "0 recvonly; opus=111; ext 1,2,3,4; ssrc 1",
                "1 recvonly; \(chromiumVideo); ext 2,13,3,5,8,4,10,11; ssrc 2",
            ]
        ),
        FixtureOutcome(
            file: "a_sendrecv_av", policy: "watch",
            sections: [
                "0 sendonly; opus=111; ext 1,3,4; ssrc 1",
                "1 sendonly; \(chromiumVideo); ext 13,3,5,8,4; ssrc 2",
            ]
        ),
        FixtureOutcome(
            file: "a_sendrecv_av", policy: "echo",
            sections: [
                "0 sendrecv; opus=111; ext 1,3,4; ssrc 1",
                "1 sendrecv; \(chromiumVideo); ext 13,3,5,8,4; ssrc 2",
            ]
        ),
        FixtureOutcome(
            file: "aiortc_offer_recvonly", policy: "watch",
            sections: ["0 sendonly; \(aiortcVideo); ext 1,3; ssrc 2", "1 sendonly; opus=96; ext 1,2; ssrc 1"]
        ),
        FixtureOutcome(
            file: "aiortc_offer_sendrecv", policy: "publish",
            sections: ["0 recvonly; \(aiortcVideo); ext 1,3; ssrc 2", "1 recvonly; opus=96; ext 1,2; ssrc 1"]
        ),
        FixtureOutcome(
            file: "aiortc_offer_sendrecv", policy: "echo",
            sections: ["0 sendrecv; \(aiortcVideo); ext 1,3; ssrc 2", "1 sendrecv; opus=96; ext 1,2; ssrc 1"]
        ),
        FixtureOutcome(
            file: "b_simulcast_vp8_3rid", policy: "publish",
            sections: [
                "0 recvonly; opus=111; ext 1,2,3,4; ssrc 1",
                "1 recvonly; VP8=96/97; ext 2,13,3,5,8,4,10,11,12; ssrc 0; rid q,h,f",
            ]
        ),
        FixtureOutcome(
            file: "b_simulcast_vp8_3rid", policy: "watch",
            sections: ["0 sendonly; opus=111; ext 1,3,4; ssrc 1", "1 -"]
        ),
        FixtureOutcome(
            file: "c_vp9_svc_L3T3_KEY", policy: "publish",
            sections: [
                "0 recvonly; opus=111; ext 1,2,3,4; ssrc 1",
                "1 recvonly; VP9.0=98/99 VP9.2=100/101; ext 2,13,3,5,8,4,10,11,12; ssrc 2",
            ]
        ),
        FixtureOutcome(
            file: "d_12v_3a_recvonly", policy: "watch",
            sections: (0..<3).map { "\($0) sendonly; opus=111; ext 1,3,4; ssrc 0" }
                + (3..<15).map { "\($0) sendonly; \(watchedVideo); ext 13,3,5,8,4; ssrc 0" }
        ),
        FixtureOutcome(
            file: "e_12v_3a_recvonly_vp8vp9_only", policy: "watch",
            sections: (0..<3).map { "\($0) sendonly; opus=111; ext 1,3,4; ssrc 0" }
                + (3..<15).map { "\($0) sendonly; \(watchedVP); ext 13,3,5,8,4; ssrc 0" }
        ),
        FixtureOutcome(
            file: "ffmpeg_whip_offer_h264", policy: "publish",
            sections: [
                "0 recvonly; opus=111; ext ; ssrc 1", "1 recvonly; H264.1baseline=106/105; ext ; ssrc 1",
            ]
        ),
        // Playout delay and CSRC levels that Firefox only receives are of no use to a node that only receives
        // too.
        FixtureOutcome(
            file: "firefox_offer_pub", policy: "publish",
            sections: [
                "0 recvonly; VP8=120/124; ext 3,4,7; ssrc 2", "1 recvonly; opus=109; ext 1,3,7; ssrc 1",
            ]
        ),
        FixtureOutcome(
            file: "firefox_offer_recvonly_3v1a", policy: "watch",
            sections: (0..<3).map {
                "\($0) sendonly; VP8=120/124 VP9.0=121/125 AV1.0=99/100; ext 3,6,7; ssrc 1"
            } + ["3 sendonly; opus=109; ext 1,3,7; ssrc 1"]
        ),
        FixtureOutcome(
            file: "g_maxbundle_av", policy: "publish",
            sections: [
                "0 recvonly; opus=111; ext 1,2,3,4; ssrc 1",
                "1 recvonly; \(chromiumVideo); ext 2,13,3,5,8,4,10,11; ssrc 2",
            ]
        ),
    ]
}
