import Impairment
import Testing
import Wire

@Suite struct LinkEmulatorTests {
    /// One datagram that came out: the number with which it went in, and when.
    private struct Received: Equatable {
        let number: Int
        let time: Instant
    }

    private static let source = SocketAddress(ipv4: 0x0A00_0001, port: 1000)
    private static let destination = SocketAddress(ipv4: 0x0A00_0002, port: 2000)
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private func datagram(_ number: Int, size: Int) -> Datagram {
        var bytes = [UInt8](repeating: 0, count: size)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        return Datagram(source: Self.source, destination: Self.destination, bytes: bytes)
    }

    private func number(of datagram: Datagram) -> Int {
        (0..<4).reduce(0) { $0 | Int(datagram.bytes[$1]) << (8 * $1) }
    }

    /// Takes out everything that arrives before `end`, in virtual time.
    private func drain(_ link: inout LinkEmulator, until end: Instant, into received: inout [Received]) {
        while let deadline = link.deadline, deadline < end {
            while let datagram = link.receive(at: deadline) {
                received.append(Received(number: number(of: datagram), time: deadline))
            }
        }
    }

    /// Sends `count` datagrams at a fixed distance and takes out all that arrives.
    private func run(
        _ link: inout LinkEmulator, count: Int, size: Int = 1000, every interval: Duration = .milliseconds(1)
    ) -> [Received] {
        var received: [Received] = []
        for number in 0..<count {
            let now = Self.start + interval * number
            drain(&link, until: now, into: &received)
            link.send(datagram(number, size: size), at: now)
        }
        drain(&link, until: Instant(nanoseconds: .max), into: &received)
        return received
    }

    private func milliseconds(_ received: Received, every interval: Duration = .milliseconds(1)) -> Double {
        Double((received.time - (Self.start + interval * received.number)).nanoseconds) / 1e6
    }

    @Test func `without settings a datagram arrives at once and as it was`() {
        var link = LinkEmulator(LinkSettings(), seed: 1)
        let sent = datagram(77, size: 100)
        #expect(link.deadline == nil)
        link.send(sent, at: Self.start)
        #expect(link.deadline == Self.start)
        #expect(link.receive(at: Self.start) == sent)
        #expect(link.receive(at: Self.start) == nil)
        #expect(link.deadline == nil)
    }

    @Test func `the delay is kept to the nanosecond`() {
        var link = LinkEmulator(LinkSettings(delay: .milliseconds(40)), seed: 1)
        link.send(datagram(1, size: 100), at: Self.start)
        let due = Self.start + .milliseconds(40)
        #expect(link.deadline == due)
        #expect(link.receive(at: due - .nanoseconds(1)) == nil)
        #expect(link.receive(at: due) == datagram(1, size: 100))
    }

    @Test func `so many are dropped as was said, and the rest arrives`() {
        var link = LinkEmulator(LinkSettings(delay: .milliseconds(5)), seed: 1)
        var received: [Received] = []
        for number in 0..<10 {
            let now = Self.start + .milliseconds(number)
            if number == 4 { link.dropNext(3) }
            link.send(datagram(number, size: 100), at: now)
        }
        drain(&link, until: Instant(nanoseconds: .max), into: &received)
        #expect(received.map(\.number) == [0, 1, 2, 3, 7, 8, 9])
        #expect(link.counters.lost == 3)
    }

    @Test func `only RTP of the blocked payload type is lost`() {
        var link = LinkEmulator(LinkSettings(blockedPayloadType: 97), seed: 1)
        // RTP of types 97 and 98, the former with a marker, too; an RTCP receiver report, STUN, something short.
        let firstBytes: [[UInt8]] = [
            [0x80, 97], [0x90, 98], [0x80, 0x80 | 97], [0x81, 201], [0, 97], [0x80],
        ]
        var arrived: [Int] = []
        for (number, bytes) in firstBytes.enumerated() {
            let rest = [UInt8](repeating: 0, count: bytes.count == 1 ? 0 : 18)
            let datagram = Datagram(
                source: Self.source, destination: Self.destination, bytes: bytes + rest)
            link.send(datagram, at: Self.start)
            if link.receive(at: Self.start) != nil { arrived.append(number) }
        }
        #expect(arrived == [1, 3, 4, 5])
        #expect(link.counters.lost == 2)
    }

