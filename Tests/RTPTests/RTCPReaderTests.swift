import Testing

@testable import RTP

@Suite struct RTCPReaderTests {
    private let block = ReportBlock(
        ssrc: 5, fractionLost: 0x40, cumulativeLost: -2, extendedHighestSequenceNumber: 0x1_0002, jitter: 16,
        lastSenderReport: 0x1111_2222, delaySinceLastSenderReport: 0x8000)

    private func only(_ name: String) throws -> (packet: RTCPPacket, bytes: [UInt8]) {
        let bytes = try Fixtures.bytes("rtcp", name)
        let (packets, isWellFormed) = read(bytes)
        #expect(isWellFormed)
        try #require(packets.count == 1)
        return (packets[0], bytes)
    }

    @Test func `a sender report has sender information and blocks`() throws {
        let (packet, bytes) = try only("sender_report_negative_loss")
        let report = SenderReport(
            ssrc: 1, ntpTimestamp: 0xE5A1_B2C3_D4E5_F607, rtpTimestamp: 90000, packetCount: 10,
            octetCount: 1000)
        let reports = ReportBlocks(range: 28..<52, count: 1)
        #expect(packet == .senderReport(report, reports: reports))
        let first = reports.block(0, in: bytes.span)
        #expect(first == block)
    }

    @Test func `a receiver report has up to 31 blocks`() throws {
        let (packet, bytes) = try only("receiver_report_31_blocks")
        let reports = ReportBlocks(range: 8..<752, count: 31)
        #expect(packet == .receiverReport(ssrc: 1, reports: reports))
        let last = reports.block(30, in: bytes.span)
        #expect(last == block)
    }

    @Test func `a compound is delivered in order`() throws {
        let (packets, isWellFormed) = read(try Fixtures.bytes("rtcp", "compound_sr_sdes_bye"))
        #expect(isWellFormed)
        try #require(packets.count == 3)
        #expect(packets[1] == .sourceDescription)
        #expect(packets[2] == .goodbye(range: 72..<76, count: 1))
    }

    @Test func `what comes before a malformation is delivered`() throws {
        let bytes = try Fixtures.bytes("rtcp", "pli") + hex("81ce0002 00000001")
        let (packets, isWellFormed) = read(bytes)
        #expect(!isWellFormed)
        #expect(packets == [.pictureLossIndication(sender: 1, media: 2)])
    }

    @Test func `an empty datagram is malformed`() {
        #expect(read([]).isWellFormed == false)
    }

    @Test func `padding is no content`() throws {
        #expect(
            try only("padding_on_last_packet").packet
                == .receiverReport(ssrc: 1, reports: ReportBlocks(range: 8..<8, count: 0)))
    }

    @Test func `a NACK names packets by number and bitmask`() throws {
        let (packet, bytes) = try only("nack_across_wrap")
        let nack = GenericNACK(sender: 1, media: 2, range: 12..<20)
        #expect(packet == .nack(nack))
        var numbers: [UInt16] = []
        nack.forEachSequenceNumber(in: bytes.span) { numbers.append($0) }
        #expect(numbers == [65534, 65535, 14, 20])
    }

    @Test func `a full intra request has an entry per source`() throws {
        let (packet, bytes) = try only("fir_two_entries")
        let request = FullIntraRequest(sender: 1, range: 12..<28)
        #expect(packet == .fullIntraRequest(request))
        var entries: [[UInt32]] = []
        request.forEachEntry(in: bytes.span) { entries.append([$0, UInt32($1)]) }
        #expect(entries == [[5, 7], [6, 8]])
    }

    @Test func `a maximum bitrate has mantissa and exponent`() throws {
        let (packet, bytes) = try only("remb_two_sources")
        let estimate = REMB(sender: 1, bitsPerSecond: 0x3D090 << 2, range: 20..<28)
        #expect(packet == .receiverEstimatedMaximumBitrate(estimate))
        var sources: [UInt32] = []
        estimate.forEachSource(in: bytes.span) { sources.append($0) }
        #expect(sources == [5, 6])
    }

    @Test func `a bitrate beyond 64 bits saturates`() throws {
        #expect(
            try only("remb_exponent_63").packet
                == .receiverEstimatedMaximumBitrate(REMB(sender: 1, bitsPerSecond: .max, range: 20..<20)))
    }

    @Test func `an extended report has clocks and answers to clocks`() throws {
        let (packet, bytes) = try only("xr_reference_time_and_dlrr")
        #expect(packet == .extendedReport(range: 4..<52))
        var blocks: [ExtendedReportBlock] = []
        let isWellFormed = RTCPReader.forEachExtendedReportBlock(in: bytes.span, range: 4..<52) {
            blocks.append($0)
        }
        #expect(isWellFormed)
        #expect(
            blocks == [
                .receiverReferenceTime(sender: 1, ntpTimestamp: 0x0102_0304_0506_0708),
                .delaySinceLastReference(
                    sender: 1, ssrc: 5, lastReceiverReference: 0xAABB_CCDD, delay: 0x1_0000),
                .delaySinceLastReference(
                    sender: 1, ssrc: 6, lastReceiverReference: 0xEEFF_0011, delay: 0x2_0000),
                .other(blockType: 1),
            ])
    }

    @Test(
        arguments: [
            ("app", 204, 0), ("unknown_packet_type", 210, 3), ("application_feedback_not_remb", 206, 15),
        ] as [(String, UInt8, UInt8)])
    func `other packets are named by type and format`(name: String, type: UInt8, format: UInt8) throws {
        #expect(try only(name).packet == .other(packetType: type, format: format))
    }
}
