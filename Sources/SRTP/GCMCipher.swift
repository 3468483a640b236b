import COpenSSL

/// AES-GCM for RTP or RTCP with keys derived from one master key (RFC 7714), straight on OpenSSL with a context that is
/// kept. RTP is sealed by `BulkCipher` where that is available.
///
/// It does what libsrtp2 does for the same keys, bit for bit, at less than half of the cost and without touching the
/// heap: Debian's libsrtp2 goes through NSS, which sets the cipher up anew for every packet.
@safe
struct GCMCipher: ~Copyable {
    enum Direction {
        case seal, open
    }

    /// What the keys are for: the labels of RFC 3711 section 4.3.2.
    enum Usage {
        case rtp, rtcp

        fileprivate var encryptionLabel: UInt8 { self == .rtp ? 0 : 3 }
        fileprivate var saltLabel: UInt8 { self == .rtp ? 2 : 5 }
    }

    static let tagLength = 16
    private static let saltLength = 12

    private let bulk: BulkCipher?
    /// Nil where `bulk` does the work.
    private let context: OpaquePointer?
    /// The salt's bytes 0 to 3, of which the first two stand alone, and 4 to 11, in network byte order.
    private let saltHigh: UInt32
    private let saltLow: UInt64

    /// Fails when OpenSSL does.
    ///
    /// - Parameters:
    ///   - keyAndSalt: master key of 16 or 32 bytes, master salt of 12.
    ///   - usesOpenSSLOnly: whether nothing goes through `BulkCipher`.
    init?(
        _ direction: Direction, _ usage: Usage, keyAndSalt: [UInt8], usesOpenSSLOnly: Bool = false
    ) {
        let keyLength = keyAndSalt.count - Self.saltLength
        guard keyLength == 16 || keyLength == 32,
            let key = Self.derive(usage.encryptionLabel, length: keyLength, from: keyAndSalt),
            let salt = Self.derive(usage.saltLabel, length: Self.saltLength, from: keyAndSalt)
        else { return nil }
        let isBulk = !usesOpenSSLOnly && direction == .seal && usage == .rtp && BulkCipher.isAvailable
        let context = unsafe isBulk ? nil : Self.context(direction, key: key)
        guard unsafe isBulk || context != nil else { return nil }
        bulk = isBulk ? BulkCipher(key: key) : nil
        unsafe self.context = context
        saltHigh = salt[..<4].reduce(0) { $0 << 8 | UInt32($1) }
        saltLow = salt[4...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Encrypts in place what follows the header, and appends the tag.
    ///
    /// - Parameters:
    ///   - header: the bytes at the start that stay readable and are authenticated.
    ///   - trailer: four bytes more to authenticate: RTCP's index.
    func seal(
        _ packet: inout OutputSpan<UInt8>, header: Int, vector: InlineArray<12, UInt8>, trailer: UInt32? = nil
    ) -> Bool {
        let count = packet.count
        guard header <= count, count + Self.tagLength <= packet.capacity else { return false }
        return unsafe packet.withUnsafeMutableBufferPointer { buffer, length in
            guard let bytes = buffer.baseAddress else { return false }
            guard let context = unsafe context else {
                // Of RTP nothing but the packet is authenticated.
                guard trailer == nil,
                    unsafe bulk?.seal(bytes, header: header, count: count, vector: vector) == true
                else {
                    return false
                }
                length = count + Self.tagLength
                return true
            }
            var done: Int32 = 0
            let isVectorSet = unsafe vector.span.withUnsafeBufferPointer {
                unsafe EVP_EncryptInit_ex(context, nil, nil, nil, $0.baseAddress) == 1
            }
            guard isVectorSet, unsafe EVP_EncryptUpdate(context, nil, &done, bytes, Int32(header)) == 1 else {
                return false
            }
            if let trailer {
                var word = trailer.bigEndian
                let isTaken = unsafe withUnsafeBytes(of: &word) {
                    unsafe EVP_EncryptUpdate(
                        context, nil, &done, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), 4) == 1
                }
                guard isTaken else { return false }
            }
            guard
                unsafe EVP_EncryptUpdate(
                    context, bytes + header, &done, bytes + header, Int32(count - header)) == 1,
                unsafe EVP_EncryptFinal_ex(context, bytes + count, &done) == 1,
                unsafe EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), bytes + count) == 1
            else { return false }
            length = count + Self.tagLength
            return true
        }
    }

    /// Decrypts in place what stands between the header and `end`, where the tag begins. Returns whether the tag is
    /// right.
    func open(
        _ packet: inout MutableSpan<UInt8>, header: Int, end: Int, vector: InlineArray<12, UInt8>,
        trailer: UInt32? = nil
    ) -> Bool {
        guard let context = unsafe context else { return false }
        return unsafe packet.withUnsafeMutableBufferPointer { buffer in
            guard let bytes = buffer.baseAddress, end + Self.tagLength <= buffer.count, header <= end else {
                return false
            }
            var done: Int32 = 0
            let isVectorSet = unsafe vector.span.withUnsafeBufferPointer {
                unsafe EVP_DecryptInit_ex(context, nil, nil, nil, $0.baseAddress) == 1
            }
            guard isVectorSet, unsafe EVP_DecryptUpdate(context, nil, &done, bytes, Int32(header)) == 1 else {
                return false
            }
            if let trailer {
                var word = trailer.bigEndian
                let isTaken = unsafe withUnsafeBytes(of: &word) {
                    unsafe EVP_DecryptUpdate(
                        context, nil, &done, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), 4) == 1
                }
                guard isTaken else { return false }
            }
            return unsafe EVP_DecryptUpdate(
                context, bytes + header, &done, bytes + header, Int32(end - header)) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), bytes + end)
                    == 1
                && EVP_DecryptFinal_ex(context, bytes + end, &done) == 1
        }
    }

    /// The initialization vector: 00 00, SSRC, and 48 bits of index, all XORed with the salt (RFC 7714 sections 8.1 and
    /// 9.1).
    ///
    /// - Parameter index: of RTP the rollover counter and sequence number, of RTCP the 31 bits of its own.
    func vector(ssrc: UInt32, index: UInt64) -> InlineArray<12, UInt8> {
        let high = saltHigh ^ ssrc >> 16
        let low = saltLow ^ (UInt64(ssrc & 0xFFFF) << 48 | index & 0xFFFF_FFFF_FFFF)
        return InlineArray { position in
            position < 4
                ? UInt8(truncatingIfNeeded: high >> UInt32(24 - 8 * position))
                : UInt8(truncatingIfNeeded: low >> UInt64(88 - 8 * position))
        }
    }

    private static func context(_ direction: Direction, key: [UInt8]) -> OpaquePointer? {
        guard let made = unsafe EVP_CIPHER_CTX_new() else { return nil }
        let cipher = unsafe key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
        let status =
            switch direction {
            case .seal: unsafe EVP_EncryptInit_ex(made, cipher, nil, key, nil)
            case .open: unsafe EVP_DecryptInit_ex(made, cipher, nil, key, nil)
            }
        guard status == 1 else {
            unsafe EVP_CIPHER_CTX_free(made)
            return nil
        }
        return unsafe made
    }

    /// RFC 3711 section 4.3.3 with a key derivation rate of 0; RFC 7714 section 11 pads the salt with zeros.
    private static func derive(_ label: UInt8, length: Int, from keyAndSalt: [UInt8]) -> [UInt8]? {
        let keyLength = keyAndSalt.count - saltLength
        var vector = Array(keyAndSalt[keyLength...]) + [0, 0, 0, 0]
        vector[7] ^= label
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let cipher = unsafe keyLength == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr()
        let zeros = [UInt8](repeating: 0, count: length)
        var output = zeros
        var count: Int32 = 0
        guard unsafe EVP_EncryptInit_ex(context, cipher, nil, Array(keyAndSalt[..<keyLength]), vector) == 1,
            unsafe EVP_EncryptUpdate(context, &output, &count, zeros, Int32(length)) == 1
        else { return nil }
        return output
    }
}