    @Test func `the same seed does the same and another seed does not`() {
        let settings = LinkSettings(
            bitsPerSecond: 8_500_000, delay: .milliseconds(20), jitter: .milliseconds(10),
            loss: .burst(averageLoss: 0.05, averageLength: 3), reorder: 0.02, duplicate: 0.01)
        var first = LinkEmulator(settings, seed: 42)
        var second = LinkEmulator(settings, seed: 42)
        var third = LinkEmulator(settings, seed: 43)
        let received = run(&first, count: 2000)
        #expect(run(&second, count: 2000) == received)
        #expect(second.counters == first.counters)
        #expect(run(&third, count: 2000) != received)
    }

    @Test func `jitter spreads the delay evenly when datagrams are far apart`() {
        let interval = Duration.milliseconds(100)
        var link = LinkEmulator(LinkSettings(delay: .milliseconds(30), jitter: .milliseconds(20)), seed: 3)
        let delays = run(&link, count: 5000, every: interval).map { milliseconds($0, every: interval) }
        #expect(delays.count == 5000)
        #expect(delays.allSatisfy { (30...50).contains($0) })
        #expect(abs(delays.reduce(0, +) / 5000 - 40) < 0.5)
        #expect(delays.count { $0 < 35 } > 1100 && delays.count { $0 > 45 } > 1100)
    }

    @Test func `jitter alone never changes the order`() {
        var link = LinkEmulator(LinkSettings(delay: .milliseconds(5), jitter: .milliseconds(50)), seed: 3)
        let received = run(&link, count: 5000)
        #expect(received.map(\.number) == Array(0..<5000))
        #expect(link.counters.reordered == 0)
    }

    @Test func `random loss takes its share`() {
        var link = LinkEmulator(LinkSettings(loss: .random(0.1)), seed: 4)
        let received = run(&link, count: 20_000)
        #expect(abs(link.counters.lost - 2000) < 150)
        #expect(received.count == 20_000 - link.counters.lost)
    }

    @Test func `a full link transmits at its rate, headers included`() {
        // 1000 bytes and 28 of headers are 8224 bits: one in 10.28 ms at 800 kbit/s, while one is sent every
        // 5 ms.
        var link = LinkEmulator(LinkSettings(bitsPerSecond: 800_000), seed: 5)
        let received = run(&link, count: 1000, every: .milliseconds(5))
        let gaps = zip(received, received.dropFirst()).map { $1.time - $0.time }
        #expect(gaps.allSatisfy { $0 == .microseconds(10_280) })
        #expect(abs(received.count - 5000 / 10) < 40)
        #expect(link.counters.droppedByQueue == 1000 - received.count)
    }

    @Test func `a datagram that would wait too long is dropped`() {
        // Each takes 10 ms on the wire: behind ten others the eleventh would wait 100 ms.
        let settings = LinkSettings(
            bitsPerSecond: 800_000, queueLimit: .time(.milliseconds(90)), headerBytes: 0)
        var link = LinkEmulator(settings, seed: 6)
        for number in 0..<20 { link.send(datagram(number, size: 1000), at: Self.start) }
        #expect(link.counters.droppedByQueue == 10)
        var received: [Received] = []
        drain(&link, until: Instant(nanoseconds: .max), into: &received)
        #expect(received.map(\.number) == Array(0..<10))
        #expect(received.last?.time == Self.start + .milliseconds(100))
    }

    @Test func `a datagram for which the queue has no bytes left is dropped`() {
        let settings = LinkSettings(bitsPerSecond: 800_000, queueLimit: .bytes(5000))
        var link = LinkEmulator(settings, seed: 6)
        for number in 0..<20 { link.send(datagram(number, size: 1000), at: Self.start) }
        #expect(link.counters.droppedByQueue == 15)
        // A small one still fits when the first has left.
        link.send(datagram(20, size: 900), at: Self.start + .milliseconds(11))
        #expect(link.counters.droppedByQueue == 15)
    }

    @Test func `the queue stays bounded however much is sent`() {
        let settings = LinkSettings(bitsPerSecond: 1_000_000, queueLimit: .time(.milliseconds(200)))
        var link = LinkEmulator(settings, seed: 7)
        let received = run(&link, count: 10_000, every: .microseconds(100))
        let slowest = received.map { milliseconds($0, every: .microseconds(100)) }.max() ?? 0
        // 200 ms of waiting and 8.224 ms of transmission.
        #expect(slowest > 195 && slowest <= 208.225)
    }

    @Test func `those held back arrive late and are overtaken`() {
        let settings = LinkSettings(
            delay: .milliseconds(10), reorder: 0.05, reorderDelay: .microseconds(3500))
        var link = LinkEmulator(settings, seed: 8)
        let received = run(&link, count: 10_000)
        #expect(received.count == 10_000)
        let late = received.filter { milliseconds($0) == 13.5 }
        #expect(received.allSatisfy { [10, 13.5].contains(milliseconds($0)) })
        #expect(abs(late.count - 500) < 80)
        // Only one whose three followers were all held back as well is not overtaken.
        #expect(link.counters.reordered <= late.count && link.counters.reordered >= late.count - 5)
    }

