import Testing

@testable import OfflineLane

@Suite struct WireCostTests {
    @Test(arguments: [(0, 0, 0), (1, 1, 75), (1170, 1, 1244), (1171, 2, 1319), (3000, 3, 3222)])
    func `headers are paid for every packet`(_ frame: Int, _ packets: Int, _ bytes: Int) {
        // IPv4 20, UDP 8, RTP 12, extensions 12, descriptor 6, tag 16: 74 a packet.
        let cost = WireCost(descriptorBytes: 6)
        #expect(cost.packets(of: frame) == packets && cost.bytes(of: frame) == bytes)
    }

    @Test func `a packetizer may put less into a packet`() {
        let cost = WireCost(descriptorBytes: 6, payloadLimit: 1100)
        #expect(cost.packets(of: 1100) == 1 && cost.packets(of: 1101) == 2)
    }
}
