import Testing

@testable import RTP

@Suite struct TransportFeedbackHeaderTests {
    private func results(
        _ name: String
    ) throws -> (header: TransportFeedbackHeader, told: [String], isComplete: Bool) {
        let bytes = try Fixtures.bytes("rtcp", name)
        guard case .transportFeedback(let header) = read(bytes).packets.first else {
            throw CancellationError()
        }
        var told: [String] = []
        let isComplete = header.forEachResult(in: bytes.span) { number, arrival in
            told.append("\(number):" + (arrival.map { "\($0)" } ?? "-"))
        }
        return (header, told, isComplete)
    }

    @Test func `a run tells of packets that all came`() throws {
        let (header, told, isComplete) = try results("twcc_run_of_three")
        #expect(
            header
                == TransportFeedbackHeader(
                    sender: 1, media: 2, baseSequenceNumber: 10, statusCount: 3, referenceTime: 4,
                    feedbackCount: 0,
                    range: 20..<28))
        #expect(told == ["10:256000", "11:256250", "12:256750"])
        #expect(isComplete)
    }

    @Test func `a one-bit vector tells of fourteen packets, across a wrap`() throws {
        let (_, told, isComplete) = try results("twcc_one_bit_vector")
        #expect(
            told == [
                "65530:256000", "65531:-", "65532:257000", "65533:-", "65534:258000", "65535:-", "0:259000",
                "1:-", "2:260000", "3:-", "4:261000", "5:-", "6:262000", "7:-",
            ])
        #expect(isComplete)
    }

    @Test func `times before the reference and going back are told`() throws {
        let (header, told, isComplete) = try results("twcc_negative_delta")
        #expect(header.referenceTime == -1)
        #expect(told == ["1:-63000", "2:-67000", "3:-", "4:-65750"])
        #expect(isComplete)
    }

    @Test(arguments: ["twcc_reserved_status", "twcc_lying_count", "twcc_deltas_missing"])
    func `a malformed packet tells nothing`(name: String) throws {
        let (_, told, isComplete) = try results(name)
        #expect(told == [])
        #expect(!isComplete)
    }

    @Test func `runs of nothing are skipped`() throws {
        #expect(try results("twcc_empty_runs").told == ["1:64000"])
    }

    @Test func `all numbers may be told as lost`() throws {
        let (_, told, isComplete) = try results("twcc_all_lost_65535")
        #expect(told.count == 65535)
        #expect(told.last == "65535:-")
        #expect(isComplete)
    }
}
