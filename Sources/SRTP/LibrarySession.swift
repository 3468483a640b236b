import CSRTP

/// One direction of one peer by libsrtp2.
@safe
struct LibrarySession: ~Copyable {
    private let session: srtp_t

    init(
        _ direction: SRTPSession.Direction, profile: SRTPSession.Profile, keyAndSalt: [UInt8]
    ) throws(SRTPSession.Failure) {
        guard libraryStatus == srtp_err_status_ok else { throw SRTPSession.Failure() }
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
        guard status == srtp_err_status_ok, let made = unsafe created else { throw SRTPSession.Failure() }
        unsafe session = made
    }

    deinit {
        _ = unsafe srtp_dealloc(session)
    }

    func protect(_ packet: inout OutputSpan<UInt8>) -> Bool {
        unsafe Self.extend(&packet) { bytes, length in unsafe srtp_protect(session, bytes, length) }
    }

    func protectControl(_ packet: inout OutputSpan<UInt8>) -> Bool {
        unsafe Self.extend(&packet) { bytes, length in unsafe srtp_protect_rtcp(session, bytes, length) }
    }

    func unprotect(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int {
        try unsafe Self.shorten(&packet) { bytes, length in unsafe srtp_unprotect(session, bytes, length) }
    }

    func unprotectControl(_ packet: inout MutableSpan<UInt8>) throws(UnprotectFailure) -> Int {
        try unsafe Self.shorten(&packet) { bytes, length in unsafe srtp_unprotect_rtcp(session, bytes, length)
        }
    }

    private typealias Transform = (UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>) -> srtp_err_status_t

    private static func extend(_ packet: inout OutputSpan<UInt8>, _ transform: Transform) -> Bool {
        guard packet.freeCapacity >= SRTPSession.overhead else { return false }
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
