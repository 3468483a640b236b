import Testing

@testable import RTP

@Suite struct RTCPWriterTests {
    @Test func `a sender report is 28 bytes`() {
        let bytes = written(capacity: RTCPWriter.senderReportSize) {
            RTCPWriter.senderReport(
                ssrc: 1, ntpTimestamp: 0x0102_0304_0506_0708, rtpTimestamp: 9, packetCount: 10,
                octetCount: 11,
                into: &$0)
        }
        #expect(bytes == hex("80c80006 00000001 0102030405060708 00000009 0000000a 0000000b"))
    }

    @Test func `a receiver report holds 24 bits of losses at most`() {
        let blocks = [Int32.min, -2, .max].map {
            ReportBlock(
                ssrc: 5, fractionLost: 1, cumulativeLost: $0, extendedHighestSequenceNumber: 2, jitter: 3,
                lastSenderReport: 4, delaySinceLastSenderReport: 5)
        }
        let bytes = written(capacity: RTCPWriter.receiverReportSize(blocks: 3)) {
            RTCPWriter.receiverReport(sender: 1, blocks: blocks, into: &$0)
        }
        let rest = "00000002 00000003 00000004 00000005"
        let lost = ["800000", "fffffe", "7fffff"].map { "00000005 01\($0) \(rest)" }
        #expect(bytes == hex("83c90013 00000001" + lost.joined()))
    }

    @Test func `a receiver report has no more than 31 blocks`() {
        let block = ReportBlock(
            ssrc: 5, fractionLost: 0, cumulativeLost: 0, extendedHighestSequenceNumber: 0, jitter: 0,
            lastSenderReport: 0, delaySinceLastSenderReport: 0)
        let bytes = written {
            RTCPWriter.receiverReport(sender: 1, blocks: Array(repeating: block, count: 40), into: &$0)
        }
        #expect(bytes.count == 752)
        #expect(
            read(bytes).packets
                == [.receiverReport(ssrc: 1, reports: ReportBlocks(range: 8..<752, count: 31))])
    }

    @Test(arguments: [
        ("", "81ca0002 00000001 0100 0000"), ("a", "81ca0002 00000001 0101 61 00"),
        ("ab", "81ca0003 00000001 0102 6162 00000000"), ("abcde", "81ca0003 00000001 0105 6162636465 00"),
    ])
    func `a canonical name ends with a null on a word`(cname: String, text: String) {
        let bytes = written(capacity: RTCPWriter.sourceDescriptionSize(cname: cname)) {
            RTCPWriter.sourceDescription(ssrc: 1, cname: cname, into: &$0)
        }
        #expect(bytes == hex(text))
        #expect(bytes.count == RTCPWriter.sourceDescriptionSize(cname: cname))
    }

    @Test func `a long canonical name is cut between characters`() {
        let bytes = written {
            RTCPWriter.sourceDescription(ssrc: 1, cname: String(repeating: "ä", count: 200), into: &$0)
        }
        #expect(bytes[9] == 254)
        #expect(bytes.count == 268)
        #expect(read(bytes).packets == [.sourceDescription])
    }

    @Test func `small packets have the bytes of their RFC`() {
        let bytes = written(capacity: 8 + 12 + 20) {
            RTCPWriter.goodbye(ssrc: 1, into: &$0)
            RTCPWriter.pictureLossIndication(sender: 1, media: 2, into: &$0)
            RTCPWriter.fullIntraRequest(sender: 1, media: 2, sequenceNumber: 3, into: &$0)
        }
        #expect(
            bytes
                == hex(
                    """
                    81cb0001 00000001
                    81ce0002 00000001 00000002
                    84ce0004 00000001 00000000 00000002 03000000
                    """))
    }

    @Test(
        arguments: [
            ([7], "0007 0000"), ([7, 8, 23, 24], "0007 8001 0018 0000"), ([65535, 0, 1], "ffff 0003"),
            ([65530, 10, 11], "fffa 8000 000b 0000"), ([5, 5, 6], "0005 0001"),
        ] as [([UInt16], String)])
    func `a NACK packs sixteen numbers behind the first`(numbers: [UInt16], entries: String) {
        let expected = hex(entries)
        let bytes = written(capacity: RTCPWriter.nackSize(sequenceNumbers: numbers)) {
            let count = RTCPWriter.nack(sender: 1, media: 2, sequenceNumbers: numbers, into: &$0)
            #expect(count == numbers.count)
        }
        #expect(
            bytes == hex("81cd") + [0, UInt8(2 + expected.count / 4)] + hex("00000001 00000002") + expected)
    }

    @Test(arguments: [(11, 0, 0), (15, 0, 0), (16, 1, 16), (19, 1, 16), (20, 2, 20), (1500, 256, 1036)])
    func `a NACK says how many numbers fitted`(room: Int, taken: Int, size: Int) {
        let numbers = (0..<300).map { UInt16($0 * 100) }
        var count = -1
        let bytes = written(capacity: room) {
            count = RTCPWriter.nack(sender: 1, media: 2, sequenceNumbers: numbers, into: &$0)
        }
        #expect(count == taken)
        #expect(bytes.count == size)
    }

    @Test(
        arguments: [
            (0, 0), (0x3_FFFF, 0x3_FFFF), (0x4_0000, 0x4_0000), (1_000_001, 1_000_000),
            (.max, 0xFFFF_C000_0000_0000),
        ] as [(UInt64, UInt64)])
    func `a maximum bitrate keeps 18 bits`(bitsPerSecond: UInt64, kept: UInt64) {
        let size = RTCPWriter.receiverEstimatedMaximumBitrateSize(ssrcs: 2)
        let bytes = written(capacity: size) {
            RTCPWriter.receiverEstimatedMaximumBitrate(
                sender: 1, bitsPerSecond: bitsPerSecond, ssrcs: [5, 6], into: &$0)
        }
        #expect(
            read(bytes).packets
                == [.receiverEstimatedMaximumBitrate(REMB(sender: 1, bitsPerSecond: kept, range: 20..<28))])
        #expect(bytes.suffix(8) == hex("00000005 00000006")[...])
    }

    @Test func `clocks of receivers are sent and answered`() {
        let bytes = written(capacity: 44) {
            RTCPWriter.receiverReferenceTime(sender: 1, ntpTimestamp: 0x0102_0304_0506_0708, into: &$0)
            RTCPWriter.dlrr(sender: 1, ssrc: 5, lastReceiverReference: 0x0304_0506, delay: 7, into: &$0)
        }
        #expect(
            bytes
                == hex(
                    """
                    80cf0004 00000001 04000002 0102030405060708
                    80cf0005 00000001 05000003 00000005 03040506 00000007
                    """))
    }

    @Test func `a loss indication is built like a NACK`() {
        let numbers: [UInt16] = [10, 12, 40]
        let bytes = written {
            RTCPWriter.lossIndication(sender: 1, media: 2, sequenceNumbers: numbers, into: &$0)
        }
        #expect(bytes == hex("87cd0004 00000001 00000002 000a0002 00280000"))
        guard case .lossIndication(let read)? = read(bytes).packets.first else {
            Issue.record("not read back")
            return
        }
        var listed: [UInt16] = []
        read.forEachSequenceNumber(in: bytes.span) { listed.append($0) }
        #expect(listed == numbers)
        #expect(read.sender == 1 && read.media == 2)
    }
}
