extension Negotiation {
    /// The text of the answer (RFC 8829 section 5.3.1): ICE-lite, one transport, candidates in the first
    /// accepted section only.
    package func answer(_ local: LocalDescription) -> String {
        let bundle = Set(offer.bundle)
        let mids = sections.filter { $0.isAccepted && bundle.contains($0.mid) }.map(\.mid)
        var lines = [
            "v=0",
            "o=- \(local.sessionID) \(local.version) IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=ice-lite",
        ]
        if !mids.isEmpty { lines.append("a=group:BUNDLE \(mids.joined(separator: " "))") }
        if offer.allowsMixedExtensions { lines.append("a=extmap-allow-mixed") }
        lines.append("a=msid-semantic: WMS *")
        let first = sections.first(where: \.isAccepted)?.index
        for (section, offered) in zip(sections, offer.sections) {
            if section.isAccepted {
                lines += accepted(section, offered, local, isFirst: section.index == first)
            } else {
                lines += rejected(offered)
            }
        }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private func rejected(_ offered: MediaSection) -> [String] {
        var lines = [
            "m=\(offered.mediaName) 0 \(offered.transportProtocol) \(offered.formats)", "c=IN IP4 0.0.0.0",
        ]
        if offered.hasMID { lines.append("a=mid:\(offered.mid)") }
        return lines + ["a=inactive"]
    }

    private func accepted(
        _ section: NegotiatedSection, _ offered: MediaSection, _ local: LocalDescription, isFirst: Bool
    ) -> [String] {
        let types = section.codecs.flatMap {
            [$0.payloadType, $0.retransmissionPayloadType].compactMap { $0 }
        }
        let formats = types.map { String($0) }.joined(separator: " ")
        var lines = [
            "m=\(section.kind.rawValue) 9 \(offered.transportProtocol) \(formats)",
            "c=IN IP4 0.0.0.0",
        ]
        lines += section.uplink.bandwidthLines(of: section.kind)
        lines += [
            "a=ice-ufrag:\(local.ufrag)",
            "a=ice-pwd:\(local.pwd)",
            "a=fingerprint:\(local.fingerprint)",
            "a=setup:\(localSetup.rawValue)",
        ]
        if offered.hasMID { lines.append("a=mid:\(section.mid)") }
        if offered.allowsMixedExtensions { lines.append("a=extmap-allow-mixed") }
        lines += section.extensions.map(\.line)
        lines.append("a=\(section.direction.rawValue)")
        if let streams = local.sections.first(where: { $0.mid == section.mid }), section.direction.sends {
            lines += streams.lines
        }
        lines.append("a=rtcp-mux")
        if section.usesReducedSizeRTCP { lines.append("a=rtcp-rsize") }
        lines += section.codecs.flatMap(\.lines)
        lines += section.uplink.packetLines(of: section.kind)
        lines += section.rids.map { "a=rid:\($0) recv" }
        if !section.rids.isEmpty, !offered.simulcastSend.isEmpty {
            lines.append("a=simulcast:recv \(section.rids.joined(separator: ";"))")
        }
        if isFirst { lines += ICECandidate.lines(forHosts: local.candidates) }
        return lines
    }
}

extension NegotiatedCodec {
    fileprivate var lines: [String] {
        var lines = ["a=rtpmap:\(payloadType) \(codec.mapping)"]
        lines += Feedback.allCases.filter { feedback.contains($0) }.map {
            "a=rtcp-fb:\(payloadType) \($0.rawValue)"
        }
        if !parameters.isEmpty { lines.append("a=fmtp:\(payloadType) \(parameters)") }
        if let retransmissionPayloadType {
            lines.append("a=rtpmap:\(retransmissionPayloadType) rtx/\(codec.clockRate)")
            lines.append("a=fmtp:\(retransmissionPayloadType) apt=\(payloadType)")
        }
        return lines
    }
}
