import FoundationEssentials
import SDP

/// The offers in fixtures/, and short ones to change a line of.
enum Fixtures {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "fixtures")

    /// What clients sent, by file name.
    static let offers = [
        "a_sendrecv_av", "aiortc_offer_recvonly", "aiortc_offer_sendrecv", "b_simulcast_vp8_3rid",
        "c_vp9_svc_L3T3_KEY", "d_12v_3a_recvonly", "e_12v_3a_recvonly_vp8vp9_only", "f_datachannel",
        "ffmpeg_whip_offer_h264", "firefox_offer_pub", "firefox_offer_recvonly_3v1a", "g_maxbundle_av",
    ]

    static func offer(_ name: String) throws -> String {
        try text(of: folder.appending(path: "sdp/\(name).sdp"))
    }

    /// Descriptions that once were, or might be, trouble.
    static func fuzz() throws -> [(name: String, text: String)] {
        let files = folder.appending(path: "fuzz/sdp")
        return try FileManager.default.contentsOfDirectory(atPath: files.path).sorted().map {
            ($0, try text(of: files.appending(path: $0)))
        }
    }

    static func fuzz(_ name: String) throws -> String {
        try text(of: folder.appending(path: "fuzz/sdp/\(name).sdp"))
    }

    private static func text(of file: URL) throws -> String {
        String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    /// One audio and one video section that both send and receive; 33 lines.
    static let short = """
        v=0
        o=- 1 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE a v
        a=fingerprint:sha-256 \(fingerprint.description.dropFirst(8))
        a=ice-ufrag:abcd
        a=ice-pwd:0123456789abcdefghijkl
        a=setup:actpass
        m=audio 9 UDP/TLS/RTP/SAVPF 111 0
        c=IN IP4 0.0.0.0
        a=mid:a
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 minptime=10;useinbandfec=1;sprop-stereo=1;stereo=1
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 118
        c=IN IP4 0.0.0.0
        a=mid:v
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=sendrecv
        a=rtcp-mux
        a=rtpmap:96 VP8/90000
        a=rtcp-fb:96 goog-remb
        a=rtcp-fb:96 transport-cc
        a=rtcp-fb:96 nack pli
        a=rtpmap:97 rtx/90000
        a=fmtp:97 apt=96
        a=rtpmap:118 red/90000

        """

    static let fingerprint = Fingerprint(algorithm: "sha-256", bytes: (0..<32).map { UInt8($0) })

    /// `short` with line `number`, from 1, put in the place of what is there; nil takes the line out.
    static func short(line number: Int, _ replacement: String?) -> String {
        var lines = short.split(separator: "\n").map { String($0) }
        lines[number - 1...number - 1] = replacement.map { [$0] } ?? []
        return lines.joined(separator: "\n") + "\n"
    }
}

/// SplitMix64, so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    /// Takes the seed from SMARTC_SEED, else a random one.
    init() {
        seed =
            ProcessInfo.processInfo.environment["SMARTC_SEED"].flatMap { UInt64($0) }
            ?? .random(in: 0 ... .max)
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
