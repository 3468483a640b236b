import COpenSSL

/// What all DTLS connections of one worker share: versions, cipher suites, SRTP profiles and the certificate.
@safe
package struct DTLSContext: ~Copyable {
    let handle: OpaquePointer

    package init(certificate: Certificate) throws(DTLSError) {
        guard let context = unsafe SSL_CTX_new(DTLS_method()) else { throw .library("the DTLS context") }
        guard unsafe Self.configure(context, certificate) else {
            unsafe SSL_CTX_free(context)
            throw .library("the DTLS context's settings")
        }
        unsafe handle = context
    }

    deinit {
        unsafe SSL_CTX_free(handle)
    }

    private static func configure(_ context: OpaquePointer, _ certificate: Certificate) -> Bool {
        unsafe smartc_ssl_ctx_request_certificate(context)
        unsafe smartc_ssl_ctx_disable_session_cache(context)
        unsafe smartc_ssl_ctx_set_webrtc_options(context)
        let results = [
            unsafe smartc_ssl_ctx_set_min_version(context, DTLS1_2_VERSION) == 1,
            unsafe SSL_CTX_set_cipher_list(
                context, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES128:!aNULL:!PSK:!SHA256:!SHA384") == 1,
            unsafe smartc_ssl_ctx_set_groups(context, "X25519:P-256") == 1,
            // 0 is success here, unlike everywhere else. The order is our preference (RFC 7714 section 14.2).
            unsafe SSL_CTX_set_tlsext_use_srtp(
                context, "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80") == 0,
            unsafe SSL_CTX_use_certificate_ASN1(
                context, Int32(certificate.certificate.count), certificate.certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey_ASN1(
                EVP_PKEY_EC, context, certificate.privateKey, certificate.privateKey.count) == 1,
        ]
        return !results.contains(false)
    }
}
