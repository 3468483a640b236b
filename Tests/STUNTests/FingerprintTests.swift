import Testing

@testable import STUN

@Suite struct FingerprintTests {
    @Test(arguments: [("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43)] as [(String, UInt32)])
    func `the checksum is CRC-32`(text: String, checksum: UInt32) {
        #expect(Fingerprint.checksum(of: Array(text.utf8).span) == checksum)
    }

    @Test func `the sample request has the fingerprint that RFC 5769 gives`() {
        let message = Array(Vectors.request.dropLast(8))
        #expect(Fingerprint.value(of: message.span) == 0xE57A_3BCF)
    }
}
