import COpenSSL
import Wire

/// What is left of an association once both ends have their SRTP keys: it can tell and hear that the association ends.
///
/// OpenSSL keeps 31 kB for that. The keys of the record layer are some 50 bytes, and the only record that still matters
/// is an alert (RFC 5246 section 7.2, RFC 6347 section 4.1, RFC 5288 section 3).
struct AlertChannel {
    private static let alertType: UInt8 = 21
    private static let tagLength = 16
    private static let headerLength = 13
    /// Explicit nonce, level and description, tag.
    private static let alertLength = 8 + 2 + tagLength
    /// Far above the few records of a handshake, whose exact count OpenSSL does not tell.
    private static let sequenceNumber: UInt64 = 1 << 48 | 1 << 32

    private struct Keys {
        let key: [UInt8]
        let salt: [UInt8]
    }

    private let reading: Keys
    private let writing: Keys

    /// Takes over the keys of an established association. Fails when its cipher suite is not AES-GCM.
    init?(of ssl: OpaquePointer, role: DTLSConnection.Role) {
        guard let cipher = unsafe SSL_get_current_cipher(ssl),
            let session = unsafe SSL_get_session(ssl)
        else { return nil }
        let keyLength: Int
        let digest: String
        switch unsafe SSL_CIPHER_get_cipher_nid(cipher) {
        case NID_aes_128_gcm: (keyLength, digest) = (16, "SHA256")
        case NID_aes_256_gcm: (keyLength, digest) = (32, "SHA384")
        default: return nil
        }
        var secret = [UInt8](repeating: 0, count: Int(SSL_MAX_MASTER_KEY_LENGTH))
        let secretLength = unsafe SSL_SESSION_get_master_key(session, &secret, secret.count)
        var client = [UInt8](repeating: 0, count: Int(SSL3_RANDOM_SIZE))
        var server = client
        guard unsafe SSL_get_client_random(ssl, &client, client.count) == client.count,
            unsafe SSL_get_server_random(ssl, &server, server.count) == server.count,
            let block = Self.expand(
                Array(secret[..<secretLength]), Array("key expansion".utf8) + server + client, digest: digest,
                length: 2 * (keyLength + 4))
        else { return nil }
        // RFC 5246 section 6.3: client key, server key, client salt, server salt.
        let ofClient = Keys(
            key: Array(block[..<keyLength]), salt: Array(block[(2 * keyLength)..<(2 * keyLength + 4)]))
        let ofServer = Keys(
            key: Array(block[keyLength..<(2 * keyLength)]), salt: Array(block[(2 * keyLength + 4)...]))
        reading = role == .server ? ofClient : ofServer
        writing = role == .server ? ofServer : ofClient
    }

    /// Whether a datagram holds an authentic alert that ends the association: close_notify, or a fatal one.
    func announcesEnd(_ datagram: Span<UInt8>) -> Bool {
        var offset = 0
        while offset + Self.headerLength <= datagram.count {
            let length = Int(datagram.uint16(at: offset + 11))
            let body = offset + Self.headerLength
            guard length <= datagram.count - body else { return false }
            if datagram[offset] == Self.alertType, length == Self.alertLength,
                datagram.uint16(at: offset + 3) == 1,
                let alert = open(datagram, at: offset)
            {
                // Level 2 is fatal; description 0 is close_notify.
                if alert.level == 2 || alert.description == 0 { return true }
            }
            offset = body + length
        }
        return false
    }

    /// A close_notify as one datagram.
    func closeNotify() -> [UInt8]? {
        let number = (0..<8).map { UInt8(truncatingIfNeeded: Self.sequenceNumber >> UInt64(56 - 8 * $0)) }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let cipher = unsafe writing.key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
        let authenticated = number + [Self.alertType, 0xFE, 0xFD, 0, 2]
        // Level 1 is a warning.
        let alert: [UInt8] = [1, 0]
        var sealed: [UInt8] = [0, 0]
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        var done: Int32 = 0
        guard unsafe EVP_EncryptInit_ex(context, cipher, nil, writing.key, writing.salt + number) == 1,
            unsafe EVP_EncryptUpdate(context, nil, &done, authenticated, Int32(authenticated.count)) == 1,
            unsafe EVP_EncryptUpdate(context, &sealed, &done, alert, 2) == 1,
            unsafe EVP_EncryptFinal_ex(context, &sealed, &done) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), &tag) == 1
        else { return nil }
        return [Self.alertType, 0xFE, 0xFD] + number + [0, UInt8(Self.alertLength)] + number + sealed + tag
    }

    private func open(_ datagram: Span<UInt8>, at offset: Int) -> (level: UInt8, description: UInt8)? {
        let body = offset + Self.headerLength
        func copy(_ range: Range<Int>) -> [UInt8] { range.map { datagram[$0] } }
        let authenticated =
            copy(offset + 3..<offset + 11) + [
                datagram[offset], datagram[offset + 1], datagram[offset + 2], 0, 2,
            ]
        let nonce = reading.salt + copy(body..<body + 8)
        let sealed = copy(body + 8..<body + 10)
        var tag = copy(body + 10..<body + Self.alertLength)
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let cipher = unsafe reading.key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
        var alert: [UInt8] = [0, 0]
        var done: Int32 = 0
        var rest: [UInt8] = [0, 0]
        guard unsafe EVP_DecryptInit_ex(context, cipher, nil, reading.key, nonce) == 1,
            unsafe EVP_DecryptUpdate(context, nil, &done, authenticated, Int32(authenticated.count)) == 1,
            unsafe EVP_DecryptUpdate(context, &alert, &done, sealed, 2) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), &tag) == 1,
            unsafe EVP_DecryptFinal_ex(context, &rest, &done) == 1
        else { return nil }
        return (alert[0], alert[1])
    }

    /// The pseudorandom function of TLS 1.2 (RFC 5246 section 5).
    private static func expand(_ secret: [UInt8], _ seed: [UInt8], digest: String, length: Int) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: length)
        let status = unsafe smartc_tls12_prf(
            digest, secret, secret.count, seed, seed.count, &output, output.count)
        return status == 1 ? output : nil
    }
}
