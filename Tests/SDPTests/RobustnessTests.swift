import Testing
import Wire

@testable import SDP

@Suite struct RobustnessTests {
    private static let local = LocalDescription(
        sessionID: 1, version: 1, ufrag: "node", pwd: "nodenodenodenodenodeno",
        fingerprint: Fixtures.fingerprint,
        candidates: [SocketAddress(ipv4: 0x7F00_0001, port: 1)], sections: []
    )

    /// Reads `text` and answers it in every way; an answer has to be readable and as long as the offer.
    private func exercise(_ text: String, _ comment: Comment) throws {
        _ = try? TrickleFragment(parsing: text)
        guard let offer = try? SessionDescription(parsing: text) else { return }
        for policy in [Negotiation.Policy.publish, .watch, .echo] {
            guard let negotiation = try? Negotiation(offer: offer, policy: policy) else { continue }
            let answer = try SessionDescription(parsing: negotiation.answer(Self.local))
            #expect(answer.sections.count == offer.sections.count, comment)
            #expect(answer.sections.map(\.isRejected) == negotiation.sections.map { !$0.isAccepted }, comment)
        }
    }

    @Test(arguments: Fixtures.offers)
    func `an offer that ends early is refused or answered`(file: String) throws {
        let text = try Fixtures.offer(file)
        let ends = text.utf8.indices.filter { text.utf8[$0] == UInt8(ascii: "\n") }
        // The long ones repeat themselves; their beginning is enough.
        for end in ends.prefix(260) { try exercise(String(text[..<end]), "\(file)") }
    }

    @Test(arguments: Fixtures.offers)
    func `a mutated offer is refused or answered`(file: String) throws {
        var generator = SeededGenerator()
        let comment: Comment = "\(file) with SMARTC_SEED=\(generator.seed)"
        let original = Array(try Fixtures.offer(file).utf8)
        let rounds = max(20, 500_000 / original.count)
        for _ in 0..<rounds {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) { Self.mutate(&bytes, using: &generator) }
            try exercise(String(decoding: bytes, as: UTF8.self), comment)
        }
    }

    private static func mutate(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        let end = min(bytes.count, position + Int.random(in: 1...40, using: &generator))
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[position] = .random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(position..<end)
        case 2:
            bytes.insert(
                contentsOf: bytes[position..<end], at: .random(in: 0...bytes.count, using: &generator))
        case 3: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: position)
        case 4:
            bytes[position] = [0x20, 0x3A, 0x2F, 0x3B, 0x3D, 0x0A].randomElement(using: &generator) ?? 0x20
        default:
            let lines = bytes.split(separator: 0x0A)
            let line = lines.randomElement(using: &generator) ?? []
            let start = bytes[position...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            bytes.insert(contentsOf: line + [0x0A], at: start)
        }
    }

    @Test func `descriptions that were trouble are refused or answered`() throws {
        for (name, text) in try Fixtures.fuzz() { try exercise(text, "\(name)") }
    }

    @Test(arguments: [
        ("control_character", true, 3), ("duplicate_mid", true, 22), ("extmap_conflict_in_bundle", true, 23),
        ("fid_group_of_three", true, 34), ("fingerprint_too_short", true, 6), ("ice_pwd_too_short", false, 8),
        ("ice_ufrag_forbidden_character", false, 7), ("no_fingerprint", false, 9), ("no_rtcp_mux", false, 10),
        ("not_sdp", true, 1), ("payload_type_128", true, 10), ("port_65536", true, 20),
        ("rid_with_path", true, 34),
        ("simulcast_twice", true, 36), ("ssrc_beyond_32_bits", true, 34), ("two_rtpmaps", true, 33),
        ("no_media", false, 0), ("rtp_over_nothing", false, 10),
    ])
    func `a bad description is refused at the right line`(name: String, isMalformed: Bool, line: Int) throws {
        let text = try Fixtures.fuzz(name)
        let error = #expect(throws: SDPError.self) {
            try Negotiation(offer: SessionDescription(parsing: text), policy: .publish)
        }
        switch error {
        case .malformed(line, _): #expect(isMalformed)
        case .unacceptable(line, _): #expect(!isMalformed)
        case .malformed, .unacceptable, nil: Issue.record("\(String(describing: error))")
        }
    }

    @Test func `attributes in great number are read in linear time`() throws {
        // Each of these was or could be quadratic; with 10,000 of them that would be felt.
        let parts = [
            (0..<10_000).map { "a=candidate:\($0) 1 udp 1 h 9 typ x\n" }.joined(),
            "a=fmtp:96 " + String(repeating: "a=b;", count: 10_000) + "\n",
            "a=mid:x" + String(repeating: "\u{301}", count: 10_000) + "\n",
        ]
        for part in parts { try exercise(Fixtures.short + part, "") }
        let group = "a=group:BUNDLE " + (0..<30_000).map { "\($0)" }.joined(separator: " ")
        try exercise(Fixtures.short(line: 5, group), "")
    }
}
