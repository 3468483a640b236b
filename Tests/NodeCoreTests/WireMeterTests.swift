import Peering
import Testing
import Wire

@testable import NodeCore

@Suite struct WireMeterTests {
    private static func second(_ count: Int64) -> Instant { Instant(nanoseconds: count * 1_000_000_000) }

    @Test func `nothing is known before the second sample`() {
        var meter = WireMeter()
        #expect(meter.deadline == nil)
        meter.sample(WireTraffic(), at: Self.second(3))
        #expect(meter.deadline == Self.second(4))
        #expect(meter.sent.mean == 0 && meter.sent.peak == 0)
    }

    @Test func `an IPv6 header is 20 bytes longer`() {
        let ipv4 = SocketAddress(ipv4: 0x7F00_0001, port: 1)
        let ipv6 = SocketAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: 1)
        #expect(WireTraffic.headerBytes(of: ipv4) == 28)
        #expect(WireTraffic.headerBytes(of: ipv6) == 48)
    }
}
