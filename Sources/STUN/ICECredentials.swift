/// One side's ICE user name fragment and password (RFC 8445 section 5.3).
package struct ICECredentials: Hashable, Sendable {
    /// 4 to 256 ice-chars.
    package let ufrag: String
    /// 22 to 256 ice-chars.
    package let password: String

    package init(ufrag: String, password: String) {
        self.ufrag = ufrag
        self.password = password
    }

    /// Draws new ones: 48 bits of user name fragment and 144 bits of password, where 24 and 128 are asked
    /// for. The generator must be cryptographically secure.
    package init(using generator: inout some RandomNumberGenerator) {
        ufrag = Self.iceChars(8, using: &generator)
        password = Self.iceChars(24, using: &generator)
    }

    /// RFC 8839 section 5.4: ice-char = ALPHA / DIGIT / "+" / "/", 6 bits each.
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func iceChars(_ count: Int, using generator: inout some RandomNumberGenerator) -> String {
        String(
            decoding: (0..<count).map { _ in alphabet[Int(generator.next() >> 58 as UInt64)] }, as: UTF8.self)
    }
}
