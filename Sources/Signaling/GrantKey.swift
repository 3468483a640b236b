internal import COpenSSL
internal import FoundationEssentials

/// The secret that a node shares with the controller of its rooms: grants are sealed with it.
package struct GrantKey: Sendable {
    /// RFC 7518 section 3.2: no fewer bits than the hash has.
    private static let lengths = 32...4096
    private static let codeLength = 32

    private let bytes: [UInt8]

    /// Fails when the file cannot be read, or has a key that is too short. White space at its ends does not count.
    package init(file path: String) throws(SignalingError) {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw .unusableGrantKey(path: path, reason: "it cannot be read")
        }
        guard let key = GrantKey(bytes: Array(data)) else {
            throw .unusableGrantKey(
                path: path,
                reason:
                    "a key has \(Self.lengths.lowerBound) to \(Self.lengths.upperBound) bytes, such as those of"
                    + " \"openssl rand -hex 32\"")
        }
        self = key
    }

    /// Nil when there are too few bytes, or too many.
    package init?(bytes: [UInt8]) {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
        self.bytes = Array(bytes[start..<end])
        guard Self.lengths.contains(self.bytes.count) else { return nil }
    }

    /// The HMAC-SHA256 of a text (RFC 7518 section 3.2).
    func code(of text: some StringProtocol) -> [UInt8] {
        let message = Array(text.utf8)
        var code = [UInt8](repeating: 0, count: Self.codeLength)
        let isComputed = unsafe code.withUnsafeMutableBufferPointer { code in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe bytes.withUnsafeBufferPointer { key in
                    unsafe HMAC(
                        EVP_sha256(), key.baseAddress, Int32(clamping: key.count), message.baseAddress,
                        message.count, code.baseAddress, nil) != nil
                }
            }
        }
        // No input makes it fail, only a machine whose OpenSSL lacks SHA-256; DTLS cannot be done there.
        precondition(isComputed, "OpenSSL provides HMAC-SHA256")
        return code
    }

    /// Whether `code` is that of a text. How long the answer takes does not depend on where they differ.
    func isRight(_ code: [UInt8], of text: some StringProtocol) -> Bool {
        let expected = self.code(of: text)
        guard code.count == expected.count else { return false }
        var difference: UInt8 = 0
        for index in expected.indices { difference |= expected[index] ^ code[index] }
        return difference == 0
    }
}
