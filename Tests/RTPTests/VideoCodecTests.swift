import Testing

@testable import RTP

@Suite struct VideoCodecTests {
    @Test(arguments: [
        (
            VideoCodec.vp8, "vp8",
            ["extension_without_fields", "key_frame_all_fields", "key_frame_wrong_start_code"]
        ),
        (
            .vp9, "vp9",
            ["first_byte_only", "key_frame_flexible_with_structure", "key_frame_structure_with_group"]
        ),
        (.h264, "h264", ["fu_a_idr_start", "idr", "sps", "stap_a_sps_pps"]),
        (.av1, "av1", ["new_sequence_lengths_before_elements", "new_sequence_one_element"]),
    ])
    func `the start of a key frame is known in every codec`(
        codec: VideoCodec, kind: String, expected: [String]
    ) throws {
        var starts: [String] = []
        for (name, bytes) in try Fixtures.all(kind) where !name.hasPrefix("crash") {
            if codec.isKeyFrameStart(payload: bytes.span) { starts.append(name) }
        }
        #expect(starts == expected)
    }

    @Test(arguments: VideoCodec.allCases)
    func `an empty payload starts nothing`(codec: VideoCodec) {
        let payload: [UInt8] = []
        let isStart = codec.isKeyFrameStart(payload: payload.span)
        #expect(!isStart)
    }
}

@Suite struct H264PayloadTests {
    @Test(arguments: [
        ("idr", H264Payload.Packaging.single), ("stap_a_sei_only", .aggregate),
        ("fu_a_idr_start", .fragment(isStart: true)), ("fu_a_idr_middle", .fragment(isStart: false)),
        ("fu_b", .other),
    ])
    func `the packaging is told by the first byte`(name: String, packaging: H264Payload.Packaging) throws {
        let bytes = try Fixtures.bytes("h264", name)
        let payload = H264Payload(parsing: bytes.span)
        #expect(payload?.packaging == packaging)
    }
}

@Suite struct AV1PayloadTests {
    @Test func `the aggregation header has four fields`() throws {
        let header = AV1Payload(parsing: hex("d0 aabb").span)
        #expect(header?.continuesElement == true)
        #expect(header?.elementGoesOn == true)
        #expect(header?.elementCount == 1)
        #expect(header?.startsCodedVideoSequence == false)
        let start = AV1Payload(parsing: hex("28").span)
        #expect(start?.continuesElement == false)
        #expect(start?.elementGoesOn == false)
        #expect(start?.elementCount == 2)
        #expect(start?.startsCodedVideoSequence == true)
    }
}
