import Impairment
import RTP
import SDP
import Testing
import Wire

@testable import Forwarding

@Suite struct WeakLinkTests {
    private static func weak(_ roundTrip: Duration?, from next: Int64 = 0) -> WeakLink {
        var link = WeakLink()
        _ = link.fit(to: .weak, roundTrip: roundTrip, next: next)
        return link
    }

    @Test(
        arguments: [(nil, 800), (50, 400), (150, 550), (200, 650), (330, 900), (600, 900)] as [(Int?, Int)])
    func `the delay follows the round trip within bounds`(roundTrip: Int?, expected: Int) {
        let link = Self.weak(roundTrip.map { .milliseconds($0) })
        #expect(link.playoutDelay?.minimum == .milliseconds(expected))
        #expect(link.playoutDelay?.maximum == .milliseconds(1200))
    }

    @Test func `small changes of the round trip are not told`() {
        var link = Self.weak(.milliseconds(100))
        _ = link.fit(to: .weak, roundTrip: .milliseconds(140), next: 500)
        #expect(link.playoutDelay?.minimum == .milliseconds(450))
        #expect(link.playoutDelay(at: 501, 501, isKeyFrame: false) == nil)
        _ = link.fit(to: .weak, roundTrip: .milliseconds(160), next: 600)
        #expect(link.playoutDelay?.minimum == .milliseconds(570))
        #expect(link.playoutDelay(at: 601, 601, isKeyFrame: false) != nil)
    }

    @Test func `it goes with the packets after a change, with key frames, and now and then`() {
        let link = Self.weak(nil, from: 100)
        let told = { (place: Int64, isKeyFrame: Bool) in
            link.playoutDelay(at: place, UInt16(place), isKeyFrame: isKeyFrame) != nil
        }
        #expect(!told(99, false) && told(100, false) && told(159, false) && !told(160, false))
        #expect(told(200, true) && told(192, false) && !told(193, false))
    }

    @Test func `who was never on a weak link is told nothing, and who was is told the usual again`() {
        var link = WeakLink()
        let hasChanged = link.fit(to: .good, roundTrip: nil, next: 5)
        #expect(!hasChanged)
        #expect(link.playoutDelay(at: 64, 64, isKeyFrame: true) == nil)
        _ = link.fit(to: .weak, roundTrip: nil, next: 10)
        let isOver = link.fit(to: .good, roundTrip: nil, next: 1000)
        #expect(isOver)
        #expect(link.playoutDelay(at: 1000, 1000, isKeyFrame: false) == .usual)
        #expect(link.playoutDelay(at: 1060, 1060, isKeyFrame: true) == nil)
    }

    @Test func `what would come after its picture's turn is too late, and so is what a resync replaces`() {
        var link = Self.weak(.milliseconds(300))
        let now = Instant.milliseconds(10_000)
        // Up to 300 ms after its turn it is there before a resync would be.
        #expect(!link.isTooLate(age: .milliseconds(1100), at: now))
        #expect(link.isTooLate(age: .milliseconds(1101), at: now))
        let taken = [0, 1999].map { link.takeResync(at: now + .milliseconds($0)) }
        #expect(taken == [true, false])
        // Sent before the resync was asked for, and after.
        #expect(link.isTooLate(age: .milliseconds(300), at: now + .milliseconds(299)))
        #expect(!link.isTooLate(age: .milliseconds(300), at: now + .milliseconds(300)))
        let again = link.takeResync(at: now + .seconds(2))
        #expect(again)
    }

    @Test func `on other links nothing is too late`() {
        var link = WeakLink()
        #expect(!link.isTooLate(age: .seconds(9), at: .milliseconds(0)))
        let taken = link.takeResync(at: .milliseconds(0))
        #expect(!taken)
    }

    @Test func `on a lossy link pictures are held for one repair, and everything is sent again`() {
        var link = WeakLink()
        let isNew = link.fit(to: .lossy, roundTrip: .milliseconds(60), next: 10)
        #expect(isNew)
        #expect(link.playoutDelay?.minimum == .milliseconds(160))
        #expect(link.playoutDelay(at: 10, 10, isKeyFrame: false)?.minimum == .milliseconds(160))
        #expect(!link.isTooLate(age: .seconds(9), at: .milliseconds(0)))
        let resync = link.takeResync(at: .milliseconds(0))
        #expect(!resync)
        _ = link.fit(to: .lossy, roundTrip: .milliseconds(2000), next: 200)
        #expect(link.playoutDelay?.minimum == .milliseconds(400))
        _ = link.fit(to: .weak, roundTrip: .milliseconds(200), next: 300)
        #expect(link.playoutDelay?.minimum == .milliseconds(650))
        let isOver = link.fit(to: .good, roundTrip: nil, next: 400)
        #expect(isOver)
        #expect(link.playoutDelay(at: 400, 400, isKeyFrame: false) == .usual)
    }

    // MARK: - In a down track

