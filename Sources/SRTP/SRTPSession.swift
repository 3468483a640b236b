/// Why a packet could not be unprotected.
package enum UnprotectFailure: Error, Sendable {
    case replayed
    case unauthentic
}

/// SRTP and SRTCP of one direction of one peer (RFC 3711, RFC 7714).
///
/// AES-GCM, which browsers agree to, goes straight to OpenSSL; AES-CM with SHA-1 goes through libsrtp2.
package struct SRTPSession: ~Copyable {
    package enum Direction: Sendable {
        case inbound, outbound
    }

    package enum Profile: Sendable {
        case aes128CMSHA1With80BitTag, aeadAES128GCM, aeadAES256GCM

        /// Bytes of master key and master salt.
        var keyAndSaltLength: Int {
            switch self {
            case .aes128CMSHA1With80BitTag: 30
            case .aeadAES128GCM: 28
            case .aeadAES256GCM: 44
            }
        }
    }

    /// OpenSSL or libsrtp could not be set up.
    package struct Failure: Error, Sendable {}

    /// The most that protection adds to a packet: tag, and for RTCP the index.
    package static let overhead = 24

    // One of the three: the direction and the profile say which.
    private var library: LibrarySession?
    private var sealer: GCMSealer?
    private var opener: GCMOpener?

    /// - Parameters:
    ///   - keyAndSalt: master key followed by master salt, of the lengths that the profile asks for.
    ///   - usesLibraryOnly: whether AES-GCM goes through libsrtp too.
    package init(
        _ direction: Direction, profile: Profile, keyAndSalt: [UInt8], usesLibraryOnly: Bool = false
    ) throws(Failure) {
        precondition(
            keyAndSalt.count == profile.keyAndSaltLength, "key and salt have the length of the profile")
        if usesLibraryOnly || profile == .aes128CMSHA1With80BitTag {
            library = try LibrarySession(direction, profile: profile, keyAndSalt: keyAndSalt)
            return
        }
        switch direction {
        case .outbound:
            guard let made = GCMSealer(keyAndSalt: keyAndSalt) else { throw Failure() }
            sealer = consume made
        case .inbound:
            guard let made = GCMOpener(keyAndSalt: keyAndSalt) else { throw Failure() }
            opener = consume made
        }
    }

    /// Sets up what all sessions share, lest the first handshake waits for it.
    package static func prepare() {
        _ = BulkCipher.isAvailable
    }

    /// The library that seals RTP under AES-GCM on this machine.
    package static var sealingLibrary: String { BulkCipher.isAvailable ? "intel-ipsec-mb" : "OpenSSL" }

    /// Forgets an SSRC that is never used again in this direction, so that a session that lasts does not grow. AES-GCM
    /// only; libsrtp keeps what it knows.
    package mutating func forget(_ ssrc: UInt32) {
        sealer?.forget(ssrc)
        opener?.forget(ssrc)
    }

    /// Encrypts the RTP packet in `packet`, which needs `overhead` bytes of room.
    package mutating func protect(_ packet: inout OutputSpan<UInt8>) -> Bool {
        if let isSealed = sealer?.seal(&packet) { return isSealed }
        return library?.protect(&packet) ?? false
    }

    /// Encrypts the RTCP packet in `packet`, which needs `overhead` bytes of room.
    package mutating func protectControl(_ packet: inout OutputSpan<UInt8>) -> Bool {
        if let isSealed = sealer?.sealControl(&packet) { return isSealed }
        return library?.protectControl(&packet) ?? false
    }

    /// Decrypts an SRTP packet in place and returns the length of the RTP packet.
    package mutating func unprotect(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int {
        if let length = try opener?.open(&packet) { return length }
        guard let length = try library?.unprotect(&packet) else { throw .unauthentic }
        return length
    }

    /// Decrypts an SRTCP packet in place and returns the length of the RTCP packet.
    package mutating func unprotectControl(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int
    {
        if let length = try opener?.openControl(&packet) { return length }
        guard let length = try library?.unprotectControl(&packet) else { throw .unauthentic }
        return length
    }
}
