import Testing
import Wire

@testable import RTP

@Suite struct NACKGeneratorTests {
    private func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    private func due(_ generator: inout NACKGenerator, at now: Instant, roundTrip: Int64 = 0) -> [UInt16] {
        var list: [UInt16] = []
        generator.dueRequests(at: now, roundTrip: .milliseconds(roundTrip), into: &list)
        return list
    }

    @Test func `a stream without loss asks for nothing`() {
        var generator = NACKGenerator()
        for number in 0..<70000 {
            let reception = generator.receive(UInt16(truncatingIfNeeded: number), at: at(Int64(number)))
            if reception != .inOrder {
                Issue.record("\(number): \(reception)")
            }
        }
        #expect(generator.deadline == nil)
        #expect(generator.missingCount == 0)
    }

    @Test func `a gap is asked for after the reordering delay, across a wrap`() {
        var generator = NACKGenerator()
        #expect(generator.receive(65534, at: at(0)) == .inOrder)
        #expect(generator.receive(2, at: at(1)) == .gap(missing: 3))
        #expect(generator.deadline == at(11))
        #expect(due(&generator, at: at(10)) == [])
        #expect(due(&generator, at: at(11)) == [65535, 0, 1])
        #expect(generator.deadline == at(61))
    }

    @Test func `what comes within the delay is not asked for`() {
        var generator = NACKGenerator(reorderingDelay: .milliseconds(20))
        _ = generator.receive(1, at: at(0))
        _ = generator.receive(4, at: at(0))
        #expect(generator.receive(3, at: at(5)) == .recovered)
        #expect(generator.receive(3, at: at(5)) == .duplicate)
        #expect(due(&generator, at: at(20)) == [2])
        #expect(generator.receive(2, at: at(30)) == .recovered)
        #expect(generator.deadline == nil)
        #expect(due(&generator, at: at(500)) == [])
    }

    @Test(arguments: [(0, 50), (49, 50), (120, 120)] as [(Int64, Int64)])
    func `a request is repeated after a round trip, at least 50 ms`(roundTrip: Int64, interval: Int64) {
        var generator = NACKGenerator()
        _ = generator.receive(1, at: at(0))
        _ = generator.receive(3, at: at(0))
        #expect(due(&generator, at: at(10), roundTrip: roundTrip) == [2])
        #expect(due(&generator, at: at(9 + interval), roundTrip: roundTrip) == [])
        #expect(due(&generator, at: at(10 + interval), roundTrip: roundTrip) == [2])
    }

    @Test func `a packet is given up after ten requests`() {
        var generator = NACKGenerator()
        _ = generator.receive(1, at: at(0))
        _ = generator.receive(3, at: at(0))
        var requests = 0
        var now = at(0)
        while let deadline = generator.deadline {
            #expect(deadline > now)
            now = deadline
            requests += due(&generator, at: now).count
        }
        #expect(requests == 10)
        #expect(now == at(510))
        #expect(generator.missingCount == 0)
        #expect(generator.receive(2, at: at(600)) == .recovered)
        #expect(generator.receive(2, at: at(600)) == .duplicate)
    }

    @Test func `a packet is given up after one second`() {
        var generator = NACKGenerator()
        _ = generator.receive(1, at: at(0))
        _ = generator.receive(3, at: at(0))
        #expect(due(&generator, at: at(10), roundTrip: 600) == [2])
        #expect(due(&generator, at: at(610), roundTrip: 600) == [2])
        #expect(generator.deadline == at(1000))
        var list: [UInt16] = []
        let givenUp = generator.dueRequests(at: at(1000), roundTrip: .zero, into: &list)
        #expect(givenUp == 1)
        #expect(list == [])
        #expect(generator.deadline == nil)
    }

