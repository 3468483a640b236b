/// The value of FINGERPRINT (RFC 8489 section 14.7): the CRC-32 of ITU V.42 over the message so far, XORed
/// with a constant that tells it from the checksum of an application that also uses CRC-32.
enum Fingerprint {
    private static let mask: UInt32 = 0x5354_554E

    /// The checksums of the sixteen half bytes: two look-ups a byte are fast enough for messages of 100
    /// bytes.
    private static let table: InlineArray<16, UInt32> = [
        0x0000_0000, 0x1DB7_1064, 0x3B6E_20C8, 0x26D9_30AC, 0x76DC_4190, 0x6B6B_51F4, 0x4DB2_6158,
        0x5005_713C,
        0xEDB8_8320, 0xF00F_9344, 0xD6D6_A3E8, 0xCB61_B38C, 0x9B64_C2B0, 0x86D3_D2D4, 0xA00A_E278,
        0xBDBD_F21C,
    ]

    /// The FINGERPRINT of `message`, which ends before the attribute and whose length field counts it
    /// already.
    static func value(of message: Span<UInt8>) -> UInt32 {
        checksum(of: message) ^ mask
    }

    /// CRC-32 as Ethernet and zip use it.
    static func checksum(of bytes: Span<UInt8>) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for index in bytes.indices {
            remainder ^= UInt32(bytes[index])
            remainder = remainder >> 4 ^ table[Int(remainder & 0xF)]
            remainder = remainder >> 4 ^ table[Int(remainder & 0xF)]
        }
        return ~remainder
    }
}
