import Codecs
import Mixing
import Testing
import Wire

@Suite struct MixRunnerTests {
    private let start = Instant(nanoseconds: 3_000_000_000)

    private func packets(_ reports: [MixReport]) -> [(mix: UInt32, packet: MixPacket)] {
        reports.compactMap { if case .packet(let packet, let mix) = $0 { (mix, packet) } else { nil } }
    }

    @Test func `it wants to be called every 20 ms while there is a room`() {
        var runner = MixRunner()
        #expect(runner.deadline == nil)
        runner.run(.openRoom(1), at: start) { _ in }
        #expect(runner.deadline == start + .milliseconds(20))
        runner.advance(to: start + .milliseconds(41), clock: { start }) { _ in }
        #expect(runner.deadline == start + .milliseconds(60))
        runner.run(.closeRoom(1), at: start) { _ in }
        #expect(runner.deadline == nil)
    }

    @Test func `a voice is heard in its own room only`() throws {
        var runner = MixRunner()
        var reports: [MixReport] = []
        for room in [1, 2] as [UInt32] {
            runner.run(.openRoom(room), at: start) { reports.append($0) }
            runner.run(.addMix(10 + room, room: room, without: nil, VoiceEncoding()), at: start) {
                reports.append($0)
            }
        }
        runner.run(.addVoice(5, room: 2), at: start) { reports.append($0) }
        var speaker = try Speaker { Signals.tone(600, amplitude: 0.2, from: $0, count: $1) }
        for step in 0..<200 {
            let now = start + .milliseconds(20) * step
            if let packet = try speaker.next(at: now) {
                runner.run(.packet(packet, voice: 5, room: 2), at: now) { reports.append($0) }
            }
            runner.advance(to: now, clock: { now }) { reports.append($0) }
        }
        let sent = packets(reports)
        #expect(sent.count { $0.mix == 11 } < 20)
        #expect(sent.count { $0.mix == 12 } > 60)
        #expect(
            reports.contains {
                if case .voiceStatistics(5, let told) = $0 { told.packets > 0 } else { false }
            })
    }

    @Test func `after a long absence time goes on and nothing is made up for`() {
        var runner = MixRunner()
        var reports: [MixReport] = []
        runner.run(.openRoom(1), at: start) { _ in }
        runner.run(.addMix(7, room: 1, without: nil, VoiceEncoding()), at: start) { _ in }
        runner.advance(to: start + .milliseconds(120), clock: { start }) { reports.append($0) }
        runner.run(.wake(7, room: 1), at: start) { _ in }
        runner.advance(to: start + .seconds(10), clock: { start }) { reports.append($0) }
        runner.advance(to: start + .milliseconds(10_080), clock: { start }) { reports.append($0) }
        let sent = packets(reports).map(\.packet.timestamp)
        #expect(sent.count <= 4)
        #expect((sent.last ?? 0) >= 9 * 48_000)
    }

    @Test func `where there is no time for all rooms the last one goes without, and is told`() {
        var runner = MixRunner()
        var reports: [MixReport] = []
        for room in [1, 2] as [UInt32] {
            runner.run(.openRoom(room), at: start) { _ in }
            runner.run(.addMix(10 + room, room: room, without: nil, VoiceEncoding()), at: start) { _ in }
        }
        func failed() -> [UInt32] {
            reports.compactMap { if case .failed(let room, _) = $0 { room } else { nil } }
        }
        // Each time the thread comes late by ten steps: a fifth of the time is missing.
        var now = start
        for turn in 0..<70 {
            now = now + .milliseconds(turn % 5 == 0 ? 220 : 20)
            runner.advance(to: now, clock: { now }) { reports.append($0) }
        }
        #expect(failed() == [2])
        #expect(runner.mixCount == 1)
        // With time enough the other one stays.
        for _ in 0..<500 {
            now = now + .milliseconds(20)
            runner.advance(to: now, clock: { now }) { reports.append($0) }
        }
        #expect(failed() == [2] && runner.mixCount == 1)
        for _ in 0..<100 {
            now = now + .milliseconds(220)
            runner.advance(to: now, clock: { now }) { reports.append($0) }
        }
        #expect(failed() == [2, 1])
        #expect(runner.deadline == nil)
    }

    @Test func `a machine that stood still once is not short of time`() {
        var runner = MixRunner()
        var failures = 0
        runner.run(.openRoom(1), at: start) { _ in }
        var now = start
        for stop in [Duration.seconds(9), .seconds(2)] {
            now = now + stop
            for _ in 0..<100 {
                now = now + .milliseconds(20)
                runner.advance(to: now, clock: { now }) { if case .failed = $0 { failures += 1 } }
            }
        }
        #expect(failures == 0 && runner.deadline != nil)
    }

    @Test func `orders about what is not there are passed over`() {
        var runner = MixRunner()
        var reports = 0
        let packet = VoicePacket(sequenceNumber: 1, timestamp: 1, payload: [], level: nil, arrival: start)
        for order in [
            MixOrder.closeRoom(1), .addVoice(1, room: 1), .removeVoice(1, room: 1),
            .packet(packet, voice: 1, room: 1), .addMix(1, room: 1, without: nil, VoiceEncoding()),
            .removeMix(1, room: 1), .changeMix(1, room: 1, VoiceEncoding()), .wake(1, room: 1),
            .openRoom(1), .openRoom(1), .removeVoice(1, room: 1), .packet(packet, voice: 1, room: 1),
            .removeMix(1, room: 1), .changeMix(1, room: 1, VoiceEncoding()), .wake(1, room: 1),
        ] {
            runner.run(order, at: start) { _ in reports += 1 }
        }
        #expect(reports == 0)
        #expect(runner.mixCount == 0)
    }
}
