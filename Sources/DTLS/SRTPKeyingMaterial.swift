/// An SRTP protection profile by its number in the `use_srtp` extension (RFC 5764 section 4.1.2, RFC 7714 section
/// 14.2).
package enum SRTPProfile: UInt16, CaseIterable, Sendable {
    case aes128CMSHA1With80BitTag = 1
    case aeadAES128GCM = 7
    case aeadAES256GCM = 8

    /// Bytes of the master key.
    package var keyLength: Int {
        switch self {
        case .aes128CMSHA1With80BitTag, .aeadAES128GCM: 16
        case .aeadAES256GCM: 32
        }
    }

    /// Bytes of the master salt.
    package var saltLength: Int {
        switch self {
        case .aes128CMSHA1With80BitTag: 14
        case .aeadAES128GCM, .aeadAES256GCM: 12
        }
    }
}

/// The fingerprint of a certificate as it stands in SDP (RFC 8122 section 5).
package struct RemoteFingerprint: Hashable, Sendable {
    /// In small letters: `sha-256`.
    package let algorithm: String
    package let bytes: [UInt8]

    package init(algorithm: String, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }
}

/// What a handshake yields for SRTP: a profile and a key with its salt for each direction.
package struct SRTPKeyingMaterial: Sendable {
    package let profile: SRTPProfile
    /// Master key and master salt, one behind the other, for what we send and for what we receive.
    package let local: [UInt8]
    package let remote: [UInt8]

    /// - Parameter material: client key, server key, client salt, server salt (RFC 5764 section 4.2).
    init(profile: SRTPProfile, material: [UInt8], isClient: Bool) {
        let key = profile.keyLength
        let salt = profile.saltLength
        let client = material[..<key] + material[(2 * key)..<(2 * key + salt)]
        let server = material[key..<(2 * key)] + material[(2 * key + salt)...]
        self.init(
            profile: profile, local: Array(isClient ? client : server),
            remote: Array(isClient ? server : client))
    }

    package init(profile: SRTPProfile, local: [UInt8], remote: [UInt8]) {
        self.profile = profile
        self.local = local
        self.remote = remote
    }
}
