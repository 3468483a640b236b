import RTP
import SDP
import Testing
import Wire

@testable import Forwarding

@Suite struct UpTrackTests {
    private static let extensions: [(id: UInt8, kind: HeaderExtensionKind)] = [
        (4, .mid), (10, .rid), (11, .repairedRID),
    ]

    private static func track(
        mid: String = "v", ssrc: UInt32? = nil, rtxSSRC: UInt32? = nil, rids: [String] = []
    ) throws -> UpTrack {
        UpTrack(
            session: 1,
            section: try negotiated(
                .video, mid: mid, direction: .sendonly, codecs: [(96, .vp8, 97), (98, .vp9(profile: 0), 99)],
                extensions: extensions, ssrc: ssrc, rtxSSRC: rtxSSRC, rids: rids, policy: .publish))
    }

    private static func hint(
        _ track: borrowing UpTrack, payloadType: UInt8 = 96, ssrc: UInt32 = 50, _ elements: [Element] = []
    ) throws -> SourceHint? {
        let packet = packet(payloadType: payloadType, ssrc: ssrc, extensions: elements)
        return track.hint(for: try header(of: packet), in: packet.span)
    }

    private static func rid(_ hint: SourceHint?) -> String? {
        if case .encoding(let rid) = hint?.stream { rid } else { nil }
    }

    private static func repaired(_ hint: SourceHint?) -> Int? {
        if case .retransmission(let encoding) = hint?.stream { encoding } else { nil }
    }

    // MARK: - Hints

    @Test func `a packet that names the section is certainly its`() throws {
        let track = try Self.track()
        let hint = try Self.hint(track, [(4, Array("v".utf8))])
        #expect(hint?.isCertain == true)
        #expect(hint?.kind == .video)
        let foreign = try Self.hint(track, [(4, Array("w".utf8))]) == nil
        #expect(foreign)
    }

    @Test func `a payload type alone is a guess`() throws {
        let track = try Self.track()
        let hint = try Self.hint(track)
        #expect(hint?.isCertain == false)
        let foreign = try Self.hint(track, payloadType: 111) == nil
        #expect(foreign)
    }

    @Test func `a signalled SSRC is certain`() throws {
        let track = try Self.track(ssrc: 50, rtxSSRC: 51)
        let signalled = try Self.hint(track, ssrc: 50)
        let unknown = try Self.hint(track, ssrc: 52)
        #expect(signalled?.isCertain == true)
        #expect(unknown?.isCertain == false)
    }

    @Test func `a RID names the layer`() throws {
        let track = try Self.track(rids: ["q", "h", "f"])
        let hint = try Self.hint(track, [(4, Array("v".utf8)), (10, Array("h".utf8))])
        #expect(Self.rid(hint) == "h")
    }

    @Test func `a repaired RID finds the layer that it repairs`() throws {
        var track = try Self.track(rids: ["q", "h", "f"])
        let early = try Self.hint(track, payloadType: 97, [(11, Array("h".utf8))]) == nil
        #expect(early)
        _ = track.add(ssrc: 1, rid: "q")
        _ = track.add(ssrc: 2, rid: "h")
        let hint = try Self.hint(track, payloadType: 97, [(11, Array("h".utf8))])
        #expect(Self.repaired(hint) == 1)
        #expect(hint?.isCertain == true)
        let nameless = try Self.hint(track, payloadType: 97) == nil
        #expect(nameless)
    }

    @Test func `a FID group finds the stream that it repairs`() throws {
        var track = try Self.track(ssrc: 50, rtxSSRC: 51)
        let early = try Self.hint(track, payloadType: 97, ssrc: 51) == nil
        #expect(early)
        _ = track.add(ssrc: 40, rid: nil)
        _ = track.add(ssrc: 50, rid: nil)
        let hint = try Self.hint(track, payloadType: 97, ssrc: 51)
        #expect(Self.repaired(hint) == 1)
        #expect(hint?.isCertain == true)
    }

    @Test func `repairs without a name are those of the only stream`() throws {
        var track = try Self.track()
        _ = track.add(ssrc: 50, rid: nil)
        let hint = try Self.hint(track, payloadType: 97, ssrc: 60)
        #expect(Self.repaired(hint) == 0)
        #expect(hint?.isCertain == false)
    }

    // MARK: - Codecs

    @Test func `payload types stand for codecs and their repairs`() throws {
        let track = try Self.track()
        #expect(track.codec(of: 96) == .vp8)
        #expect(track.codec(of: 98) == .vp9(profile: 0))
        #expect(track.codec(of: 97) == nil)
        #expect(track.associatedPayloadType(of: 99) == 98)
        #expect(track.associatedPayloadType(of: 98) == nil)
        #expect(track.clockRate == 90000)
    }

