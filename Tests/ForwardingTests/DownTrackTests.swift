import Impairment
import RTP
import SDP
import Testing
import Wire

@testable import Forwarding

@Suite struct DownTrackTests {
    private static let source = SourceReference(1)
    private static let other = SourceReference(2)
    private static let baseline = Codec.h264(H264Format(packetizationMode: 1, profile: .constrainedBaseline))
    private static let high = Codec.h264(H264Format(packetizationMode: 1, profile: .high))
    private static let singleNAL = Codec.h264(H264Format(packetizationMode: 0, profile: .constrainedBaseline))

    private static func track(
        _ kind: MediaKind = .video, codecs: [(payloadType: UInt8, codec: Codec, rtx: UInt8?)],
        rtx: UInt32? = 12,
        seed: UInt64 = 1
    ) throws -> DownTrack {
        var generator = SplitMix64(seed: seed)
        return DownTrack(
            session: 3,
            section: try negotiated(
                kind, mid: "v", direction: .recvonly, codecs: codecs, extensions: [(4, .mid)], policy: .watch),
            ssrc: 11, retransmissionSSRC: rtx, using: &generator)
    }

    private static func arriving(
        _ codecs: [(payloadType: UInt8, codec: Codec, rtx: UInt8?)]
    ) throws -> [NegotiatedCodec] {
        try negotiated(codecs[0].codec.kind, direction: .sendonly, codecs: codecs, policy: .publish).codecs
    }

    /// A VP8 track that subscribes to `source`, whose payload type is 100 where it comes from and 96 where it goes to.
    private static func vp8(rtx: UInt8? = 97) throws -> DownTrack {
        var track = try track(codecs: [(96, .vp8, rtx)], rtx: rtx == nil ? nil : 12)
        let isReceivable = track.retarget(to: source, codecs: try arriving([(100, .vp8, 101)]))
        #expect(isReceivable)
        return track
    }

    /// What is known of a packet of a stream without layers.
    private static func packet(isKeyFrame: Bool) -> PacketDescription {
        var packet = PacketDescription()
        packet.isKeyFrameStart = isKeyFrame
        return packet
    }

    private static func reason(_ decision: DownTrack.Decision) -> DropReason? {
        if case .drop(let reason) = decision { reason } else { nil }
    }

    private static func rewrite(_ decision: DownTrack.Decision) throws -> DownTrack.Rewrite {
        guard case .send(let rewrite) = decision else { throw MalformedPacket() }
        return rewrite
    }

    // MARK: - Deciding