    private static func track(rtx: Bool) throws -> DownTrack {
        var generator = SplitMix64(seed: 1)
        let codecs: [(payloadType: UInt8, codec: Codec, rtx: UInt8?)] = [(96, .vp8, rtx ? 97 : nil)]
        var track = DownTrack(
            session: 3,
            section: try negotiated(
                .video, mid: "v", direction: .recvonly, codecs: codecs,
                extensions: [(4, .mid), (5, .playoutDelay), (6, .colorSpace)], policy: .watch),
            ssrc: 11, retransmissionSSRC: rtx ? 12 : nil, using: &generator)
        let isReceivable = track.retarget(
            to: SourceReference(1),
            codecs: try negotiated(
                .video, direction: .sendonly, codecs: [(96, .vp8, nil)], policy: .publish
            ).codecs)
        #expect(isReceivable)
        return track
    }

    private static func send(_ number: UInt16, on track: inout DownTrack) -> DownTrack.Rewrite? {
        var packet = PacketDescription()
        packet.isKeyFrameStart = number == 0
        let decision = track.decide(
            header(number, timestamp: UInt32(number) * 6000), packet, of: SourceReference(1),
            at: .milliseconds(Int64(number) * 66))
        guard case .send(let rewrite) = decision else { return nil }
        track.sent(payloadBytes: 400)
        return rewrite
    }

    @Test func `a track on a weak link tells the delay and leaves out what nobody misses`() throws {
        var track = try Self.track(rtx: true)
        let before = Self.send(0, on: &track)
        #expect(before?.playoutDelay == nil)
        track.fit(to: .weak, roundTrip: nil)
        let after = try #require(Self.send(1, on: &track))
        #expect(after.playoutDelay?.minimum == .milliseconds(800))
        #expect(after.identifiers != before?.identifiers)
        #expect(after.identifiers == before?.identifiers.spared)
        track.fit(to: .good, roundTrip: nil)
        let usual = try #require(Self.send(2, on: &track))
        #expect(usual.playoutDelay == .usual)
        #expect(usual.identifiers == before?.identifiers)
    }

    @Test func `a track on a lossy link tells the delay and keeps its extensions`() throws {
        var track = try Self.track(rtx: true)
        let before = Self.send(0, on: &track)
        track.fit(to: .lossy, roundTrip: .milliseconds(50))
        let after = try #require(Self.send(1, on: &track))
        #expect(after.playoutDelay?.minimum == .milliseconds(150))
        #expect(after.identifiers == before?.identifiers)
    }

    @Test func `without RTX the same bytes are sent again, so that nothing is told`() throws {
        var track = try Self.track(rtx: false)
        let before = Self.send(0, on: &track)
        track.fit(to: .weak, roundTrip: nil)
        let after = try #require(Self.send(1, on: &track))
        #expect(after.playoutDelay == nil)
        #expect(after.identifiers == before?.identifiers)
    }

    @Test func `a packet that would come too late is not sent again`() throws {
        var track = try Self.track(rtx: true)
        track.fit(to: .weak, roundTrip: .milliseconds(300))
        let sent = (0..<30).compactMap { Self.send($0, on: &track) }
        let now = Instant.milliseconds(29 * 66)
        func again(_ number: Int) throws -> DropReason? {
            let outgoing = sent[number].numbers.sequenceNumber
            let decision = track.retransmit(
                header(UInt16(number), timestamp: UInt32(number) * 6000), as: outgoing,
                of: try #require(track.origin(of: outgoing)), at: now)
            if case .drop(let reason) = decision { return reason }
            return nil
        }
        let before = try [28, 13, 11].map { try again($0) }
        #expect(before == [nil, nil, .retransmissionTooLate])
        let taken = track.takeResync(at: now)
        #expect(taken)
        let after = try again(28)
        #expect(after == .retransmissionTooLate)
    }

    @Test func `the budget for repairs is tight on a weak link`() throws {
        var track = try Self.track(rtx: true)
        let sent = (0..<5).compactMap { Self.send($0, on: &track)?.numbers.sequenceNumber }
        track.fit(to: .weak, roundTrip: nil)
        var taken = 0
        for number in sent {
            let origin = try #require(track.origin(of: number))
            let decision = track.retransmit(
                header(0, payloadBytes: 1400), as: number, of: origin, at: .milliseconds(264))
            if case .send = decision { taken += 1 }
        }
        #expect(taken == 4)
    }

    @Test func `what is asked for again before the repair can have come is not sent twice`() throws {
        var track = try Self.track(rtx: true)
        let sent = try #require(Self.send(0, on: &track)).numbers.sequenceNumber
        track.fit(to: .weak, roundTrip: nil)
        func ask(at milliseconds: Int64) throws -> DropReason? {
            let decision = track.retransmit(
                header(0, payloadBytes: 400), as: sent, of: try #require(track.origin(of: sent)),
                at: .milliseconds(milliseconds))
            if case .drop(let reason) = decision { return reason }
            return nil
        }
        // The round trip is taken for 275 ms; three quarters of it have to pass.
        let answers = try [0, 100, 206, 207, 300].map { try ask(at: $0) }
        #expect(
            answers == [nil, .retransmissionPending, .retransmissionPending, nil, .retransmissionPending])
    }
}