    @Test func `the codec that arrives is that of the last packet`() throws {
        var track = try Self.track()
        let before = track.arrivingCodec
        #expect(before == nil)
        _ = track.add(ssrc: 1, rid: nil)
        try Self.feed(&track, 0, bytes: 100, at: 0, payloadType: 98)
        let after = track.arrivingCodec
        #expect(after == .vp9(profile: 0))
    }

    // MARK: - Encodings

    @Test func `there are four encodings at most`() throws {
        var track = try Self.track()
        let numbers = (0..<6).map { track.add(ssrc: UInt32($0), rid: nil) }
        #expect(numbers == [0, 1, 2, 3, nil, nil])
        #expect(track.encodingCount == 4)
        #expect(track.ssrc(of: 3) == 3)
    }

    @Test func `there is nothing to prefer before the first packet`() throws {
        var track = try Self.track()
        #expect(track.preferredEncoding == nil)
        _ = track.add(ssrc: 1, rid: nil)
        #expect(track.preferredEncoding == 0)
        let hasChanged = track.choosePreferred(at: .milliseconds(0))
        #expect(!hasChanged)
    }

    /// Gives an encoding one packet of `bytes` at millisecond `time`, whose number is `time` too.
    private static func feed(
        _ track: inout UpTrack, _ encoding: Int, bytes: Int, at time: Int64, payloadType: UInt8 = 96
    ) throws {
        let packet = packet(
            payloadType: payloadType, UInt16(truncatingIfNeeded: time),
            payload: [UInt8](repeating: 0, count: bytes - 12))
        let header = try header(of: packet)
        let reception = track.receive(
            packet.span, header, of: encoding, isRetransmission: false, at: .milliseconds(time))
        #expect(reception == .accepted || reception == .restarted)
    }

    @Test(arguments: [(140, 0), (149, 0), (151, 1), (300, 1)])
    func `a layer is preferred that has clearly more bits`(bytes: Int, preferred: Int) throws {
        var track = try Self.track(rids: ["q", "h"])
        _ = track.add(ssrc: 1, rid: "q")
        _ = track.add(ssrc: 2, rid: "h")
        for time in 0..<1000 as Range<Int64> {
            try Self.feed(&track, 0, bytes: 100, at: time)
            try Self.feed(&track, 1, bytes: bytes, at: time)
        }
        let hasChanged = track.choosePreferred(at: .milliseconds(1000))
        #expect(hasChanged == (preferred == 1))
        #expect(track.preferred == preferred)
        let changesAgain = track.choosePreferred(at: .milliseconds(1001))
        #expect(!changesAgain)
    }

    @Test func `a layer that has gone silent gives way to a smaller one`() throws {
        var track = try Self.track(rids: ["q", "h"])
        _ = track.add(ssrc: 1, rid: "q")
        _ = track.add(ssrc: 2, rid: "h")
        for time in 0..<2500 as Range<Int64> {
            try Self.feed(&track, 0, bytes: 100, at: time)
            if time < 1000 { try Self.feed(&track, 1, bytes: 1000, at: time) }
        }
        let up = track.choosePreferred(at: .milliseconds(1000))
        #expect(up)
        #expect(track.preferred == 1)
        let down = track.choosePreferred(at: .milliseconds(2500))
        #expect(down)
        #expect(track.preferred == 0)
    }

    @Test func `when all is silent the choice stays`() throws {
        var track = try Self.track(rids: ["q", "h"])
        _ = track.add(ssrc: 1, rid: "q")
        _ = track.add(ssrc: 2, rid: "h")
        try Self.feed(&track, 1, bytes: 1000, at: 0)
        let hasChanged = track.choosePreferred(at: .milliseconds(5000))
        #expect(!hasChanged)
        #expect(track.preferred == 0)
    }

    @Test func `a packet that comes twice is a duplicate`() throws {
        var track = try Self.track()
        _ = track.add(ssrc: 1, rid: nil)
        try Self.feed(&track, 0, bytes: 100, at: 5)
        let packet = packet(5)
        let header = try header(of: packet)
        let reception = track.receive(
            packet.span, header, of: 0, isRetransmission: true, at: .milliseconds(6))
        #expect(reception == .refused(.duplicate))
    }

