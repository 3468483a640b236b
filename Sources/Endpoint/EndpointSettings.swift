package import SDP

/// What an endpoint offers and sends.
package struct EndpointSettings: Sendable {
    /// One m-line of the offer; VP8 or Opus by its kind.
    package struct Section: Sendable {
        package var kind: MediaKind
        package var direction: Direction

        package init(_ kind: MediaKind, _ direction: Direction) {
            self.kind = kind
            self.direction = direction
        }
    }

    /// How a sender wants to be told what the path takes.
    package enum BandwidthFeedback: Sendable {
        case transportWide, remb, none
    }

    package var sections: [Section]
    /// `actpass` as browsers do, or `passive` to make the relay the DTLS client.
    package var setup = Setup.actpass
    package var video = SyntheticVideo.Settings()
    package var audio = SyntheticAudio.Settings()
    package var bandwidthFeedback = BandwidthFeedback.transportWide
    /// Whether transport-wide feedback is offered for sections that only receive, so that the relay can tell what the
    /// path to this endpoint takes.
    package var reportsArrivals = false
    /// Whether RTX is offered (RFC 4588); without it lost packets are sent again as they were.
    package var hasRetransmissionStreams = true
    /// Whether the offer names the SSRCs of what is sent; simulcast never does.
    package var announcesSSRCs = true
    /// The largest datagram of the DTLS handshake in bytes.
    package var handshakeMTU = 1200
    /// The fingerprint that the offer announces, if not the certificate's: 32 bytes of SHA-256.
    package var announcedFingerprint: [UInt8]?
    /// Whether the bytes of every received payload are compared with what was sent.
    package var verifiesContent = true
    /// Whether received media is decrypted. Without, packets are counted by their clear headers alone, nothing is asked
    /// for again, and no pictures are seen; control packets are decrypted all the same.
    package var decryptsMedia = true
    /// Whether a received payload that is not synthetic counts as corrupted; not so where others publish, too.
    package var requiresSyntheticContent = true
    /// Whether lost packets are asked for, and sent again when the relay asks.
    package var repairsLosses = true
    /// The encoding of all pictures, VP8 or VP9; synthetic ones are VP8.
    package var videoCodec = Codec.vp8
    /// What is shown in place of synthetic pictures: one clip for each of `video.layers`, or none.
    package var clips: [VideoClip] = []
    /// The slot by which an outbox that is shared with other endpoints chains this one's datagrams.
    package var slot: Int?

    package init(sections: [Section]) {
        self.sections = sections
    }

    /// Sends one sound and one picture.
    package static let publisher = EndpointSettings(sections: [
        Section(.audio, .sendonly), Section(.video, .sendonly),
    ])
    /// Receives one sound and one picture.
    package static let watcher = EndpointSettings(sections: [
        Section(.audio, .recvonly), Section(.video, .recvonly),
    ])
    /// Takes part in a conference: sends one sound and one picture, and receives others in slots. The slots of pictures
    /// come first.
    package static func participant(video: Int, audio: Int) -> EndpointSettings {
        var settings = EndpointSettings(
            sections: [Section(.audio, .sendonly), Section(.video, .sendonly)]
                + Array(repeating: Section(.video, .recvonly), count: video)
                + Array(repeating: Section(.audio, .recvonly), count: audio))
        settings.reportsArrivals = true
        return settings
    }

    /// The MIDs of the sections that only receive, in the order of the offer.
    package func slots(_ kind: MediaKind) -> [String] {
        sections.indices.filter { sections[$0].kind == kind && sections[$0].direction == .recvonly }
            .map { String($0) }
    }

    /// Sends and receives one of each.
    package static let echo = EndpointSettings(sections: [
        Section(.audio, .sendrecv), Section(.video, .sendrecv),
    ])
}

/// Why an endpoint cannot go on.
package enum EndpointError: Error, Equatable {
    /// The answer cannot be parsed, or lacks what is named.
    case unusableAnswer(String)
    /// OpenSSL failed to make a context.
    case library
}
