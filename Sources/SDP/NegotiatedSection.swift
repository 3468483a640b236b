/// What was agreed on for one section of an offer.
package struct NegotiatedSection: Sendable {
    package let mid: String
    package let kind: MediaKind
    /// The index of the m-line.
    package let index: Int
    /// Sections that are not accepted have nothing below.
    package let isAccepted: Bool
    /// As this node sees it; `inactive` when not accepted.
    package let direction: Direction
    /// In the order of the offer.
    package let codecs: [NegotiatedCodec]
    /// Known kinds only, each once, with the direction as this node sees it.
    package let extensions: [ExtensionMapping]
    /// The SSRCs that the remote announced.
    package let ssrcs: [UInt32]
    package let fidGroups: [(primary: UInt32, rtx: UInt32)]
    /// The encodings that the remote will send, in the order of `a=simulcast`; empty without simulcast.
    package let rids: [String]
    /// The remote's stream and track, separated by a space.
    package let msid: String?
    package let usesReducedSizeRTCP: Bool
    /// What the remote is asked to send, where it sends.
    package var uplink = UplinkTerms.unlimited
}

extension NegotiatedSection {
    /// What a lane makes: nobody negotiated it, but its packets are stored and its key frames asked for as if somebody had.
    package init(laneOf codec: Codec, payloadType: UInt8) {
        self.init(
            mid: "lane", kind: codec.kind, index: 0, isAccepted: true, direction: .recvonly,
            codecs: [
                NegotiatedCodec(
                    payloadType: payloadType, codec: codec, retransmissionPayloadType: nil,
                    feedback: [.nack, .pli], parameters: "")
            ],
            extensions: [], ssrcs: [], fidGroups: [], rids: [], msid: nil, usesReducedSizeRTCP: true)
    }
}

/// A payload type that was agreed on.
package struct NegotiatedCodec: Hashable, Sendable {
    package let payloadType: UInt8
    package let codec: Codec
    package let retransmissionPayloadType: UInt8?
    package let feedback: Set<Feedback>
    /// What the answer's `a=fmtp` says; empty when it has none.
    package let parameters: String
}

extension NegotiatedSection {
    /// A section that is turned down.
    init(rejecting offered: MediaSection, at index: Int) {
        self.init(
            mid: offered.mid, kind: offered.kind, index: index, isAccepted: false, direction: .inactive,
            codecs: [],
            extensions: [], ssrcs: [], fidGroups: [], rids: [], msid: nil, usesReducedSizeRTCP: false,
        )
    }

    /// Accepts `offered` as `direction`, as seen by this node, on `terms`; nil when no codec can be used.
    init?(
        accepting offered: MediaSection, at index: Int, as direction: Direction,
        on terms: Negotiation.Policy.Terms,
        policy: Negotiation.Policy
    ) {
        var feedback = offered.kind == .audio ? terms.audioFeedback : terms.videoFeedback
        var extensions = Self.agree(on: offered.extensions, of: terms.extensions, as: direction)
        // Transport-wide feedback needs both the numbers in the packets and the reports.
        let offersReports = offered.codecs.contains { $0.codec != nil && $0.feedback.contains(.transportCC) }
        if !feedback.contains(.transportCC) || !offersReports {
            extensions.removeAll { $0.kind == .transportWideCC }
        }
        if !extensions.contains(where: { $0.kind == .transportWideCC }) {
            feedback.remove(.transportCC)
        } else if direction.sends {
            // Sending times serve an estimate at the other end, for which there is no use where arrivals are told.
            extensions.removeAll { $0.kind == .absoluteSendTime }
        }
        let uplink = direction.receives ? policy.uplink : .unlimited
        let codecs = offered.codecs.compactMap {
            NegotiatedCodec($0, of: offered.kind, feedback: feedback, uplink)
        }
        guard !codecs.isEmpty else { return nil }
        self.init(
            mid: offered.mid, kind: offered.kind, index: index, isAccepted: true, direction: direction,
            codecs: codecs,
            extensions: extensions, ssrcs: offered.ssrcs, fidGroups: offered.fidGroups,
            rids: policy.takesSimulcast && direction == .recvonly
                ? Array(
                    Self.sentEncodings(of: offered).prefix(
                        min(policy.maximumEncodings, uplink.encodingLimit))) : [],
            msid: offered.msid, usesReducedSizeRTCP: offered.hasReducedSizeRTCP, uplink: uplink,
        )
    }

    // An extension that only flows the other way than the section does is of no use.
    private static func agree(
        on offered: [ExtensionMapping], of kinds: Set<HeaderExtensionKind>, as direction: Direction
    ) -> [ExtensionMapping] {
        var open = kinds
        var agreed: [ExtensionMapping] = []
        for mapping in offered {
            guard let kind = mapping.kind, open.contains(kind) else { continue }
            let ours = mapping.direction?.reversed ?? direction
            guard (direction.sends && ours.sends) || (direction.receives && ours.receives) else { continue }
            open.remove(kind)
            agreed.append(
                ExtensionMapping(id: mapping.id, direction: mapping.direction?.reversed, kind: kind))
        }
        return agreed
    }

    // RFC 8853 section 5.3: of alternatives the answer picks one. RIDs without a=simulcast are single
    // encodings.
    private static func sentEncodings(of offered: MediaSection) -> [String] {
        let sent = offered.rids.filter { $0.direction == .sendonly }.map(\.id)
        guard !offered.simulcastSend.isEmpty else { return sent }
        var open = Set(sent)
        return offered.simulcastSend.compactMap { alternatives in
            alternatives.first { open.contains($0) }.flatMap { open.remove($0) }
        }
    }
}

extension NegotiatedCodec {
    /// Nil when the payload type cannot be used.
    fileprivate init?(
        _ offered: OfferedCodec, of kind: MediaKind, feedback supported: Set<Feedback>, _ uplink: UplinkTerms
    ) {
        guard let codec = offered.codec, codec.kind == kind, !Self.collidesWithRTCP(offered.payloadType)
        else {
            return nil
        }
        var feedback = offered.feedback.intersection(supported)
        // Two estimates of one path would fight; the one that sees every packet wins.
        if feedback.contains(.transportCC) { feedback.remove(.remb) }
        payloadType = offered.payloadType
        self.codec = codec
        retransmissionPayloadType = offered.retransmissionPayloadType.flatMap {
            Self.collidesWithRTCP($0) ? nil : $0
        }
        self.feedback = feedback
        parameters = Self.answer(to: offered.parameters, of: codec, uplink)
    }

    // RFC 5761 section 4: with rtcp-mux these are told apart from RTCP by nothing.
    private static func collidesWithRTCP(_ payloadType: UInt8) -> Bool {
        (64...95).contains(payloadType)
    }

    private static func answer(
        to parameters: String, of codec: Codec, _ uplink: UplinkTerms
    ) -> String {
        switch codec {
        case .opus: uplink.opusParameters(answering: FormatParameters(parsing: parameters[...]))
        case .vp8: ""
        case .vp9, .h264, .av1: parameters
        }
    }
}