    @Test func `a picture begins with a key frame`() throws {
        var track = try Self.vp8()
        let early = track.decide(
            header(payloadType: 100, 1), Self.packet(isKeyFrame: false), of: Self.source, at: .milliseconds(0)
        )
        #expect(Self.reason(early) == .waitingForKeyFrame)
        #expect(track.source == nil)
        let first = track.decide(
            header(payloadType: 100, 2), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0))
        let rewrite = try Self.rewrite(first)
        #expect(rewrite.payloadType == 96)
        #expect(rewrite.replaced == nil)
        #expect(rewrite.mid != nil)
        #expect(rewrite.originalSequenceNumber == nil)
        #expect(track.source == Self.source)
        #expect(track.target == nil)
        let next = try Self.rewrite(
            track.decide(
                header(payloadType: 100, 3), Self.packet(isKeyFrame: false), of: Self.source,
                at: .milliseconds(1)))
        #expect(next.numbers.sequenceNumber == rewrite.numbers.sequenceNumber &+ 1)
    }

    @Test func `sound begins at once`() throws {
        var track = try Self.track(.audio, codecs: [(111, .opus, nil)], rtx: nil)
        _ = track.retarget(to: Self.source, codecs: try Self.arriving([(109, .opus, nil)]))
        let decision = track.decide(
            header(payloadType: 109, 7), Self.packet(isKeyFrame: false), of: Self.source, at: .milliseconds(0)
        )
        let rewrite = try Self.rewrite(decision)
        #expect(rewrite.payloadType == 111)
        #expect(track.clockRate == 48000)
    }

    @Test func `a layer that is not wanted is dropped`() throws {
        var track = try Self.vp8()
        let decision = track.decide(
            header(payloadType: 100, 1), Self.packet(isKeyFrame: true), of: SourceReference(1, encoding: 1),
            at: .milliseconds(0))
        #expect(Self.reason(decision) == .inactiveLayer)
    }

    @Test func `the former generation of a track is another source`() throws {
        var track = try Self.vp8()
        let former = SourceReference(track: 1, generation: 0, encoding: 0)
        let decision = track.decide(
            header(payloadType: 100, 1), Self.packet(isKeyFrame: true), of: former, at: .milliseconds(0))
        #expect(Self.reason(decision) == .inactiveLayer)
    }

    @Test func `a packet from before the start is dropped`() throws {
        var track = try Self.vp8()
        _ = track.decide(
            header(payloadType: 100, 10), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0)
        )
        let late = track.decide(
            header(payloadType: 100, 9), Self.packet(isKeyFrame: false), of: Self.source, at: .milliseconds(1)
        )
        #expect(Self.reason(late) == .beforeStart)
    }

    @Test func `a payload type that was not agreed on is dropped`() throws {
        var track = try Self.vp8()
        let atStart = track.decide(
            header(payloadType: 102, 10), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0)
        )
        #expect(Self.reason(atStart) == .codecNotNegotiated)
        #expect(track.source == nil)
        _ = track.decide(
            header(payloadType: 100, 11), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0)
        )
        let later = track.decide(
            header(payloadType: 102, 12), Self.packet(isKeyFrame: false), of: Self.source,
            at: .milliseconds(0))
        #expect(Self.reason(later) == .codecNotNegotiated)
    }

    @Test func `a source of which no codec can be received is refused`() throws {
        var track = try Self.track(codecs: [(96, .vp8, 97)])
        let isReceivable = track.retarget(
            to: Self.source, codecs: try Self.arriving([(98, .vp9(profile: 0), 99)]))
        #expect(!isReceivable)
        let decision = track.decide(
            header(payloadType: 98, 1), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0))
        #expect(Self.reason(decision) == .codecNotNegotiated)
    }

    @Test func `H264 goes out by packetization mode, and under its own profile if it can`() throws {
        var track = try Self.track(codecs: [
            (102, Self.singleNAL, nil), (104, Self.baseline, nil), (106, Self.high, nil),
        ])
        _ = track.retarget(
            to: Self.source,
            codecs: try Self.arriving([
                (120, Self.high, nil), (121, Self.singleNAL, nil),
                (122, .h264(H264Format(packetizationMode: 1, profile: .main)), nil),
            ]))
        let leaving = try [120, 121, 122].map { type in
            try Self.rewrite(
                track.decide(
                    header(payloadType: type, UInt16(type)), Self.packet(isKeyFrame: true), of: Self.source,
                    at: .milliseconds(0))
            ).payloadType
        }
        #expect(leaving == [106, 102, 104])
    }

    @Test func `the old source goes on until the new one has a key frame`() throws {
        var track = try Self.vp8()
        let first = try Self.rewrite(
            track.decide(
                header(payloadType: 100, 1, timestamp: 50), Self.packet(isKeyFrame: true), of: Self.source,
                at: .milliseconds(0)))
        _ = track.retarget(to: Self.other, codecs: try Self.arriving([(120, .vp8, 121)]))
        let new = track.decide(
            header(payloadType: 120, 900), Self.packet(isKeyFrame: false), of: Self.other,
            at: .milliseconds(10))
        #expect(Self.reason(new) == .waitingForKeyFrame)
        let old = track.decide(
            header(payloadType: 100, 2, timestamp: 50), Self.packet(isKeyFrame: false), of: Self.source,
            at: .milliseconds(10))
        #expect(try Self.rewrite(old).numbers.sequenceNumber == first.numbers.sequenceNumber &+ 1)
        let keyFrame = try Self.rewrite(
            track.decide(
                header(payloadType: 120, 901, timestamp: 7), Self.packet(isKeyFrame: true), of: Self.other,
                at: .milliseconds(20)))
        #expect(keyFrame.replaced == Self.source)
        #expect(keyFrame.payloadType == 96)
        #expect(keyFrame.numbers.sequenceNumber == first.numbers.sequenceNumber &+ 2)
        #expect(keyFrame.numbers.timestamp == first.numbers.timestamp &+ 900)
        let former = track.decide(
            header(payloadType: 100, 3), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(21)
        )
        #expect(Self.reason(former) == .inactiveLayer)
    }

    @Test func `to return to the present source gives up the target`() throws {
        var track = try Self.vp8()
        _ = track.decide(
            header(payloadType: 100, 1), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0))
        _ = track.retarget(to: Self.other, codecs: try Self.arriving([(120, .vp8, 121)]))
        let isReceivable = track.retarget(to: Self.source, codecs: [])
        #expect(isReceivable)
        #expect(track.target == nil)
        let decision = track.decide(
            header(payloadType: 100, 2), Self.packet(isKeyFrame: false), of: Self.source, at: .milliseconds(1)
        )
        #expect(try Self.rewrite(decision).payloadType == 96)
    }

    @Test func `a source that has ended is forgotten`() throws {
        var track = try Self.vp8()
        _ = track.decide(
            header(payloadType: 100, 1), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0))
        _ = track.retarget(to: Self.other, codecs: try Self.arriving([(120, .vp8, 121)]))
        track.detach(track: 1)
        #expect(track.source == nil)
        #expect(track.target == Self.other)
        track.detach(track: 2)
        #expect(track.target == nil)
    }

    @Test func `the first fifty packets carry the MID`() throws {
        var track = try Self.vp8()
        let carries = try (0..<60).map { index in
            try Self.rewrite(
                track.decide(
                    header(payloadType: 100, 65530 &+ UInt16(index)), Self.packet(isKeyFrame: index == 0),
                    of: Self.source, at: .milliseconds(0))
            ).mid != nil
        }
        #expect(carries == [Bool](repeating: true, count: 50) + [Bool](repeating: false, count: 10))
    }

    // MARK: - Retransmissions

    @Test func `on RTX a packet has a new number and names the old one`() throws {
        var track = try Self.vp8()
        let sent = try Self.rewrite(
            track.decide(
                header(payloadType: 100, 1, timestamp: 33), Self.packet(isKeyFrame: true), of: Self.source,
                at: .milliseconds(0)))
        let origin = try #require(track.origin(of: sent.numbers.sequenceNumber))
        #expect(origin.source == Self.source)
        #expect(origin.sequenceNumber == 1)
        let again = try (0..<2).map { _ in
            try Self.rewrite(
                track.retransmit(
                    header(payloadType: 100, 1, timestamp: 33), as: sent.numbers.sequenceNumber, of: origin,
                    at: .milliseconds(1)))
        }
        #expect(again.map(\.payloadType) == [97, 97])
        #expect(
            again.map(\.originalSequenceNumber) == [sent.numbers.sequenceNumber, sent.numbers.sequenceNumber])
        #expect(again.map(\.numbers.timestamp) == [sent.numbers.timestamp, sent.numbers.timestamp])
        #expect(again[1].numbers.sequenceNumber == again[0].numbers.sequenceNumber &+ 1)
        #expect(again.allSatisfy { $0.mid != nil })
    }

    @Test(arguments: [0, 49, 50, 300])
    func `without RTX a packet is the same as it was`(index: Int) throws {
        var track = try Self.vp8(rtx: nil)
        var sent: [DownTrack.Rewrite] = []
        for number in 0..<400 as Range<UInt16> {
            sent.append(
                try Self.rewrite(
                    track.decide(
                        header(payloadType: 100, number, timestamp: 5 * UInt32(number)),
                        Self.packet(isKeyFrame: number == 0), of: Self.source, at: .milliseconds(0))))
        }
        let former = sent[index]
        let origin = try #require(track.origin(of: former.numbers.sequenceNumber))
        let again = try Self.rewrite(
            track.retransmit(
                header(payloadType: 100, UInt16(index), timestamp: 5 * UInt32(index)),
                as: former.numbers.sequenceNumber, of: origin, at: .milliseconds(1)))
        #expect(again.numbers == former.numbers)
        #expect(again.payloadType == former.payloadType)
        #expect((again.mid == nil) == (former.mid == nil))
        #expect(again.originalSequenceNumber == nil)
    }

    @Test func `a packet of a source that was left is sent again as it was`() throws {
        var track = try Self.vp8()
        let sent = try Self.rewrite(
            track.decide(
                header(payloadType: 100, 1), Self.packet(isKeyFrame: true), of: Self.source,
                at: .milliseconds(0)))
        _ = track.retarget(to: Self.other, codecs: try Self.arriving([(120, .vp8, 121)]))
        _ = track.decide(
            header(payloadType: 120, 5), Self.packet(isKeyFrame: true), of: Self.other, at: .milliseconds(1))
        let origin = try #require(track.origin(of: sent.numbers.sequenceNumber))
        let again = try Self.rewrite(
            track.retransmit(
                header(payloadType: 100, 1), from: try Self.arriving([(100, .vp8, 101)]),
                as: sent.numbers.sequenceNumber, of: origin, at: .milliseconds(2)))
        #expect(again.payloadType == 97)
        #expect(again.originalSequenceNumber == sent.numbers.sequenceNumber)
        #expect(again.numbers.timestamp == sent.numbers.timestamp)
        // Nothing is known any more of what such a source sends.
        let unknown = track.retransmit(
            header(payloadType: 100, 1), as: sent.numbers.sequenceNumber, of: origin, at: .milliseconds(2))
        #expect(Self.reason(unknown) == .retransmissionUnavailable)
    }

    @Test func `retransmissions end with their budget and begin again with what is forwarded`() throws {
        var track = try Self.vp8()
        let sent = try Self.rewrite(
            track.decide(
                header(payloadType: 100, 1), Self.packet(isKeyFrame: true), of: Self.source,
                at: .milliseconds(0)))
        let origin = try #require(track.origin(of: sent.numbers.sequenceNumber))
        func repair() -> DropReason? {
            Self.reason(
                track.retransmit(
                    header(payloadType: 100, 1, payloadBytes: 1000), as: sent.numbers.sequenceNumber,
                    of: origin,
                    at: .milliseconds(0)))
        }
        let first = (0..<24).map { _ in repair() }
        #expect(first == [DropReason?](repeating: nil, count: 24))
        let exhausted = repair()
        for _ in 0..<4 { track.sent(payloadBytes: 1000) }
        let more = (0..<2).map { _ in repair() }
        #expect(exhausted == .retransmissionBudget)
        #expect(more == [nil, .retransmissionBudget])
        #expect(track.packetsSent == 4)
        #expect(track.bytesSent == 4000)
    }

    @Test
    func `one subscriber's losses reach the publisher once a second, and ever less often if they go on`()
        throws
    {
        var track = try Self.vp8()
        let times: [Int64] = [0, 1, 999, 1000, 1001, 2999, 3000, 6999, 7000, 14_999, 15_000]
        let taken = times.map { track.takeKeyFrameRequest(at: .milliseconds($0)) }
        #expect(
            taken == [true, false, false, true, false, false, true, false, true, false, true])
        // After a calm time all is as at first.
        let later = [200_000, 200_999, 201_000].map { track.takeKeyFrameRequest(at: .milliseconds($0)) }
        #expect(later == [true, false, true])
    }

    // MARK: - Reports

    @Test func `a sender report has the clock of the publisher and the timestamps of the subscriber`() throws
    {
        var track = try Self.vp8()
        let clock = SenderClock(
            SenderReport(
                ssrc: 1, ntpTimestamp: 100 << 32, rtpTimestamp: 5000, packetCount: 9, octetCount: 9),
            at: .milliseconds(0))
        let early = track.senderReport(from: clock, at: .milliseconds(0))
        #expect(early == nil)
        let sent = try Self.rewrite(
            track.decide(
                header(payloadType: 100, 1, timestamp: 5000), Self.packet(isKeyFrame: true), of: Self.source,
                at: .milliseconds(0)))
        track.sent(payloadBytes: 100)
        let report = track.senderReport(from: clock, at: .milliseconds(2000))
        #expect(report?.ssrc == 11)
        #expect(report?.ntpTimestamp == 102 << 32)
        #expect(report?.rtpTimestamp == sent.numbers.timestamp &+ 180_000)
        #expect(report?.packetCount == 1)
        #expect(report?.octetCount == 100)
    }

    @Test func `a report on the last sender report tells the round trip`() throws {
        var track = try Self.vp8()
        _ = track.decide(
            header(payloadType: 100, 1), Self.packet(isKeyFrame: true), of: Self.source, at: .milliseconds(0))
        track.sent(payloadBytes: 100)
        let clock = SenderClock(
            SenderReport(ssrc: 1, ntpTimestamp: 100 << 32, rtpTimestamp: 0, packetCount: 0, octetCount: 0),
            at: .milliseconds(0))
        _ = track.senderReport(from: clock, at: .milliseconds(1000))
        func block(_ reference: UInt32, delay: UInt32) -> ReportBlock {
            ReportBlock(
                ssrc: 11, fractionLost: 0, cumulativeLost: 0, extendedHighestSequenceNumber: 0, jitter: 0,
                lastSenderReport: reference, delaySinceLastSenderReport: delay)
        }
        track.receive(block(0, delay: 0), at: .milliseconds(1100))
        track.receive(block(100 << 16, delay: 0), at: .milliseconds(1100))
        #expect(track.roundTrip == nil)
        // 101 s is the reference; the remote held it back for half a second.
        track.receive(block(101 << 16, delay: 0x8000), at: .milliseconds(1550))
        #expect(track.roundTrip == .milliseconds(50))
        track.receive(block(101 << 16, delay: 0x1_0000), at: .milliseconds(1600))
        #expect(track.roundTrip == .zero)
    }
}
