package import Wire

/// A STUN message as ICE uses it (RFC 8489 section 5, RFC 8445 section 7): values and offsets into its
/// datagram.
///
///      0                   1                   2                   3
///     |0 0|     message type          |         message length        |
///     |                         magic cookie                          |
///     |                     transaction ID (96 bits)                  |
///     |   attributes: type (16), length (16), value, padding to 4 …   |
///
/// Of an attribute that appears twice the first counts. Attributes behind MESSAGE-INTEGRITY are not protected
/// by it and are ignored, FINGERPRINT excepted (RFC 8489 section 14.5).
package struct STUNMessage: Sendable {
    /// The two class bits of the message type.
    package enum Class: UInt16, Sendable {
        case request, indication, success, error
    }

    /// Why a datagram is not taken.
    package enum ParseError: Error {
        /// The leading bits or the magic cookie say that this is something else.
        case notSTUN
        /// The datagram ends before the message does.
        case truncated
        /// The message length is no multiple of four, or something follows the message.
        case badLength
        /// An attribute reaches beyond the message, or its value does not have the form that its type asks
        /// for.
        case badAttribute
        /// FINGERPRINT is wrong, or not the last attribute.
        case badFingerprint
    }

    /// The method number of Binding, the only one that ICE uses.
    package static let binding: UInt16 = 1

    /// As many attributes are remembered in `unknownRequired`: enough to tell the remote what was wrong.
    private static let unknownRequiredLimit = 8

    package let messageClass: Class
    /// 12 bits; see `binding`.
    package let method: UInt16
    package let transactionID: TransactionID
    /// Where the value of USERNAME is.
    package private(set) var username: Range<Int>?
    /// Where MESSAGE-INTEGRITY begins: the offset of the attribute, not of its value.
    package private(set) var messageIntegrity: Int?
    /// Whether FINGERPRINT is there; it was right, then.
    package private(set) var hasFingerprint = false
    package private(set) var priority: UInt32?
    package private(set) var useCandidate = false
    /// The tie-breaker of a remote that believes to be controlling.
    package private(set) var iceControlling: UInt64?
    /// The tie-breaker of a remote that believes to be controlled.
    package private(set) var iceControlled: UInt64?
    /// 300 to 699.
    package private(set) var errorCode: UInt16?
    package private(set) var xorMappedAddress: SocketAddress?
    /// The first few comprehension-required attributes that are not understood (RFC 8489 section 14): a
    /// request with such is refused with 420, a response is dropped.
    package private(set) var unknownRequired: [UInt16] = []

    /// Whether a datagram can only be STUN: its first two bits are 0, and the magic cookie is there.
    package static func looksLikeSTUN(_ datagram: Span<UInt8>) -> Bool {
        datagram.count >= 8 && datagram[0] < 0x40 && datagram.uint32(at: 4) == STUNHeader.magicCookie
    }

    /// Parses the message that fills `datagram`. FINGERPRINT is checked here, MESSAGE-INTEGRITY by
    /// `isAuthentic`.
    package init(parsing datagram: Span<UInt8>) throws(ParseError) {
        guard Self.looksLikeSTUN(datagram) else { throw .notSTUN }
        guard datagram.count >= STUNHeader.length else { throw .truncated }
        let type = datagram.uint16(at: 0)
        let end = STUNHeader.length + Int(datagram.uint16(at: 2))
        guard end % 4 == 0 else { throw .badLength }
        guard datagram.count >= end else { throw .truncated }
        guard datagram.count == end else { throw .badLength }
        messageClass = STUNHeader.messageClass(ofType: type)
        method = STUNHeader.method(ofType: type)
        transactionID = TransactionID(high: datagram.uint32(at: 8), low: datagram.uint64(at: 12))

        // Lengths are multiples of four all along: whenever something is left, an attribute header is.
        var offset = STUNHeader.length
        while offset < end {
            let type = datagram.uint16(at: offset)
            let value = offset + 4..<offset + 4 + Int(datagram.uint16(at: offset + 2))
            let next = (value.upperBound + 3) & ~3
            guard next <= end else { throw .badAttribute }
            if type == AttributeType.fingerprint.rawValue {
                guard next == end, value.count == 4,
                    datagram.uint32(at: value.lowerBound)
                        == Fingerprint.value(of: datagram.extracting(0..<offset))
                else { throw .badFingerprint }
                hasFingerprint = true
            } else if messageIntegrity == nil {
                try note(type, value: value, in: datagram)
            }
            offset = next
        }
    }

    private mutating func note(_ type: UInt16, value: Range<Int>, in datagram: Span<UInt8>) throws(ParseError)
    {
        guard let type = AttributeType(rawValue: type) else {
            if type < 0x8000, unknownRequired.count < Self.unknownRequiredLimit {
                unknownRequired.append(type)
            }
            return
        }
        guard type.allows(length: value.count) else { throw .badAttribute }
        let start = value.lowerBound
        switch type {
        case .username:
            username = username ?? value
        case .messageIntegrity:
            messageIntegrity = start - 4
        case .errorCode:
            // RFC 8489 section 14.8: the hundreds in three bits, the rest in a byte.
            let hundreds = UInt16(datagram[start + 2] & 7)
            let rest = UInt16(datagram[start + 3])
            guard (3...6).contains(hundreds), rest < 100 else { throw .badAttribute }
            errorCode = errorCode ?? hundreds * 100 + rest
        case .xorMappedAddress:
            guard
                let address = XORMappedAddress.parse(
                    at: start, length: value.count, transactionID, in: datagram)
            else { throw .badAttribute }
            xorMappedAddress = xorMappedAddress ?? address
        case .priority:
            priority = priority ?? datagram.uint32(at: start)
        case .useCandidate:
            useCandidate = true
        case .iceControlled:
            iceControlled = iceControlled ?? datagram.uint64(at: start)
        case .iceControlling:
            iceControlling = iceControlling ?? datagram.uint64(at: start)
        case .mappedAddress, .unknownAttributes, .fingerprint:
            break
        }
    }

    /// Whether MESSAGE-INTEGRITY is there and was made with `password` (RFC 8489 section 14.5, short-term
    /// credentials). `datagram` is the one that was parsed.
    package func isAuthentic(_ datagram: Span<UInt8>, password: Span<UInt8>) -> Bool {
        guard let messageIntegrity else { return false }
        return MessageIntegrity.isRight(at: messageIntegrity, in: datagram, password: password)
    }

    /// Both halves of a USERNAME of the form `local:remote`, seen from the receiver of a request (RFC 8445
    /// section 7.2.2). nil when USERNAME is missing or one half is empty. `datagram` is the one that was
    /// parsed.
    package func usernameParts(in datagram: Span<UInt8>) -> (local: Range<Int>, remote: Range<Int>)? {
        guard let username,
            let colon = username.first(where: { datagram[$0] == UInt8(ascii: ":") }),
            colon > username.lowerBound, colon + 1 < username.upperBound
        else { return nil }
        return (username.lowerBound..<colon, colon + 1..<username.upperBound)
    }
}
