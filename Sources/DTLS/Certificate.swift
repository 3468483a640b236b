import COpenSSL

/// A self-signed ECDSA P-256 certificate with its key, made when the node starts and shared by all workers.
///
/// In WebRTC a certificate proves nothing but its own fingerprint, which travels in the SDP (RFC 8827 section 6.5).
package struct Certificate: Sendable {
    /// The certificate and the private key in DER.
    let certificate: [UInt8]
    let privateKey: [UInt8]
    /// The SHA-256 digest of the certificate, 32 bytes.
    package let fingerprint: [UInt8]

    /// Makes a new key and a certificate that is valid for 30 days around now, as browsers do.
    package init() throws(DTLSError) {
        guard let key = unsafe smartc_generate_p256() else { throw .library("the P-256 key") }
        defer { unsafe EVP_PKEY_free(key) }
        guard let x509 = unsafe X509_new() else { throw .library("the certificate") }
        defer { unsafe X509_free(x509) }

        var serial = SystemRandomNumberGenerator()
        unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial.next() >> 1)
        unsafe X509_set_version(x509, 2)
        unsafe X509_gmtime_adj(X509_getm_notBefore(x509), -24 * 3600)
        unsafe X509_gmtime_adj(X509_getm_notAfter(x509), 30 * 24 * 3600)
        let name = unsafe X509_get_subject_name(x509)
        let commonName = Array("smartc-relay".utf8)
        guard
            unsafe X509_NAME_add_entry_by_txt(
                name, "CN", MBSTRING_UTF8, commonName, Int32(commonName.count), -1, 0) == 1,
            unsafe X509_set_issuer_name(x509, name) == 1, unsafe X509_set_pubkey(x509, key) == 1,
            unsafe X509_sign(x509, key, EVP_sha256()) > 0
        else { throw .library("the certificate") }

        certificate = try unsafe Self.encoded { unsafe i2d_X509(x509, $0) }
        privateKey = try unsafe Self.encoded { unsafe i2d_PrivateKey(key, $0) }
        guard let digest = unsafe Self.digest(of: x509, algorithm: "sha-256") else {
            throw .library("the fingerprint")
        }
        fingerprint = digest
    }

    /// Runs one of OpenSSL's `i2d` functions twice: for the size and for the bytes.
    private static func encoded(
        _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
    ) throws(DTLSError) -> [UInt8] {
        let size = encode(nil)
        guard size > 0 else { throw .library("the DER encoding") }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer -> Int32 in
            var cursor = buffer.baseAddress
            return unsafe encode(&cursor)
        }
        guard written == size else { throw .library("the DER encoding") }
        return bytes
    }

    /// The digest of a certificate by one of the hash functions of RFC 8122 section 5, or nil if that is unknown or
    /// too weak.
    static func digest(of x509: OpaquePointer, algorithm: String) -> [UInt8]? {
        let function: OpaquePointer?
        switch algorithm {
        case "sha-256": unsafe function = EVP_sha256()
        case "sha-384": unsafe function = EVP_sha384()
        case "sha-512": unsafe function = EVP_sha512()
        default: return nil
        }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard unsafe X509_digest(x509, function, &digest, &length) == 1 else { return nil }
        return Array(digest[..<Int(length)])
    }
}
