#if IPSEC_MB
    import CIPSecMB
    import COpenSSL

    /// The functions of Intel's library that suit this machine, as an address; 0 where the library does not work.
    private let library: UInt = {
        guard let made = unsafe alloc_mb_mgr(0) else { return 0 }
        unsafe init_mb_mgr_auto(made, nil)
        guard unsafe imb_get_errno(made) == 0 else {
            unsafe free_mb_mgr(made)
            return 0
        }
        return UInt(bitPattern: made)
    }()
#endif

/// Sealing under AES-GCM by Intel's intel-ipsec-mb, where the package was built with it: one call for a packet, and with
/// AVX-512 a quarter of the time that OpenSSL 3.0 takes.
///
/// It writes what OpenSSL writes, bit for bit. Machines without it, of other makes than x86 for example, seal through OpenSSL.
@safe
struct BulkCipher: ~Copyable {
    #if IPSEC_MB
        private let functions: UnsafeMutablePointer<IMB_MGR>
        private let expandedKey: UnsafeMutableRawPointer
        private let isLong: Bool
    #endif

    /// Whether the library is there and works. The first call takes some milliseconds: it tests itself.
    static var isAvailable: Bool {
        #if IPSEC_MB
            library != 0
        #else
            false
        #endif
    }

    /// Nil where the library is not to be had.
    ///
    /// - Parameter key: 16 or 32 bytes.
    init?(key: [UInt8]) {
        #if IPSEC_MB
            guard key.count == 16 || key.count == 32,
                let functions = unsafe UnsafeMutablePointer<IMB_MGR>(bitPattern: library)
            else { return nil }
            // Tables of the key's powers are read in whole cache lines.
            let memory = UnsafeMutableRawPointer.allocate(
                byteCount: MemoryLayout<gcm_key_data>.size, alignment: 64)
            isLong = key.count == 32
            if key.count == 32 {
                unsafe smartc_imb_gcm256_pre(functions, key, memory)
            } else {
                unsafe smartc_imb_gcm128_pre(functions, key, memory)
            }
            unsafe self.functions = functions
            unsafe expandedKey = memory
        #else
            return nil
        #endif
    }

    #if IPSEC_MB
        deinit {
            unsafe OPENSSL_cleanse(expandedKey, MemoryLayout<gcm_key_data>.size)
            unsafe expandedKey.deallocate()
        }
    #endif

    /// Encrypts in place what follows the header, and writes the tag of 16 bytes behind it, for which there is room.
    ///
    /// - Parameters:
    ///   - packet: where it begins.
    ///   - header: the bytes at the start that stay readable and are authenticated.
    ///   - count: all bytes without the tag.
    /// - Returns: whether it did so.
    @unsafe
    func seal(
        _ packet: UnsafeMutablePointer<UInt8>, header: Int, count: Int, vector: InlineArray<12, UInt8>
    ) -> Bool {
        #if IPSEC_MB
            unsafe vector.span.withUnsafeBufferPointer { bytes in
                if isLong {
                    unsafe smartc_imb_gcm256_seal(
                        functions, expandedKey, packet, UInt64(header), UInt64(count), bytes.baseAddress)
                } else {
                    unsafe smartc_imb_gcm128_seal(
                        functions, expandedKey, packet, UInt64(header), UInt64(count), bytes.baseAddress)
                }
            }
            return true
        #else
            return false
        #endif
    }
}
