import Testing

@testable import RTP

@Suite struct ParserReplayTests {
    @Test(arguments: [
        ("rtp", ["padding_larger_than_payload", "padding_of_zero", "version_1"]),
        (
            "rtcp",
            [
                "length_runs_over", "pli_too_short",
                "receiver_report_claims_too_many_blocks", "remb_claims_too_many_sources",
                "twcc_deltas_missing",
                "twcc_lying_count", "twcc_reserved_status", "xr_block_runs_over",
            ]
        ),
        ("vp8", []),
        (
            "vp9",
            ["inter_frame_four_references", "structure_group_of_255_cut", "structure_of_eight_layers_cut"]
        ),
        ("h264", ["fu_a_header_only", "stap_a_empty_unit", "stap_a_unit_runs_over"]),
        ("av1", ["new_sequence_that_continues"]),
    ])
    func `the malformed fixtures and no others are refused`(kind: String, malformed: [String]) throws {
        let known = try Fixtures.all(kind)
        let refused = known.filter { !ParserReplay.accepts(kind, $0.bytes) }.map(\.name)
        #expect(known.count > malformed.count)
        // A crash found by fuzzing may be added as a file without touching this table.
        #expect(refused.filter { !$0.hasPrefix("crash") } == malformed)
    }

    @Test(arguments: Fixtures.kinds)
    func `no truncation traps`(kind: String) throws {
        var tried = 0
        for fixture in try Fixtures.all(kind) {
            for length in 0..<fixture.bytes.count {
                _ = ParserReplay.accepts(kind, Array(fixture.bytes.prefix(length)))
                tried += 1
            }
        }
        #expect(tried > 10)
    }

    @Test(arguments: Fixtures.kinds)
    func `no flipped bit traps`(kind: String) throws {
        var tried = 0
        for fixture in try Fixtures.all(kind) {
            var bytes = fixture.bytes
            for bit in 0..<min(bytes.count, 100) * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8)
                _ = ParserReplay.accepts(kind, bytes)
                bytes[bit / 8] ^= 1 << (bit % 8)
                tried += 1
            }
        }
        #expect(tried > 100)
    }

    @Test(arguments: Fixtures.seeds)
    func `no random mutation traps in any parser`(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for kind in Fixtures.kinds {
            for fixture in try Fixtures.all(kind) {
                var bytes = fixture.bytes
                for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
                bytes.removeLast(Int.random(in: 0...bytes.count / 2, using: &generator))
                for other in Fixtures.kinds {
                    _ = ParserReplay.accepts(other, bytes)
                }
            }
        }
    }
}