    @Test func `duplicates come right behind`() {
        var link = LinkEmulator(LinkSettings(delay: .milliseconds(10), duplicate: 0.1), seed: 9)
        let received = run(&link, count: 10_000)
        #expect(abs(link.counters.duplicated - 1000) < 100)
        #expect(received.count == 10_000 + link.counters.duplicated)
        let pairs = zip(received, received.dropFirst()).count { $0 == $1 }
        #expect(pairs == link.counters.duplicated)
        #expect(link.counters.reordered == 0)
    }

    @Test func `every datagram is accounted for`() {
        let settings = LinkSettings(
            bitsPerSecond: 4_000_000, delay: .milliseconds(20), jitter: .milliseconds(5), loss: .random(0.1),
            reorder: 0.1, duplicate: 0.1, queueLimit: .bytes(10_000))
        var link = LinkEmulator(settings, seed: 10)
        let received = run(&link, count: 5000)
        let counters = link.counters
        #expect(counters.sent == 5000)
        #expect(counters.delivered == received.count)
        #expect(
            counters.sent + counters.duplicated == counters.delivered + counters.lost
                + counters.droppedByQueue)
        #expect(counters.lost > 0 && counters.droppedByQueue > 0 && counters.duplicated > 0)
    }

    @Test func `what waits is transmitted at the new rate`() {
        // Three of 10 ms each; at 5 ms the rate doubles: the first has 2.5 ms left, the others take 5 ms
        // each.
        var link = LinkEmulator(LinkSettings(bitsPerSecond: 800_000, headerBytes: 0), seed: 11)
        for number in 0..<3 { link.send(datagram(number, size: 1000), at: Self.start) }
        link.change(LinkSettings(bitsPerSecond: 1_600_000, headerBytes: 0), at: Self.start + .milliseconds(5))
        var received: [Received] = []
        drain(&link, until: Instant(nanoseconds: .max), into: &received)
        #expect(
            received.map { ($0.time - Self.start) } == [
                .microseconds(7500), .microseconds(12_500), .microseconds(17_500),
            ])
    }

    @Test func `what waits leaves at once when the rate is lifted`() {
        var link = LinkEmulator(LinkSettings(bitsPerSecond: 800_000), seed: 11)
        for number in 0..<3 { link.send(datagram(number, size: 1000), at: Self.start) }
        let now = Self.start + .milliseconds(1)
        link.change(LinkSettings(), at: now)
        #expect((0..<3).map { _ in link.receive(at: now).map { number(of: $0) } } == [0, 1, 2])
    }

    @Test func `a shorter delay does not let datagrams overtake`() {
        var link = LinkEmulator(LinkSettings(delay: .milliseconds(100)), seed: 12)
        link.send(datagram(0, size: 100), at: Self.start)
        link.change(LinkSettings(delay: .milliseconds(10)), at: Self.start + .milliseconds(1))
        link.send(datagram(1, size: 100), at: Self.start + .milliseconds(1))
        var received: [Received] = []
        drain(&link, until: Instant(nanoseconds: .max), into: &received)
        #expect(received.map(\.number) == [0, 1])
        #expect(received.map(\.time) == [Self.start + .milliseconds(100), Self.start + .milliseconds(100)])
    }

    @Test func `loss that is switched on and off takes effect at once`() {
        var link = LinkEmulator(LinkSettings(), seed: 13)
        link.change(LinkSettings(loss: .random(1)), at: Self.start)
        link.send(datagram(0, size: 100), at: Self.start)
        link.change(LinkSettings(), at: Self.start)
        link.send(datagram(1, size: 100), at: Self.start)
        #expect(link.receive(at: Self.start) == datagram(1, size: 100))
        #expect(link.receive(at: Self.start) == nil)
        #expect(link.counters.lost == 1)
    }

    @Test func `a link without any rate lets nothing through`() {
        var link = LinkEmulator(LinkSettings(bitsPerSecond: 0), seed: 14)
        link.send(datagram(0, size: 1000), at: Self.start)
        #expect(link.receive(at: Self.start + .seconds(1000)) == nil)
        link.change(LinkSettings(bitsPerSecond: 8_224_000), at: Self.start + .seconds(1000))
        #expect(link.receive(at: Self.start + .seconds(1001)) == datagram(0, size: 1000))
    }
}