    @Test func `a jump begins anew`() {
        var generator = NACKGenerator()
        _ = generator.receive(1, at: at(0))
        #expect(generator.receive(1002, at: at(0)) == .gap(missing: 1000))
        #expect(generator.receive(1004, at: at(0)) == .reset)
        #expect(generator.missingCount == 0)
        #expect(generator.deadline == nil)
        #expect(generator.receive(1003, at: at(0)) == .tooOld)
        #expect(generator.receive(1004, at: at(0)) == .duplicate)
        #expect(generator.receive(1005, at: at(0)) == .inOrder)
        #expect(generator.receive(20000, at: at(0)) == .reset)
    }

    @Test func `a source that begins anew further back is followed from its second packet on`() {
        var generator = NACKGenerator()
        _ = generator.receive(30000, at: at(0))
        #expect(generator.receive(10000, at: at(1)) == .tooOld)
        #expect(generator.receive(10001, at: at(2)) == .reset)
        #expect(generator.receive(10002, at: at(3)) == .inOrder)
    }

    @Test func `a single stray packet changes nothing`() {
        var generator = NACKGenerator()
        _ = generator.receive(30000, at: at(0))
        #expect(generator.receive(10000, at: at(1)) == .tooOld)
        #expect(generator.receive(30001, at: at(2)) == .inOrder)
        #expect(generator.receive(10001, at: at(3)) == .tooOld)
    }

    @Test func `what has left the window is given up`() {
        var generator = NACKGenerator()
        _ = generator.receive(1, at: at(0))
        _ = generator.receive(3, at: at(0))
        for number in 4...1002 as ClosedRange<UInt16> {
            _ = generator.receive(number, at: at(1))
        }
        #expect(generator.receive(2, at: at(1)) == .tooOld)
        var list: [UInt16] = []
        #expect(generator.dueRequests(at: at(10), roundTrip: .zero, into: &list) == 1)
        #expect(list == [])
    }

    /// Whatever comes: asked for are only numbers that are missing, sorted, and each no more than ten times.
    @Test(arguments: Fixtures.seeds)
    func `only missing packets are asked for`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var generator = NACKGenerator()
        var received: Set<Int64> = []
        var requests: [Int64: Int] = [:]
        var wrong: [String] = []
        var sent = Int64(UInt16.random(in: 0...UInt16.max, using: &random))
        let first = sent
        var now: Int64 = 0
        for _ in 0..<5000 {
            now += Int64.random(in: 0...5, using: &random)
            if sent == first || Int.random(in: 0..<10, using: &random) > 0 {
                _ = generator.receive(UInt16(truncatingIfNeeded: sent), at: at(now))
                received.insert(sent)
            }
            sent += 1
            var list: [UInt16] = []
            generator.dueRequests(at: at(now), roundTrip: .milliseconds(30), into: &list)
            var previous: Int64 = .min
            for number in list {
                let full = sent + Int64(Int16(bitPattern: number &- UInt16(truncatingIfNeeded: sent)))
                if received.contains(full) { wrong.append("\(full) is there") }
                if full <= previous { wrong.append("\(full) is out of order") }
                previous = full
                requests[full, default: 0] += 1
                if Bool.random(using: &random) {
                    let reception = generator.receive(number, at: at(now))
                    if reception != .recovered { wrong.append("\(full) is \(reception)") }
                    received.insert(full)
                }
            }
        }
        #expect(wrong.prefix(5) == [])
        #expect(requests.count > 300)
        #expect(requests.values.max() ?? 0 <= 10)
        let neverAsked = (first..<sent - 100).filter { !received.contains($0) && requests[$0] == nil }
        #expect(neverAsked == [])
    }

    @Test func `what is postponed is asked for later, and taken when it comes`() {
        var generator = NACKGenerator()
        _ = generator.receive(65534, at: at(0))
        _ = generator.receive(1, at: at(0))
        #expect(due(&generator, at: at(10)) == [65535, 0])
        generator.postpone(65535, until: at(300))
        // Those that are not missing are no matter.
        generator.postpone(1, until: at(300))
        generator.postpone(500, until: at(300))
        #expect(due(&generator, at: at(100)) == [0])
        #expect(due(&generator, at: at(299)) == [0])
        #expect(due(&generator, at: at(300)) == [65535])
        #expect(generator.receive(65535, at: at(310)) == .recovered)
    }
}
