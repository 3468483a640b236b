/// What the node makes of an offer: every section accepted or rejected, with what was agreed on (RFC 3264,
/// RFC 8829 section 5.3).
package struct Negotiation: Sendable {
    /// In the same order and number as those of the offer.
    package let sections: [NegotiatedSection]
    package let remoteUfrag: String
    package let remotePwd: String
    /// One or more; the remote's certificate has to match one of them.
    package let remoteFingerprints: [Fingerprint]
    package let remoteSetup: Setup
    /// `passive`, or `active` when the remote insists on being passive: the node waits for the ClientHello if
    /// it may.
    package let localSetup: Setup

    let offer: SessionDescription

    /// Decides on `offer`. Everything travels over one transport, so of sections outside the BUNDLE group at
    /// most one is accepted. Throws when nothing of the offer can be used, or the transport lacks what it
    /// needs.
    package init(offer: SessionDescription, policy: Policy) throws(SDPError) {
        guard !offer.sections.isEmpty else {
            throw .unacceptable(line: 0, reason: "The offer has no m-line; it needs one for audio or video.")
        }
        guard offer.sections.count <= policy.maximumSections else {
            throw .unacceptable(
                line: offer.sections[policy.maximumSections].lineNumber,
                reason:
                    "The offer has \(offer.sections.count) m-lines; at most \(policy.maximumSections) are taken."
            )
        }
        let bundle = Set(offer.bundle)
        var sections: [NegotiatedSection] = []
        var refusals: [String] = []
        var hasTransport = false
        for (index, offered) in offer.sections.enumerated() {
            let sharesTransport = offer.bundle.isEmpty ? !hasTransport : bundle.contains(offered.mid)
            let verdict = try Self.verdict(
                on: offered, at: index, isOnTransport: sharesTransport || offer.sections.count == 1,
                policy: policy
            )
            switch verdict {
            case .accepted(let section):
                hasTransport = true
                sections.append(section)
                refusals.append("")
            case .refused(let reason):
                sections.append(NegotiatedSection(rejecting: offered, at: index))
                refusals.append(reason)
            }
        }
        guard hasTransport else { throw Self.nothingUsable(in: offer, refusals: refusals) }
        let transport = try Transport(of: offer, accepted: sections)
        self.offer = offer
        self.sections = sections
        remoteUfrag = transport.ufrag
        remotePwd = transport.pwd
        remoteFingerprints = transport.fingerprints
        remoteSetup = transport.setup
        localSetup = transport.setup == .passive ? .active : .passive
    }

    private enum Verdict {
        case accepted(NegotiatedSection)
        /// The end of a sentence that begins with "it is refused because".
        case refused(String)
    }

    private static func verdict(
        on offered: MediaSection, at index: Int, isOnTransport: Bool, policy: Policy
    ) throws(SDPError) -> Verdict {
        switch offered.kind {
        case .audio, .video: break
        case .application: return .refused("this node takes audio and video, but no data channels")
        case .other: return .refused("this node takes audio and video only")
        }
        if offered.isRejected {
            return .refused("its port is 0 and it is not a=bundle-only, which disables it")
        }
        guard offered.transportProtocol.isRTP else {
            return .refused("its protocol is not RTP; UDP/TLS/RTP/SAVPF would be")
        }
        guard let direction = policy.direction(answering: offered.direction),
            let terms = policy.terms(for: direction)
        else { return .refused("it is \(offered.direction.rawValue), and \(policy.wish)") }
        guard isOnTransport else {
            return .refused("it is outside of the BUNDLE group, and this node uses one transport for all")
        }
        guard
            let section = NegotiatedSection(
                accepting: offered, at: index, as: direction, on: terms, policy: policy
            )
        else {
            let names =
                offered.kind == .audio ? "opus" : "VP8, VP9 (profiles 0 and 2), H264 and AV1 (profile 0)"
            return .refused("it has no codec that this node forwards, which are \(names)")
        }
        guard offered.hasRTCPMux else {
            throw .unacceptable(
                line: offered.lineNumber,
                reason:
                    "The m-line with mid \(offered.mid[...].quoted) lacks a=rtcp-mux, without which this node "
                    + "does not receive RTCP."
            )
        }
        return .accepted(section)
    }

    private static func nothingUsable(in offer: SessionDescription, refusals: [String]) -> SDPError {
        // What is wrong with a data channel that came along is of less interest.
        let named = offer.sections.firstIndex { $0.kind == .audio || $0.kind == .video } ?? 0
        let section = offer.sections[named]
        return .unacceptable(
            line: section.lineNumber,
            reason:
                "No m-line of the offer can be used; this one (mid \(section.mid[...].quoted)) is refused "
                + "because \(refusals[named])."
        )
    }
}

/// What the offer says of the one transport that carries everything.
private struct Transport {
    let ufrag: String
    let pwd: String
    let fingerprints: [Fingerprint]
    let setup: Setup

    /// Takes the attributes of the first accepted section of the BUNDLE group (RFC 9143 section 7.3.1). When
    /// that one is bundle-only and has none, those of the section that the offer suggested, accepted or not.
    init(of offer: SessionDescription, accepted: [NegotiatedSection]) throws(SDPError) {
        let indices = Dictionary(
            offer.sections.enumerated().map { ($1.mid, $0) }, uniquingKeysWith: { first, _ in first }
        )
        let order = offer.bundle.compactMap { indices[$0] } + accepted.filter(\.isAccepted).map(\.index)
        let candidates = order.filter { accepted[$0].isAccepted } + order.filter { !accepted[$0].isAccepted }
        guard let fallback = candidates.first else {
            throw .unacceptable(line: 0, reason: "No m-line of the offer can be used.")
        }
        let described = candidates.first {
            offer.sections[$0].iceUfrag != nil && offer.sections[$0].icePwd != nil
        }
        let section = offer.sections[described ?? fallback]
        guard let ufrag = section.iceUfrag else {
            throw .unacceptable(
                line: section.lineNumber,
                reason: "The m-line has no a=ice-ufrag, without which ICE cannot begin."
            )
        }
        guard let pwd = section.icePwd else {
            throw .unacceptable(
                line: section.lineNumber,
                reason: "The m-line has no a=ice-pwd, without which ICE cannot begin."
            )
        }
        try ICECredentials.check(ufrag: ufrag, line: section.ufragLine)
        try ICECredentials.check(pwd: pwd, line: section.pwdLine)
        guard !section.fingerprints.isEmpty else {
            throw .unacceptable(
                line: section.lineNumber,
                reason:
                    "The m-line has no a=fingerprint, without which the remote's certificate cannot be checked."
            )
        }
        self.ufrag = ufrag
        self.pwd = pwd
        fingerprints = section.fingerprints
        // RFC 4145 section 4: active is the default of an offer.
        setup = section.setup ?? .active
    }
}
