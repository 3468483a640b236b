@testable import STUN

/// Adds MESSAGE-INTEGRITY to messages that the writer does not write.
enum MessageSeal {
    /// - Parameter message: header and attributes; its length field is set here.
    static func sealed(_ message: [UInt8], password: String) -> [UInt8] {
        var message = message
        let length = message.count - 20 + MessageIntegrity.attributeLength
        message[2] = UInt8(length >> 8)
        message[3] = UInt8(length & 0xFF)
        let key = Array(password.utf8)
        let code = MessageIntegrity.code(of: message.span, password: key.span)
        return message + [0, 8, 0, 20] + code.indices.map { code[$0] }
    }
}
