package import Wire

/// What an answer says of this node.
package struct LocalDescription: Hashable, Sendable {
    /// The number in `o=`, the same for the whole life of the session.
    package let sessionID: UInt64
    package let version: UInt64
    package let ufrag: String
    package let pwd: String
    package let fingerprint: Fingerprint
    /// Where this node can be reached, the preferred address first.
    package let candidates: [SocketAddress]
    /// The sections in which this node names its streams; found by mid.
    package let sections: [LocalSection]

    package init(
        sessionID: UInt64, version: UInt64, ufrag: String, pwd: String, fingerprint: Fingerprint,
        candidates: [SocketAddress], sections: [LocalSection]
    ) {
        self.sessionID = sessionID
        self.version = version
        self.ufrag = ufrag
        self.pwd = pwd
        self.fingerprint = fingerprint
        self.candidates = candidates
        self.sections = sections
    }
}

/// What this node sends in one section. Without an SSRC nothing of it is written, and the remote
/// demultiplexes by MID.
package struct LocalSection: Hashable, Sendable {
    package let mid: String
    package let ssrc: UInt32?
    package let retransmissionSSRC: UInt32?
    /// Ties the sections together that are played in sync (RFC 3550 section 6.5.1).
    package let cname: String
    package let streamID: String
    package let trackID: String

    package init(
        mid: String, ssrc: UInt32?, retransmissionSSRC: UInt32?, cname: String, streamID: String,
        trackID: String
    ) {
        self.mid = mid
        self.ssrc = ssrc
        self.retransmissionSSRC = retransmissionSSRC
        self.cname = cname
        self.streamID = streamID
        self.trackID = trackID
    }

    /// The attribute lines that name the streams; none without an SSRC.
    var lines: [String] {
        guard let ssrc else { return [] }
        var lines = ["a=msid:\(streamID) \(trackID)"]
        if let retransmissionSSRC { lines.append("a=ssrc-group:FID \(ssrc) \(retransmissionSSRC)") }
        for source in [ssrc, retransmissionSSRC].compactMap({ $0 }) {
            lines.append("a=ssrc:\(source) cname:\(cname)")
            lines.append("a=ssrc:\(source) msid:\(streamID) \(trackID)")
        }
        return lines
    }
}
