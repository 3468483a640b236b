import Testing

@testable import Peering

@Suite struct DatagramKindTests {
    private static func kind(_ bytes: [UInt8]) -> DatagramKind? {
        DatagramKind(of: bytes.span)
    }

    // RFC 9443 section 3: 0...3 STUN, 16...19 ZRTP, 20...63 DTLS, 64...79 TURN channels, 80...127 and 192...255 QUIC,
    // 128...191 RTP and RTCP.
    @Test(arguments: 0...255 as ClosedRange<UInt8>)
    func `the first byte tells the protocol`(first: UInt8) {
        let expected: DatagramKind? =
            switch first {
            case 0...3: .stun
            case 20...63: .dtls
            case 128...191: .rtp
            default: nil
            }
        #expect(Self.kind([first, 0]) == expected)
    }

    // RFC 5761 section 4: packet types 192 to 223.
    @Test(arguments: 0...255 as ClosedRange<UInt8>)
    func `the second byte tells RTCP from RTP`(second: UInt8) {
        let expected: DatagramKind = second >= 192 && second <= 223 ? .rtcp : .rtp
        #expect(Self.kind([0x80, second]) == expected)
        #expect(Self.kind([0xBF, second]) == expected)
        #expect(Self.kind([0x16, second]) == .dtls)
    }

    @Test func `less than two bytes are nothing`() {
        #expect(Self.kind([]) == nil)
        #expect(Self.kind([0x80]) == nil)
    }
}
