import CSRTP

/// Why a packet could not be unprotected.
package enum UnprotectFailure: Error, Sendable {
    case replayed
    case unauthentic
}

/// SRTP and SRTCP of one direction of one peer (RFC 3711, RFC 7714): by libsrtp2, but RTP under AES-GCM by
/// `GCMSealer` and `GCMOpener`.
@safe
package struct SRTPSession: ~Copyable {
    package enum Direction: Sendable {
        case inbound, outbound
    }

    package enum Profile: Sendable {
        case aes128CMSHA1With80BitTag, aeadAES128GCM, aeadAES256GCM
    }

    package enum Failure: Error, Sendable {
        /// libsrtp's status code.
        case library(UInt32)
    }

    /// The most that protection adds to a packet: tag, and for RTCP the index.
    package static let overhead = 24

    private let session: srtp_t
    private var sealer: GCMSealer?
    private var opener: GCMOpener?

    /// - Parameters:
    ///   - keyAndSalt: master key followed by master salt, of the lengths that the profile asks for.
    ///   - usesLibraryOnly: whether RTP under AES-GCM goes through libsrtp too, not straight to OpenSSL.
    package init(
        _ direction: Direction, profile: Profile, keyAndSalt: [UInt8], usesLibraryOnly: Bool = false
    ) throws(Failure) {
        guard libraryStatus == srtp_err_status_ok else { throw .library(libraryStatus.rawValue) }
        var policy = unsafe srtp_policy_t()
        switch profile {
        case .aes128CMSHA1With80BitTag:
            unsafe srtp_crypto_policy_set_rtp_default(&policy.rtp)
            unsafe srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        case .aeadAES128GCM:
            unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
            unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
        case .aeadAES256GCM:
            unsafe srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
            unsafe srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp)
        }
        let expectedLength = unsafe Int(policy.rtp.cipher_key_len)
        precondition(keyAndSalt.count == expectedLength, "key and salt have the length of the profile")
        unsafe policy.ssrc.type = direction == .inbound ? ssrc_any_inbound : ssrc_any_outbound
        // Retransmissions come up to a second late, 2000 packets of a fast source.
        unsafe policy.window_size = 2048
        // A subscriber without RTX gets the very same packet again, byte for byte.
        unsafe policy.allow_repeat_tx = 1
        var key = keyAndSalt
        var created: srtp_t?
        let status = unsafe key.withUnsafeMutableBufferPointer { bytes in
            unsafe policy.key = bytes.baseAddress
            return unsafe srtp_create(&created, &policy)
        }
        guard status == srtp_err_status_ok, let made = unsafe created else { throw .library(status.rawValue) }
        if !usesLibraryOnly, profile != .aes128CMSHA1With80BitTag {
            switch direction {
            case .outbound: sealer = GCMSealer(keyAndSalt: keyAndSalt)
            case .inbound: opener = GCMOpener(keyAndSalt: keyAndSalt)
            }
        }
        unsafe session = made
    }

    deinit {
        _ = unsafe srtp_dealloc(session)
    }

    /// Encrypts the RTP packet in `packet`, which needs `overhead` bytes of room.
    package mutating func protect(_ packet: inout OutputSpan<UInt8>) -> Bool {
        if let isSealed = sealer?.seal(&packet) { return isSealed }
        return unsafe Self.extend(&packet) { bytes, length in unsafe srtp_protect(session, bytes, length) }
    }

    /// Encrypts the RTCP packet in `packet`, which needs `overhead` bytes of room.
    package mutating func protectControl(_ packet: inout OutputSpan<UInt8>) -> Bool {
        unsafe Self.extend(&packet) { bytes, length in unsafe srtp_protect_rtcp(session, bytes, length) }
    }

    /// Decrypts an SRTP packet in place and returns the length of the RTP packet.
    package mutating func unprotect(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int {
        if let length = try opener?.open(&packet) { return length }
        return try unsafe Self.shorten(&packet) { bytes, length in unsafe srtp_unprotect(session, bytes, length) }
    }

    /// Decrypts an SRTCP packet in place and returns the length of the RTCP packet.
    package mutating func unprotectControl(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int
    {
        try unsafe Self.shorten(&packet) { bytes, length in unsafe srtp_unprotect_rtcp(session, bytes, length)
        }
    }

    private typealias Transform = (UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>) -> srtp_err_status_t

    private static func extend(_ packet: inout OutputSpan<UInt8>, _ transform: Transform) -> Bool {
        guard packet.freeCapacity >= overhead else { return false }
        return unsafe packet.withUnsafeMutableBufferPointer { buffer, count in
            var length = Int32(count)
            guard unsafe transform(buffer.baseAddress, &length) == srtp_err_status_ok else { return false }
            count = Int(length)
            return true
        }
    }

    private static func shorten(
        _ packet: inout MutableSpan<UInt8>, _ transform: Transform
    ) throws(UnprotectFailure) -> Int {
        var length = Int32(truncatingIfNeeded: packet.count)
        let status = unsafe packet.withUnsafeMutableBufferPointer { buffer in
            unsafe transform(buffer.baseAddress, &length)
        }
        switch status {
        case srtp_err_status_ok: return Int(length)
        case srtp_err_status_replay_fail, srtp_err_status_replay_old: throw .replayed
        default: throw .unauthentic
        }
    }
}

/// libsrtp keeps its ciphers in a global table that has to be filled once.
private let libraryStatus: srtp_err_status_t = srtp_init()
