import Testing

@testable import Congestion

@Suite struct SentPacketHistoryTests {
    @Test func `an entry takes eight bytes and gives back what was put in`() {
        var packet = SentPacket(at: 1_234_567_890_123, bytes: 1228, kind: .retransmission, cluster: 31)
        packet.fate = .assumed
        #expect(MemoryLayout<SentPacket>.stride == 8)
        #expect(packet.bytes == 1228)
        #expect(packet.kind == .retransmission)
        #expect(packet.cluster == 31)
        #expect(packet.fate == .assumed)
        #expect(packet.time(before: 1_234_567_890_123 + 5_000_000) == 1_234_567_890_123)
        #expect(SentPacket(at: -5, bytes: 1, kind: .audio, cluster: 0).time(before: 10) == -5)
        #expect(SentPacket(at: 0, bytes: 100_000, kind: .audio, cluster: 0).bytes == SentPacket.maximumBytes)
    }

    @Test func `it grows while it would forget young packets, and only if reports come`() {
        var silent = SentPacketHistory()
        var fast = SentPacketHistory()
        var slow = SentPacketHistory()
        for number in 0..<100_000 {
            _ = silent.append(bytes: 1, kind: .video, cluster: 0, at: Int64(number), mayGrow: false)
            _ = fast.append(bytes: 1, kind: .video, cluster: 0, at: Int64(number), mayGrow: true)
            _ = slow.append(bytes: 1, kind: .video, cluster: 0, at: Int64(number) * 5000, mayGrow: true)
        }
        let capacities = [silent.capacity, fast.capacity, slow.capacity]
        #expect(capacities == [256, 4096, 512])
    }

    @Test func `packets keep their places while the ring grows`() {
        var history = SentPacketHistory()
        for number in 1...2000 {
            _ = history.append(
                bytes: number % 4000, kind: .video, cluster: 0, at: Int64(number), mayGrow: true)
        }
        let isKept = (history.oldest..<history.next).allSatisfy { history[$0].bytes == Int($0) }
        #expect(isKept)
    }

    @Test func `numbers wrap and are found again`() {
        var history = SentPacketHistory()
        var last: UInt16 = 0
        for _ in 0..<70_000 {
            last = history.append(bytes: 1, kind: .video, cluster: 0, at: 0, mayGrow: false)
        }
        let found = history.position(of: last)
        let before = history.position(of: last &- 10)
        let never = history.position(of: last &+ 1)
        #expect(last == 4464)
        #expect(found == 70_000)
        #expect(before == 69_990)
        #expect(never == 4465)
    }
}
