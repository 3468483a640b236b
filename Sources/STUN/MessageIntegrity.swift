import COpenSSL
import Wire

/// The value of MESSAGE-INTEGRITY (RFC 8489 section 14.5): the HMAC-SHA1 of the message before the attribute,
/// keyed with the password. The length field counts the message up to and with the attribute while it is
/// computed.
enum MessageIntegrity {
    static let length = 20
    static let attributeLength = 4 + length

    /// The HMAC-SHA1 of `message`, the length field of which counts the attribute already.
    static func code(of message: Span<UInt8>, password: Span<UInt8>) -> InlineArray<20, UInt8> {
        var code = InlineArray<20, UInt8>(repeating: 0)
        var codeSpan = code.mutableSpan
        let isComputed = unsafe codeSpan.withUnsafeMutableBufferPointer { code in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe password.withUnsafeBufferPointer { password in
                    unsafe HMAC(
                        EVP_sha1(), password.baseAddress, Int32(clamping: password.count),
                        message.baseAddress, message.count, code.baseAddress, nil) != nil
                }
            }
        }
        // No input makes it fail, only a machine whose OpenSSL lacks SHA-1; ICE cannot be done there.
        precondition(isComputed, "OpenSSL provides HMAC-SHA1")
        return code
    }

    /// Whether the attribute that begins at `offset` is right. How long the answer takes does not depend on
    /// where the values differ.
    static func isRight(at offset: Int, in datagram: Span<UInt8>, password: Span<UInt8>) -> Bool {
        let message = [UInt8](capacity: offset) { output in
            output.append(bigEndian: datagram.uint16(at: 0))
            output.append(bigEndian: UInt16(truncatingIfNeeded: offset + attributeLength - STUNHeader.length))
            for index in 4..<offset { output.append(datagram[index]) }
        }
        let expected = code(of: message.span, password: password)
        var difference: UInt8 = 0
        for index in expected.indices { difference |= expected[index] ^ datagram[offset + 4 + index] }
        return difference == 0
    }
}
