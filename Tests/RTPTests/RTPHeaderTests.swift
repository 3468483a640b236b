import Testing

@testable import RTP

@Suite struct RTPHeaderTests {
    @Test func `every field of the fixed header is read`() throws {
        let packet = hex("80 e0 1234 89abcdef 01020304 aabbcc")
        let parsed = RTPHeader(parsing: packet.span)
        let header = try #require(parsed)
        #expect(header.hasMarker)
        #expect(header.payloadType == 96)
        #expect(header.sequenceNumber == 0x1234)
        #expect(header.timestamp == 0x89AB_CDEF)
        #expect(header.ssrc == 0x0102_0304)
        #expect(header.payload == 12..<15)
        #expect(header.paddingLength == 0)
        #expect(header.extensions == HeaderExtensionBlock(form: .none, range: 12..<12))
    }

    @Test func `the payload begins behind contributing sources and extensions and ends before padding`()
        throws
    {
        let packet = hex("b1 08 0001 00000002 00000003 00000004 bede0001 10aa0000 0102 000003")
        let parsed = RTPHeader(parsing: packet.span)
        let header = try #require(parsed)
        #expect(!header.hasMarker)
        #expect(header.extensions == HeaderExtensionBlock(form: .oneByte, range: 20..<24))
        #expect(header.payload == 24..<26)
        #expect(header.paddingLength == 3)
    }

    @Test func `a packet may consist of padding`() throws {
        let parsed = RTPHeader(parsing: hex("a0 60 0001 00000002 00000003 000003").span)
        let header = try #require(parsed)
        #expect(header.payload == 12..<12)
        #expect(header.paddingLength == 3)
    }

    @Test(arguments: [
        "", "80 60 0001 00000002 000000", "40 60 0001 00000002 00000003", "c0 60 0001 00000002 00000003",
        "81 60 0001 00000002 00000003", "90 60 0001 00000002 00000003",
        "90 60 0001 00000002 00000003 bede0001",
        "90 60 0001 00000002 00000003 bedeffff 00000000", "a0 60 0001 00000002 00000003",
        "a0 60 0001 00000002 00000003 00", "a0 60 0001 00000002 00000003 0003",
        "b0 60 0001 00000002 00000003 bede0001 00000004",
    ])
    func `a packet that contradicts itself is refused`(text: String) {
        let header = RTPHeader(parsing: hex(text).span)
        #expect(header == nil)
    }
}
