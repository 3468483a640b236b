/// What is fixed about the first 20 bytes of a message, and how class and method share the message type (RFC
/// 8489 section 5): the class bits lie at 0x0100 and 0x0010, between the bits of the method.
enum STUNHeader {
    static let length = 20
    static let magicCookie: UInt32 = 0x2112_A442

    static func messageClass(ofType type: UInt16) -> STUNMessage.Class {
        switch (type & 0x0100 != 0, type & 0x0010 != 0) {
        case (false, false): .request
        case (false, true): .indication
        case (true, false): .success
        case (true, true): .error
        }
    }

    static func method(ofType type: UInt16) -> UInt16 {
        (type & 0xF) | (type >> 1 & 0x70) | (type >> 2 & 0xF80)
    }

    static func type(of messageClass: STUNMessage.Class, method: UInt16) -> UInt16 {
        let bits = messageClass.rawValue
        return (method & 0xF) | (method & 0x70) << 1 | (method & 0xF80) << 2 | (bits & 2) << 7 | (bits & 1)
            << 4
    }
}
