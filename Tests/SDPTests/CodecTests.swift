import Testing
import Wire

@testable import SDP

@Suite struct CodecTests {
    @Test(arguments: [
        ("42e01f", H264Profile.constrainedBaseline), ("42C02A", .constrainedBaseline),
        ("4d801f", .constrainedBaseline),
        ("58c01f", .constrainedBaseline), ("42001f", .baseline), ("58801f", .baseline), ("4d001f", .main),
        ("4D401f", .main), ("64001f", .high), ("640c1f", .constrainedHigh), ("f4001f", .other(0xF4)),
    ])
    func `a profile-level-id names a profile`(text: String, profile: H264Profile) {
        let codec = Codec(
            name: "H264", clockRate: 90000, parameters: "Profile-Level-ID=\(text); packetization-mode=1")
        #expect(codec == .h264(H264Format(packetizationMode: 1, profile: profile)))
    }

    @Test func `H264 without parameters is baseline in mode 0`() {
        let codec = Codec(name: "H264", clockRate: 90000, parameters: "")
        #expect(codec == .h264(H264Format(packetizationMode: 0, profile: .baseline)))
    }

    @Test(arguments: [
        ("VP9", UInt32(90000), "profile-id=1"), ("VP9", 90000, "profile-id=x"), ("AV1", 90000, "profile=1"),
        ("H264", 90000, "packetization-mode=2"), ("H264", 90000, "profile-level-id=+2e01f"),
        ("H264", 90000, "profile-level-id=42e0"), ("VP8", 8000, ""), ("opus", 16000, ""),
        ("rtx", 90000, "apt=96"),
    ])
    func `what is not forwarded is no codec`(name: String, clockRate: UInt32, parameters: String) {
        #expect(Codec(name: name, clockRate: clockRate, parameters: parameters[...]) == nil)
    }

    @Test func `H264 is receivable across profiles, but not across packetization modes`() {
        let high = Codec.h264(H264Format(packetizationMode: 1, profile: .high))
        let baseline = Codec.h264(H264Format(packetizationMode: 1, profile: .constrainedBaseline))
        let single = Codec.h264(H264Format(packetizationMode: 0, profile: .constrainedBaseline))
        #expect(high.isReceivable(as: baseline))
        #expect(!baseline.isReceivable(as: single))
        #expect(Codec.vp8.isReceivable(as: .vp8))
        #expect(!Codec.vp9(profile: 2).isReceivable(as: .vp9(profile: 0)))
    }
}

@Suite struct FingerprintTests {
    @Test func `a fingerprint is read in either case and written in capitals`() {
        let text = "SHA-1 aa:BB:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:0a:0b:0c:0d"
        let fingerprint = Fingerprint(parsing: text)
        #expect(
            fingerprint?.description == "sha-1 AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:0A:0B:0C:0D")
    }

    @Test(arguments: [
        "", "sha-256", "sha-256 ", "sha-256 AA:BB", "md5 AA:B", "md5 AA:BG", "md5 AABB", "md5 AA::BB",
        "md5 AA:BB CC",
        "md5 :AA:BB", "md5 +A:BB",
    ])
    func `text that is no fingerprint is refused`(text: String) {
        #expect(Fingerprint(parsing: text) == nil)
    }
}

@Suite struct HeaderExtensionKindTests {
    @Test(arguments: HeaderExtensionKind.allCases)
    func `a kind is found by its name`(kind: HeaderExtensionKind) {
        #expect(HeaderExtensionKind(uri: kind.uri) == kind)
    }
}

@Suite struct ICECandidateTests {
    @Test func `a candidate is read with its extensions`() {
        let candidate = ICECandidate(
            parsing: "8 1 UDP 2122194687 192.0.2.2 41427 typ srflx raddr 10.0.0.1 rport 9 generation 0"
        )
        #expect(candidate?.foundation == "8")
        #expect(candidate?.component == 1)
        #expect(candidate?.transport == "udp")
        #expect(candidate?.priority == 2_122_194_687)
        #expect(candidate?.address?.description == "192.0.2.2:41427")
        #expect(candidate?.kind == .srflx)
    }

    @Test(arguments: [
        "", "1 1 udp 1 192.0.2.2 9 typ", "1 1 udp 1 192.0.2.2 65536 typ host", "1 1 udp 1 h 9 typ moon",
    ])
    func `text that is no candidate is refused`(text: String) {
        #expect(ICECandidate(parsing: text) == nil)
    }
}
