/// What an answer asks of somebody who sends: everything, or what a weak link carries upwards.
package enum UplinkTerms: Hashable, Sendable {
    case unlimited
    /// One picture of 144 lines, 15 times a second, and a voice in packets of 60 ms with pauses in which next to nothing is
    /// sent. The size is for the sender to choose, as no answer can name it; the rest browsers take from the answer.
    case weak

    /// Of video, in bits per second, without any header.
    private static let videoBitsPerSecond = 50_000
    /// The same in kbit/s with RTP, UDP and IP: 15 packets of 54 bytes more.
    private static let videoKilobitsOnWire = 60
    private static let packetMilliseconds = 60

    /// Encodings of one source that are taken at most.
    var encodingLimit: Int {
        switch self {
        case .unlimited: .max
        case .weak: 1
        }
    }

    /// The lines that follow `c=` (RFC 8866 section 5.8, RFC 3890). Where both are there, browsers take the last.
    func bandwidthLines(of kind: MediaKind) -> [String] {
        switch (self, kind) {
        case (.weak, .video): ["b=AS:\(Self.videoKilobitsOnWire)", "b=TIAS:\(Self.videoBitsPerSecond)"]
        default: []
        }
    }

    /// How long the packets are to be (RFC 8866 section 6.4).
    func packetLines(of kind: MediaKind) -> [String] {
        switch (self, kind) {
        case (.weak, .audio): ["a=ptime:\(Self.packetMilliseconds)"]
        default: []
        }
    }

    /// The parameters of Opus in the answer (RFC 7587 section 7) to an offer with these.
    func opusParameters(answering offered: FormatParameters) -> String {
        switch self {
        case .unlimited:
            // The sprop-* parameters are about the offerer's sending.
            return offered.keeping([
                "minptime", "useinbandfec", "usedtx", "stereo", "maxplaybackrate", "maxaveragebitrate", "cbr",
            ])
        case .weak:
            let kept = offered.keeping(["minptime", "useinbandfec"])
            let asked = "maxaveragebitrate=16000;usedtx=1;ptime=\(Self.packetMilliseconds)"
            return kept.isEmpty ? asked : "\(kept);\(asked)"
        }
    }
}
