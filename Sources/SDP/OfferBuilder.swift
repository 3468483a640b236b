/// Builds offers the way a browser writes them, for clients of our own.
package struct OfferBuilder: Sendable {
    /// One m-line.
    package struct Section: Sendable {
        package var kind: MediaKind
        package var mid: String
        package var direction: Direction
        package var codecs: [(payloadType: UInt8, codec: Codec, rtx: UInt8?)]
        package var extensions: [(id: UInt8, kind: HeaderExtensionKind)]
        /// What is sent; nil when nothing is, or when RIDs name it.
        package var ssrc: UInt32?
        package var rtxSSRC: UInt32?
        /// The simulcast encodings that are sent, lowest first.
        package var rids: [String]
        /// What every codec offers; all that is known for video, transport-wide feedback for audio.
        package var feedback: [Feedback]

        package init(
            kind: MediaKind, mid: String, direction: Direction,
            codecs: [(payloadType: UInt8, codec: Codec, rtx: UInt8?)],
            extensions: [(id: UInt8, kind: HeaderExtensionKind)] = [], ssrc: UInt32? = nil,
            rtxSSRC: UInt32? = nil,
            rids: [String] = []
        ) {
            self.kind = kind
            self.mid = mid
            self.direction = direction
            self.codecs = codecs
            self.extensions = extensions
            self.ssrc = ssrc
            self.rtxSSRC = rtxSSRC
            self.rids = rids
            feedback = kind == .audio ? [.transportCC] : Feedback.allCases
        }
    }

    package var sessionID: UInt64
    package var ufrag: String
    package var pwd: String
    package var fingerprint: Fingerprint
    package var setup: Setup
    package var sections: [Section]

    package init(
        sessionID: UInt64 = 1, ufrag: String, pwd: String, fingerprint: Fingerprint, setup: Setup = .actpass,
        sections: [Section]
    ) {
        self.sessionID = sessionID
        self.ufrag = ufrag
        self.pwd = pwd
        self.fingerprint = fingerprint
        self.setup = setup
        self.sections = sections
    }

    /// The offer, with all sections in one BUNDLE group.
    package var text: String {
        var lines = ["v=0", "o=- \(sessionID) 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        lines.append("a=group:BUNDLE \(sections.map(\.mid).joined(separator: " "))")
        lines += ["a=extmap-allow-mixed", "a=msid-semantic: WMS"]
        for section in sections { lines += self.lines(of: section) }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private func lines(of section: Section) -> [String] {
        let types = section.codecs.flatMap { [$0.payloadType, $0.rtx].compactMap { $0 } }.map { String($0) }
        var lines = [
            "m=\(section.kind.rawValue) 9 UDP/TLS/RTP/SAVPF \(types.joined(separator: " "))",
            "c=IN IP4 0.0.0.0",
            "a=ice-ufrag:\(ufrag)",
            "a=ice-pwd:\(pwd)",
            "a=fingerprint:\(fingerprint)",
            "a=setup:\(setup.rawValue)",
            "a=mid:\(section.mid)",
        ]
        lines += section.extensions.map { ExtensionMapping(id: $0.id, kind: $0.kind).line }
        lines.append("a=\(section.direction.rawValue)")
        if section.direction.sends { lines.append("a=msid:stream track-\(section.mid)") }
        lines += ["a=rtcp-mux", "a=rtcp-rsize"]
        for (type, codec, rtx) in section.codecs {
            lines.append("a=rtpmap:\(type) \(codec.mapping)")
            lines += section.feedback.map { "a=rtcp-fb:\(type) \($0.rawValue)" }
            if !codec.typicalParameters.isEmpty { lines.append("a=fmtp:\(type) \(codec.typicalParameters)") }
            if let rtx { lines += ["a=rtpmap:\(rtx) rtx/\(codec.clockRate)", "a=fmtp:\(rtx) apt=\(type)"] }
        }
        lines += section.rids.map { "a=rid:\($0) send" }
        if !section.rids.isEmpty { lines.append("a=simulcast:send \(section.rids.joined(separator: ";"))") }
        if let ssrc = section.ssrc {
            if let rtxSSRC = section.rtxSSRC { lines.append("a=ssrc-group:FID \(ssrc) \(rtxSSRC)") }
            lines += [ssrc, section.rtxSSRC].compactMap { $0 }.map { "a=ssrc:\($0) cname:\(ufrag)" }
        }
        return lines
    }
}
