import COpenSSL

/// AES-GCM for RTP with keys derived from one master key (RFC 7714), straight on OpenSSL with a context that is kept.
///
/// It does what libsrtp2 does for the same keys, bit for bit, at less than half of the cost and without touching the
/// heap: Debian's libsrtp2 goes through NSS, which sets the cipher up anew for every packet.
@safe
struct GCMCipher: ~Copyable {
    enum Direction {
        case seal, open
    }

    static let tagLength = 16
    private static let saltLength = 12
    private static let encryptionLabel: UInt8 = 0
    private static let saltLabel: UInt8 = 2

    private let context: OpaquePointer
    private var salt = InlineArray<12, UInt8>(repeating: 0)

    /// Fails when OpenSSL does.
    ///
    /// - Parameter keyAndSalt: master key of 16 or 32 bytes, master salt of 12.
    init?(_ direction: Direction, keyAndSalt: [UInt8]) {
        let keyLength = keyAndSalt.count - Self.saltLength
        guard keyLength == 16 || keyLength == 32,
            let key = Self.derive(Self.encryptionLabel, length: keyLength, from: keyAndSalt),
            let salt = Self.derive(Self.saltLabel, length: Self.saltLength, from: keyAndSalt),
            let made = unsafe EVP_CIPHER_CTX_new()
        else { return nil }
        let cipher = unsafe keyLength == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
        let status =
            switch direction {
            case .seal: unsafe EVP_EncryptInit_ex(made, cipher, nil, key, nil)
            case .open: unsafe EVP_DecryptInit_ex(made, cipher, nil, key, nil)
            }
        guard status == 1 else {
            unsafe EVP_CIPHER_CTX_free(made)
            return nil
        }
        for index in salt.indices { self.salt[index] = salt[index] }
        unsafe context = made
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Encrypts in place what follows the header, and appends the tag.
    func seal(_ packet: inout OutputSpan<UInt8>, header: Int, rollovers: UInt32) -> Bool {
        let count = packet.count
        let vector = vector(for: packet.span, rollovers: rollovers)
        return unsafe packet.withUnsafeMutableBufferPointer { buffer, length in
            guard let bytes = buffer.baseAddress else { return false }
            var done: Int32 = 0
            let isVectorSet = unsafe vector.span.withUnsafeBufferPointer {
                unsafe EVP_EncryptInit_ex(context, nil, nil, nil, $0.baseAddress) == 1
            }
            guard isVectorSet, unsafe EVP_EncryptUpdate(context, nil, &done, bytes, Int32(header)) == 1,
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

    /// Decrypts in place what stands between the header and the tag. Returns whether the tag is right.
    func open(_ packet: inout MutableSpan<UInt8>, header: Int, rollovers: UInt32) -> Bool {
        let end = packet.count - Self.tagLength
        let vector = vector(for: packet.span, rollovers: rollovers)
        return unsafe packet.withUnsafeMutableBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return false }
            var done: Int32 = 0
            let isVectorSet = unsafe vector.span.withUnsafeBufferPointer {
                unsafe EVP_DecryptInit_ex(context, nil, nil, nil, $0.baseAddress) == 1
            }
            return unsafe isVectorSet && EVP_DecryptUpdate(context, nil, &done, bytes, Int32(header)) == 1
                && EVP_DecryptUpdate(context, bytes + header, &done, bytes + header, Int32(end - header)) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), bytes + end) == 1
                && EVP_DecryptFinal_ex(context, bytes + end, &done) == 1
        }
    }

    /// Header, contributing sources and extension block of an RTP packet: what is authenticated and stays readable. Nil
    /// when they do not fit into the packet.
    static func headerLength(of packet: Span<UInt8>) -> Int? {
        guard packet.count >= 12 else { return nil }
        var length = 12 + 4 * Int(packet[0] & 0x0F)
        if packet[0] & 0x10 != 0 {
            guard length + 4 <= packet.count else { return nil }
            length += 4 + 4 * (Int(packet[length + 2]) << 8 | Int(packet[length + 3]))
        }
        return length <= packet.count ? length : nil
    }

    /// RFC 7714 section 8.1: 00 00, SSRC, rollover counter, sequence number, all XORed with the salt.
    private func vector(for packet: Span<UInt8>, rollovers: UInt32) -> InlineArray<12, UInt8> {
        var vector = salt
        for index in 0..<4 {
            vector[2 + index] ^= packet[8 + index]
            vector[6 + index] ^= UInt8(truncatingIfNeeded: rollovers >> UInt32(24 - 8 * index))
        }
        vector[10] ^= packet[2]
        vector[11] ^= packet[3]
        return vector
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
