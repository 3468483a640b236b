import STUN

/// The sample messages of RFC 5769 sections 2.1 to 2.3, which share transaction and password.
enum Vectors {
    static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)

    static let request = bytes(
        """
        00010058 2112a442 b7e7a701bc34d686fa87dfae
        80220010 5354554e207465737420636c69656e74
        00240004 6e0001ff
        80290008 932ff9b151263b36
        00060009 6576746a3a68367659 202020
        00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
        80280004 e57a3bcf
        """)

    static let ipv4Response = bytes(
        """
        0101003c 2112a442 b7e7a701bc34d686fa87dfae
        8022000b 7465737420766563746f72 20
        00200008 0001 a147 e112a643
        00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
        80280004 c07d4c96
        """)

    static let ipv6Response = bytes(
        """
        01010048 2112a442 b7e7a701bc34d686fa87dfae
        8022000b 7465737420766563746f72 20
        00200014 0002 a147 0113a9faa5d3f179bc25f4b5bed2b9d9
        00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
        80280004 c8fb0b4c
        """)

    static let all = [request, ipv4Response, ipv6Response]

    /// A message of one attribute list, without MESSAGE-INTEGRITY and FINGERPRINT unless `attributes` brings
    /// them.
    static func message(type: UInt16 = 0x0001, _ attributes: String...) -> [UInt8] {
        let body = attributes.flatMap { bytes($0) }
        let length = [UInt8(body.count >> 8), UInt8(body.count & 0xFF)]
        return [UInt8(type >> 8), UInt8(type & 0xFF)] + length + bytes("2112a442b7e7a701bc34d686fa87dfae")
            + body
    }

    /// Reads hexadecimal digits; white space does not count.
    static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// `#expect` cannot take spans apart.
extension STUNMessage {
    func isAuthentic(_ bytes: [UInt8], password: [UInt8]) -> Bool {
        isAuthentic(bytes.span, password: password.span)
    }

    func usernameParts(in bytes: [UInt8]) -> (local: Range<Int>, remote: Range<Int>)? {
        usernameParts(in: bytes.span)
    }
}
