import RTP
import SDP
import Wire

@testable import Forwarding

/// One element of a header extension block.
typealias Element = (id: UInt8, data: [UInt8])

/// An RTP packet with a one-byte extension block if there are elements.
func packet(
    payloadType: UInt8 = 96, _ sequenceNumber: UInt16 = 1, timestamp: UInt32 = 0, ssrc: UInt32 = 1,
    marker: Bool = false, extensions: [Element] = [], payload: [UInt8] = [1, 2, 3]
) -> [UInt8] {
    let block = extensions.flatMap { [$0.id << 4 | UInt8($0.data.count - 1)] + $0.data }
    let words = (block.count + 3) / 4
    return [UInt8](capacity: 16 + words * 4 + payload.count) { (output: inout OutputSpan<UInt8>) in
        output.append(block.isEmpty ? 0x80 : 0x90)
        output.append(payloadType | (marker ? 0x80 : 0))
        output.append(bigEndian: sequenceNumber)
        output.append(bigEndian: timestamp)
        output.append(bigEndian: ssrc)
        if !block.isEmpty {
            output.append(bigEndian: 0xBEDE as UInt16)
            output.append(bigEndian: UInt16(words))
            for byte in block { output.append(byte) }
            for _ in block.count..<words * 4 { output.append(0) }
        }
        for byte in payload { output.append(byte) }
    }
}

struct MalformedPacket: Error {}

/// The header of a packet that `packet` made.
func header(of packet: [UInt8]) throws -> RTPHeader {
    guard let header = RTPHeader(parsing: packet.span) else { throw MalformedPacket() }
    return header
}

/// A header without a packet.
func header(
    payloadType: UInt8 = 96, _ sequenceNumber: UInt16, timestamp: UInt32 = 0, ssrc: UInt32 = 1,
    payloadBytes: Int = 100
) -> RTPHeader {
    RTPHeader(
        hasMarker: false, payloadType: payloadType, sequenceNumber: sequenceNumber, timestamp: timestamp,
        ssrc: ssrc,
        payload: 12..<12 + payloadBytes, extensions: HeaderExtensionBlock(form: .none, range: 12..<12))
}

/// A copy of what a span holds.
func copy(_ span: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: span.count) { $0.append(copying: span, 0..<span.count) }
}

/// What the policy makes of an offer with one section.
func negotiated(
    _ kind: MediaKind, mid: String = "0", direction: Direction = .sendrecv,
    codecs: [(payloadType: UInt8, codec: Codec, rtx: UInt8?)],
    extensions: [(id: UInt8, kind: HeaderExtensionKind)] = [], ssrc: UInt32? = nil, rtxSSRC: UInt32? = nil,
    rids: [String] = [], policy: Negotiation.Policy
) throws -> NegotiatedSection {
    let offer = OfferBuilder(
        ufrag: "abcd", pwd: "0123456789abcdefghijkl",
        fingerprint: Fingerprint(algorithm: "sha-256", bytes: [UInt8](repeating: 1, count: 32)),
        sections: [
            .init(
                kind: kind, mid: mid, direction: direction, codecs: codecs, extensions: extensions,
                ssrc: ssrc,
                rtxSSRC: rtxSSRC, rids: rids)
        ])
    return try Negotiation(offer: SessionDescription(parsing: offer.text), policy: policy).sections[0]
}

extension Instant {
    /// So many milliseconds after the beginning of the test.
    static func milliseconds(_ count: Int64) -> Instant {
        Instant(nanoseconds: count * 1_000_000)
    }
}

extension SourceReference {
    /// A source that differs from others by its track, and by its encoding if that is given.
    init(_ track: UInt32, encoding: UInt8 = 0) {
        self.init(track: track, generation: 1, encoding: encoding)
    }
}
