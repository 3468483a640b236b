import Testing
import Wire

@testable import Congestion

@Suite struct PacingTests {
    private static let start = Instant(nanoseconds: 5_000_000_000)

    /// How many packets of 1250 bytes pass in that time.
    private func passed(_ pacer: inout Pacer, milliseconds: Int) -> Int {
        var count = 0
        for millisecond in 0..<milliseconds {
            let now = Self.start + .milliseconds(millisecond)
            while pacer.canSend(at: now), count < 100_000 {
                pacer.sent(bytes: 1250, at: now)
                count += 1
            }
        }
        return count
    }

    @Test func `two and a half times the estimate passes`() {
        var pacer = Pacer(estimate: 1_000_000)
        #expect(abs(passed(&pacer, milliseconds: 1000) - 255) <= 2)
    }

    @Test func `less than the estimate passes while the network's queue is full`() {
        var pacer = Pacer(estimate: 1_000_000)
        pacer.update(estimate: 1_000_000, strain: .congested)
        #expect(abs(passed(&pacer, milliseconds: 1000) - 85) <= 2)
    }

    @Test func `an ordinary frame passes at once, and a fast link holds nothing`() {
        var pacer = Pacer(estimate: 1_000_000)
        for _ in 0..<4 {
            #expect(pacer.canSend(at: Self.start))
            pacer.sent(bytes: 1250, at: Self.start)
        }
        for _ in 0..<40 { pacer.sent(bytes: 1250, at: Self.start) }
        #expect(!pacer.canSend(at: Self.start))
        #expect(pacer.canSend(at: pacer.deadline))
        var fast = Pacer(estimate: 10_000_000)
        #expect(passed(&fast, milliseconds: 1) == 100_000)
    }

    @Test func `the queue gives back what was put in, in order`() {
        var queue = PacingQueue<UInt32>()
        var next: UInt32 = 0
        for round in 0..<200 {
            for offset in 0..<3 {
                let isQueued = queue.append(
                    QueuedPacket(reference: UInt32(round * 3 + offset), bytes: 1000, slot: 0, kind: .video))
                #expect(isQueued)
            }
            let packet = queue.removeFirst()
            #expect(packet?.reference == next)
            next += 1
        }
        let left = (queue.count, queue.bytes)
        #expect(left == (400, 400 * 1028))
    }

    @Test func `retransmissions overtake video and wait for each other`() {
        var queue = PacingQueue<UInt32>()
        func append(_ number: UInt32, _ kind: PacketKind) -> Bool {
            queue.append(QueuedPacket(reference: number, bytes: 1000, slot: Int(number % 2), kind: kind))
        }
        let isFree = !queue.hasAhead(of: .video) && !queue.hasAhead(of: .retransmission)
        let taken = [
            append(0, .video), append(1, .video), append(2, .retransmission), append(3, .retransmission),
        ]
        #expect(isFree)
        #expect(taken == [true, true, true, true])
        var order: [UInt32] = []
        while let packet = queue.removeFirst() {
            order.append(packet.reference)
            if order.count == 2 {
                let ahead = (queue.hasAhead(of: .retransmission), queue.hasAhead(of: .video))
                #expect(ahead == (false, true))
            }
        }
        #expect(order == [2, 3, 0, 1])
        let left = (queue.count, queue.bytes)
        #expect(left == (0, 0))
    }

    @Test func `a slot that is given up loses its retransmissions, too, and those of others stay`() {
        var queue = PacingQueue<UInt32>()
        for number: UInt32 in 0..<6 {
            _ = queue.append(
                QueuedPacket(
                    reference: number, bytes: 1000, slot: Int(number % 2),
                    kind: number < 4 ? .video : .retransmission))
        }
        let dropped = queue.drop(slot: 0)
        let left = (queue.count, queue.bytes, queue.removeFirst()?.reference, queue.removeFirst()?.reference)
        #expect(dropped == 3)
        #expect(left == (3, 3 * 1028, 5, 1))
    }

    @Test func `the number of retransmissions is bounded, and they leave video its room`() {
        var queue = PacingQueue<UInt32>()
        var taken = 0
        for number in 0..<1000
        where queue.append(
            QueuedPacket(reference: UInt32(number), bytes: 1, slot: 3, kind: .retransmission))
        {
            taken += 1
        }
        let isVideoTaken = queue.append(QueuedPacket(reference: 0, bytes: 1, slot: 3, kind: .video))
        #expect(taken == 256)
        #expect(isVideoTaken)
    }

    @Test func `half a second is too much, and the largest slot goes`() {
        var queue = PacingQueue<UInt32>()
        for number in 0..<30 {
            _ = queue.append(
                QueuedPacket(
                    reference: UInt32(number), bytes: 972, slot: number % 3 == 0 ? 4 : 9, kind: .video))
        }
        let patient = queue.slotToDrop(pacing: 480_001)
        let impatient = queue.slotToDrop(pacing: 470_000)
        #expect(patient == nil)
        #expect(impatient == 9)
        let dropped = queue.drop(slot: 9)
        let first = queue.first?.reference
        let left = (queue.count, queue.bytes)
        #expect(dropped == 20)
        #expect(first == 0)
        #expect(left == (10, 10_000))
    }

    @Test func `the number of packets is bounded`() {
        var queue = PacingQueue<UInt32>()
        var taken = 0
        for number in 0..<2000
        where queue.append(QueuedPacket(reference: UInt32(number), bytes: 1, slot: 3, kind: .video)) {
            taken += 1
        }
        let slot = queue.slotToDrop(pacing: 1_000_000_000)
        #expect(taken == 1024)
        #expect(slot == 3)
    }
}
