import SDP
import Wire

/// Texts: as an offer to each kind of session, whose answer has to be a session description as well, and as a
/// fragment.
enum SDPTarget {
    private static let local = LocalDescription(
        sessionID: 1, version: 1, ufrag: "ufrag", pwd: "0123456789abcdefghijkl",
        fingerprint: Fingerprint(algorithm: "sha-256", bytes: [UInt8](repeating: 0xAB, count: 32)),
        candidates: [SocketAddress(ipv4: 0xC000_0201, port: 5000)], sections: [])

    static func run(_ input: Span<UInt8>) {
        let bytes = [UInt8](capacity: input.count) { output in
            for index in input.indices { output.append(input[index]) }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try? TrickleFragment(parsing: text)
        guard let offer = try? SessionDescription(parsing: text) else { return }
        for policy in [Negotiation.Policy.publish, .watch, .echo] {
            guard let negotiation = try? Negotiation(offer: offer, policy: policy) else { continue }
            precondition(negotiation.sections.count == offer.sections.count, "each section is answered")
            let answer = try? SessionDescription(parsing: negotiation.answer(local))
            precondition(
                answer?.sections.count == offer.sections.count, "the answer is a session description")
        }
    }
}
