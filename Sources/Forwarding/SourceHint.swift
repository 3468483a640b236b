import BasicContainers
package import RTP
package import SDP
import Wire

/// What a packet of an unknown SSRC says of the stream that it belongs to.
package struct SourceHint: Sendable {
    package enum Stream: Sendable {
        case encoding(rid: String?)
        /// The retransmissions of the encoding with this number.
        case retransmission(of: Int)
    }

    package let kind: MediaKind
    package let stream: Stream
    /// Whether the packet or the offer names the section, rather than the payload type alone.
    package let isCertain: Bool
}

extension UpTrack {
    /// Whether a packet of an SSRC that has not been seen belongs to this track, and what it is there.
    package func hint(for header: RTPHeader, in packet: Span<UInt8>) -> SourceHint? {
        let isPrimary = codec(of: header.payloadType) != nil
        let isRetransmission = associatedPayloadType(of: header.payloadType) != nil
        guard isPrimary || isRetransmission else { return nil }
        let name = text(identifiers.mid, of: header, in: packet)
        if let name, name != mid { return nil }
        let signalled = signalledStream(header.ssrc)
        let isCertain = name != nil || signalled != nil

        if isPrimary {
            // A signalled RTX stream with the primary's payload type does not exist.
            return SourceHint(
                kind: kind, stream: .encoding(rid: text(identifiers.rid, of: header, in: packet)),
                isCertain: isCertain)
        }
        if let rid = text(identifiers.repairedRID, of: header, in: packet) {
            for index in 0..<encodings.count where encodings[index].rid == rid {
                return SourceHint(kind: kind, stream: .retransmission(of: index), isCertain: true)
            }
            return nil
        }
        if case .retransmission(let primary) = signalled {
            for index in 0..<encodings.count where encodings[index].ssrc == primary {
                return SourceHint(kind: kind, stream: .retransmission(of: index), isCertain: true)
            }
            return nil
        }
        // Without RID and FID there is one stream whose repairs these can be.
        guard encodings.count == 1 else { return nil }
        return SourceHint(kind: kind, stream: .retransmission(of: 0), isCertain: isCertain)
    }

    private func text(_ id: UInt8, of header: RTPHeader, in packet: Span<UInt8>) -> String? {
        guard id != 0, let range = header.extensions.range(of: id, in: packet), !range.isEmpty else {
            return nil
        }
        return String(decoding: range.map { packet[$0] }, as: UTF8.self)
    }

    private enum Signalled {
        case primary
        case retransmission(of: UInt32)
    }

    private func signalledStream(_ ssrc: UInt32) -> Signalled? {
        if let group = retransmissionGroups.first(where: { $0.rtx == ssrc }) {
            return .retransmission(of: group.primary)
        }
        return signalledSSRCs.contains(ssrc) ? .primary : nil
    }
}