    @Test func `a missing packet is asked for until it comes`() throws {
        var track = try Self.track()
        _ = track.add(ssrc: 1, rid: nil)
        try Self.feed(&track, 0, bytes: 100, at: 1)
        let packet = packet(4)
        let reception = track.receive(
            packet.span, try header(of: packet), of: 0, isRetransmission: false, at: .milliseconds(2))
        #expect(reception == .accepted)
        var missing: [UInt16] = []
        track.dueRepairs(of: 0, roundTrip: .milliseconds(100), into: &missing, at: .milliseconds(12))
        #expect(missing == [2, 3])
        for time in [2, 3] { try Self.feed(&track, 0, bytes: 100, at: Int64(time)) }
        missing = []
        track.dueRepairs(of: 0, roundTrip: .milliseconds(100), into: &missing, at: .milliseconds(500))
        #expect(missing.isEmpty)
    }

    @Test func `packets are kept for subscribers`() throws {
        var track = try Self.track()
        _ = track.add(ssrc: 1, rid: nil)
        try Self.feed(&track, 0, bytes: 100, at: 9)
        let length = track.withStored(9, of: 0) { packet, header in
            header.sequenceNumber == 9 ? packet.count : 0
        }
        #expect(length == 100)
        let other = track.withStored(10, of: 0) { packet, _ in packet.count }
        #expect(other == nil)
    }

    @Test func `a key frame is asked for where the publisher understands it`() throws {
        var track = try Self.track()
        _ = track.add(ssrc: 1, rid: nil)
        track.requestKeyFrame(of: 0)
        let isTaken = track.takeKeyFrameRequest(of: 0, at: .milliseconds(0))
        #expect(isTaken)
        _ = track.keyFrameArrived(of: 0, at: .milliseconds(100))
        let isTakenAgain = track.takeKeyFrameRequest(of: 0, at: .milliseconds(2000))
        #expect(!isTakenAgain)

        var sound = UpTrack(
            session: 1,
            section: try negotiated(
                .audio, direction: .sendonly, codecs: [(111, .opus, nil)], policy: .publish))
        _ = sound.add(ssrc: 1, rid: nil)
        sound.requestKeyFrame(of: 0)
        let isTakenForSound = sound.takeKeyFrameRequest(of: 0, at: .milliseconds(0))
        #expect(!isTakenForSound)
    }

    @Test func `subscribers come and go, each once`() throws {
        var track = try Self.track()
        for index in [3, 5, 3, 7] { track.subscribe(index) }
        #expect(track.subscribers.sorted() == [3, 5, 7])
        track.unsubscribe(3)
        track.unsubscribe(4)
        #expect(track.subscribers.sorted() == [5, 7])
        track.unsubscribe(7)
        track.unsubscribe(5)
        track.unsubscribe(5)
        #expect(track.subscribers.isEmpty)
    }

    @Test func `a sender report sets the clock of its encoding`() throws {
        var track = try Self.track()
        _ = track.add(ssrc: 1, rid: nil)
        let before = track.clock(of: 0) == nil
        #expect(before)
        track.receive(
            SenderReport(ssrc: 1, ntpTimestamp: 7 << 32, rtpTimestamp: 70, packetCount: 0, octetCount: 0),
            of: 0,
            at: .milliseconds(0))
        let reading = track.clock(of: 0)?.reading(at: .milliseconds(0), clockRate: 90000)
        #expect(reading?.timestamp == 70)
        #expect(reading?.ntp.rawValue == 7 << 32)
        try Self.feed(&track, 0, bytes: 100, at: 1)
        let block = track.reportBlock(of: 0, at: .milliseconds(1000))
        #expect(block.ssrc == 1)
        #expect(block.lastSenderReport == 7 << 16)
        #expect(block.delaySinceLastSenderReport == 1 << 16)
    }

    @Test func `a source restarts with its first packet, and when its numbers jump`() throws {
        var track = try Self.track()
        _ = track.add(ssrc: 1, rid: nil)
        var receptions: [UpTrack.Reception] = []
        for number in [1, 2, 20_000, 20_001] as [UInt16] {
            let packet = packet(number)
            let header = try header(of: packet)
            receptions.append(
                track.receive(packet.span, header, of: 0, isRetransmission: false, at: .milliseconds(1)))
        }
        #expect(receptions == [.restarted, .accepted, .restarted, .accepted])
    }

    @Test func `a new SSRC of a known layer takes the former one's place`() throws {
        var track = try Self.track(rids: ["q", "h"])
        let numbers = [(1, "q"), (2, "h"), (3, "q"), (4, "q"), (5, "h")].map { ssrc, rid in
            track.add(ssrc: ssrc, rid: rid)
        }
        #expect(numbers == [0, 1, 0, 0, 1])
        let ssrcs = [track.ssrc(of: 0), track.ssrc(of: 1)]
        #expect(ssrcs == [4, 5])
    }

