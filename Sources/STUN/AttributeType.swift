/// The attributes that are understood (RFC 8489 section 18.3, RFC 8445 section 16.1). Those below 0x8000 are
/// comprehension-required.
enum AttributeType: UInt16 {
    case mappedAddress = 0x0001
    case username = 0x0006
    case messageIntegrity = 0x0008
    case errorCode = 0x0009
    case unknownAttributes = 0x000A
    case xorMappedAddress = 0x0020
    case priority = 0x0024
    case useCandidate = 0x0025
    case fingerprint = 0x8028
    case iceControlled = 0x8029
    case iceControlling = 0x802A

    /// Whether a value of `length` bytes, without padding, can be one of this type.
    func allows(length: Int) -> Bool {
        switch self {
        case .username: length <= 508
        case .messageIntegrity: length == MessageIntegrity.length
        case .errorCode: length >= 4
        case .xorMappedAddress: length == 8 || length == 20
        case .priority, .fingerprint: length == 4
        case .useCandidate: length == 0
        case .iceControlled, .iceControlling: length == 8
        case .mappedAddress, .unknownAttributes: true
        }
    }
}
