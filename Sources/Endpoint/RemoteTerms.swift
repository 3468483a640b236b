import RTP
import SDP
import Wire

/// What an answer says, in the terms of the endpoint that offered.
struct RemoteTerms {
    /// One accepted m-line.
    struct Section {
        let kind: MediaKind
        let mid: String
        /// Whether the relay takes media in it.
        let receives: Bool
        /// Whether the relay sends media in it.
        let sends: Bool
        let codec: Codec
        let payloadType: UInt8
        let retransmissionPayloadType: UInt8?
        let hasNACK: Bool
        /// The encodings that the relay takes, if it was offered any.
        let rids: [String]
    }

    let ufrag: String
    let pwd: String
    let fingerprints: [SDP.Fingerprint]
    /// Whether the relay waits for our ClientHello.
    let isPassive: Bool
    let target: SocketAddress
    let sections: [Section]
    let routes: PacketRoutes
    /// Whether the relay tells of what it receives.
    let hasTransportWideCC: Bool
    /// The extension that numbers what the relay sends, where it wants to be told of that.
    let arrivalExtension: UInt8?
    let hasREMB: Bool

    init(parsing text: String) throws(EndpointError) {
        let answer: SessionDescription
        do {
            answer = try SessionDescription(parsing: text)
        } catch {
            throw .unusableAnswer("\(error)")
        }
        let accepted = answer.sections.filter { !$0.isRejected }
        guard let first = accepted.first else { throw .unusableAnswer("every m-line is rejected") }
        guard let ufrag = first.iceUfrag, let pwd = first.icePwd else {
            throw .unusableAnswer("no ICE credentials")
        }
        guard !first.fingerprints.isEmpty else { throw .unusableAnswer("no fingerprint") }
        guard let target = first.candidates.compactMap(\.address).first else {
            throw .unusableAnswer("no candidate with an address")
        }
        self.ufrag = ufrag
        self.pwd = pwd
        self.target = target
        fingerprints = first.fingerprints
        switch first.setup {
        case .passive: isPassive = true
        case .active: isPassive = false
        case .actpass, nil: throw .unusableAnswer("a=setup is neither active nor passive")
        }
        var sections: [Section] = []
        for section in accepted {
            guard let codec = section.codecs.first(where: { $0.codec.map(Self.isKnown) ?? false }),
                let known = codec.codec
            else {
                throw .unusableAnswer("neither VP8 nor VP9 nor Opus in the m-line \(section.mid)")
            }
            sections.append(
                Section(
                    kind: section.kind, mid: section.mid, receives: section.direction.receives,
                    sends: section.direction.sends, codec: known, payloadType: codec.payloadType,
                    retransmissionPayloadType: codec.retransmissionPayloadType,
                    hasNACK: codec.feedback.contains(.nack), rids: section.rids.map(\.id)))
        }
        self.sections = sections
        routes = PacketRoutes(sections, accepted)
        let numbered = accepted.filter { $0.extensions.contains { $0.kind == .transportWideCC } }
        hasTransportWideCC = numbered.contains { $0.direction.receives }
        arrivalExtension =
            numbered.first { section in
                section.direction.sends && section.codecs.contains { $0.feedback.contains(.transportCC) }
            }?.extensions.first { $0.kind == .transportWideCC }?.id
        hasREMB = accepted.contains { $0.codecs.contains { $0.feedback.contains(.remb) } }
    }

    private static func isKnown(_ codec: Codec) -> Bool {
        codec == .opus || codec == .vp8 || codec == .vp9(profile: 0)
    }
}