    // MARK: - Layers

    @Test func `layers of all encodings are options, the smallest first`() throws {
        var track = try Self.track(rids: ["q", "h"])
        _ = track.add(ssrc: 1, rid: "q")
        _ = track.add(ssrc: 2, rid: "h")
        for index in 0..<90 as Range<UInt16> {
            for (encoding, bytes) in [(0, 100), (1, 500)] {
                // VP8 with T0 and T1 by turns; the first is a key frame.
                let payload: [UInt8] =
                    [0x90, 0x20, UInt8(index % 2) << 6, index == 0 ? 0x10 : 0x11, 0, 0, 0x9D, 1, 0x2A]
                    + [encoding == 0 ? 160 : 64, encoding == 0 ? 0 : 1, encoding == 0 ? 90 : 180, 0]
                let packet = packet(
                    index, timestamp: UInt32(index) * 3000,
                    payload: payload + [UInt8](repeating: 0, count: bytes))
                let header = try header(of: packet)
                let now = Instant.milliseconds(Int64(index) * 33)
                _ = track.receive(packet.span, header, of: encoding, isRetransmission: false, at: now)
                let description = track.describe(packet.span, header, of: encoding, at: now)
                #expect(description.temporalID == index % 2)
            }
        }
        let options = track.layers(at: .milliseconds(2970))
        #expect(options.map(\.layer.encoding) == [0, 0, 1, 1])
        #expect(options.map(\.layer.temporal) == [0, 1, 0, 1])
        #expect(options.map(\.height) == [90, 90, 180, 180])
        #expect(options.map(\.width) == [160, 160, 320, 320])
        #expect(options.allSatisfy { abs($0.framesPerSecond - ($0.layer.temporal == 0 ? 15 : 30)) < 2 })
        let later = track.layers(at: .milliseconds(9000))
        #expect(later.isEmpty)
    }

    @Test func `a dependency descriptor is explained by the structure that came last, not by a late one`()
        throws
    {
        var track = UpTrack(
            session: 1,
            section: try negotiated(
                .video, direction: .sendonly, codecs: [(45, .av1(profile: 0), 46)],
                extensions: [(12, .dependencyDescriptor)], policy: .publish))
        _ = track.add(ssrc: 1, rid: nil)
        /// One decode target for each of two temporal layers, templates numbered from `first`.
        func structure(_ first: UInt8) -> [UInt8] {
            // S E template, frame, flags; first template, two targets; T0 T1; SS -S; no differences, no chains, no sizes.
            let text =
                "11" + Self.binary(first, 6) + "0000000000000001" + "10000" + Self.binary(first, 6) + "00001"
                + "01 11" + "1010 0010" + "0 0" + "0" + "0"
            return Self.bits(text)
        }
        func describe(_ number: UInt16, _ descriptor: [UInt8], _ payload: UInt8 = 0x10) throws
            -> PacketDescription
        {
            let packet = packet(
                payloadType: 45, number, extensions: [(12, descriptor)], payload: [payload, 0x32])
            return track.describe(packet.span, try header(of: packet), of: 0, at: .milliseconds(0))
        }
        let first = try describe(10, structure(8), 0x18)
        #expect(first.isKeyFrameStart && first.startsFrame && first.frameNumber == 1)
        #expect(try describe(12, Self.bits("11" + Self.binary(9, 6) + "0000000000000010")).temporalID == 1)
        let unknown = try describe(13, Self.bits("11" + Self.binary(20, 6) + "0000000000000011"))
        #expect(unknown.temporalID == 0 && unknown.tellsFrameStarts && !unknown.startsFrame)
        // 11 was late and brings another structure.
        #expect(try describe(11, structure(19)).startsFrame)
        #expect(try describe(14, Self.bits("11" + Self.binary(9, 6) + "0000000000000100")).temporalID == 1)
        #expect(try describe(15, structure(19)).startsFrame)
        #expect(try describe(16, Self.bits("11" + Self.binary(20, 6) + "0000000000000100")).temporalID == 1)
    }

    private static func binary(_ value: UInt8, _ count: Int) -> String {
        (0..<count).map { value >> UInt8(count - 1 - $0) & 1 == 1 ? "1" : "0" }.joined()
    }

    private static func bits(_ text: String) -> [UInt8] {
        let digits = text.compactMap { $0 == "0" ? UInt8(0) : $0 == "1" ? 1 : nil }
        return stride(from: 0, to: digits.count, by: 8).map { start in
            (0..<8).reduce(UInt8(0)) { byte, index in
                byte << 1 | (start + index < digits.count ? digits[start + index] : 0)
            }
        }
    }
}
