/// What an m-line carries.
package enum MediaKind: String, Hashable, Sendable {
    case audio
    case video
    /// A data channel.
    case application
    /// Text, images, and what may come.
    case other
}

/// Which way media flows, seen by the one who says it (RFC 8866 section 6.7).
package enum Direction: String, Hashable, Sendable {
    case sendrecv
    case sendonly
    case recvonly
    case inactive

    package init(sends: Bool, receives: Bool) {
        self =
            switch (sends, receives) {
            case (true, true): .sendrecv
            case (true, false): .sendonly
            case (false, true): .recvonly
            case (false, false): .inactive
            }
    }

    /// Whether the one who says it sends.
    package var sends: Bool { self == .sendrecv || self == .sendonly }

    /// Whether the one who says it receives.
    package var receives: Bool { self == .sendrecv || self == .recvonly }

    /// The same as the other side sees it.
    package var reversed: Direction { Direction(sends: receives, receives: sends) }
}

/// Who opens the DTLS connection (RFC 8842 section 5.2): the active side sends the ClientHello.
package enum Setup: String, Hashable, Sendable {
    case actpass
    case active
    case passive
}

/// A named encoding of a source (RFC 8851).
package struct RID: Hashable, Sendable {
    /// 1 to 16 letters, digits, `-` or `_`.
    package let id: String
    /// `sendonly` or `recvonly`, as the writer sees it.
    package let direction: Direction

    package init(id: String, direction: Direction) {
        self.id = id
        self.direction = direction
    }

    /// RFC 8851 section 10 for the characters; 16 bytes are what the one-byte header extension holds.
    static func isValid(_ id: Substring) -> Bool {
        (1...16).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

/// One m-line and its attributes; what only the session gave is filled in.
package struct MediaSection: Sendable {
    /// The line of `m=`, from 1.
    package var lineNumber: Int
    package var kind: MediaKind
    /// `a=mid`, else the index of the section as text.
    package var mid: String
    package var port: UInt16
    /// Port 0 without `a=bundle-only`: the client does not want this section (RFC 9143 section 6).
    package var isRejected: Bool
    package var direction: Direction
    package var iceUfrag: String?
    package var icePwd: String?
    package var isICELite: Bool
    package var fingerprints: [Fingerprint]
    package var setup: Setup?
    package var candidates: [ICECandidate]
    /// In the order of preference that the m-line gives, RTX and the like included.
    package var codecs: [OfferedCodec]
    package var extensions: [ExtensionMapping]
    /// In order of appearance, each once.
    package var ssrcs: [UInt32]
    /// Streams and the streams that retransmit them (RFC 5576 section 4.2, RFC 4588).
    package var fidGroups: [(primary: UInt32, rtx: UInt32)]
    /// Simulcast encodings of clients that do not use RIDs.
    package var simGroups: [[UInt32]]
    package var rids: [RID]
    /// The sent encodings of `a=simulcast`, each with its alternatives (RFC 8853 section 5.1).
    package var simulcastSend: [[String]]
    /// The received encodings of `a=simulcast`, as an answer has them.
    package var simulcastReceive: [[String]]
    /// Stream and track, separated by a space.
    package var msid: String?
    package var hasRTCPMux: Bool
    package var hasReducedSizeRTCP: Bool
    /// `a=ptime` in milliseconds.
    package var packetTime: UInt16?

    /// The third field of the m-line, such as `UDP/TLS/RTP/SAVPF`.
    package var transportProtocol: String
    /// The first field of the m-line as it stood; `kind` folds what is not known.
    var mediaName: String
    /// The rest of the m-line as it stood.
    var formats: String
    /// Whether `a=mid` stood there.
    var hasMID: Bool
    /// Whether the section itself has `a=extmap-allow-mixed`.
    var allowsMixedExtensions: Bool
    /// Where to point when the credentials are bad; the m-line when they are missing.
    var ufragLine: Int
    var pwdLine: Int
}
