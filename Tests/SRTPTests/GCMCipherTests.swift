import Testing
import Wire

@testable import SRTP

@Suite struct GCMCipherTests {
    private static func cipher(
        _ direction: GCMCipher.Direction, _ key: [UInt8], usesOpenSSLOnly: Bool = false
    ) throws -> GCMCipher {
        guard
            let made = GCMCipher(direction, .rtp, keyAndSalt: key, usesOpenSSLOnly: usesOpenSSLOnly)
        else { throw SRTPSession.Failure() }
        return made
    }

    private static func seal(
        _ packet: [UInt8], header: Int, vector: InlineArray<12, UInt8>, with cipher: borrowing GCMCipher
    ) -> [UInt8] {
        [UInt8](capacity: packet.count + GCMCipher.tagLength) { output in
            output.append(copying: packet.span, 0..<packet.count)
            let isSealed = cipher.seal(&output, header: header, vector: vector)
            #expect(isSealed)
        }
    }

    @Test(arguments: [28, 44])
    func `packets of any length are sealed as OpenSSL does`(keyAndSaltLength: Int) throws {
        let key = (0..<keyAndSaltLength).map { UInt8(truncatingIfNeeded: $0 * 37 + 5) }
        let cipher = try Self.cipher(.seal, key)
        let openSSL = try Self.cipher(.seal, key, usesOpenSSLOnly: true)
        let opener = try Self.cipher(.open, key)
        for length in Array(0..<300) + [1000, 1100, 1199, 1200, 1452] {
            for header in [12, 20, 28, 76] {
                let clear = (0..<header + length).map { UInt8(truncatingIfNeeded: $0 * 11 + length) }
                let vector = cipher.vector(ssrc: 0xDEAD_BEEF, index: UInt64(length) << 20 | 0x1234_5678)
                let sealed = Self.seal(clear, header: header, vector: vector, with: cipher)
                #expect(sealed == Self.seal(clear, header: header, vector: vector, with: openSSL))
                var opened = sealed
                var span = opened.mutableSpan
                let isOpened = opener.open(&span, header: header, end: clear.count, vector: vector)
                #expect(isOpened)
                #expect(Array(opened[..<clear.count]) == clear)
            }
        }
    }

    @Test func `the vector is the salt with the SSRC and the index put into it`() throws {
        let key = [UInt8](repeating: 9, count: 28)
        let cipher = try Self.cipher(.seal, key)
        let salt = cipher.vector(ssrc: 0, index: 0)
        let vector = cipher.vector(ssrc: 0x0102_0304, index: 0x0506_0708_090A)
        for position in 0..<12 {
            #expect(vector[position] ^ salt[position] == (position < 2 ? 0 : UInt8(position - 1)))
        }
    }

    @Test func `without room for the tag nothing is sealed`() throws {
        let cipher = try Self.cipher(.seal, [UInt8](repeating: 9, count: 28))
        let packet = [UInt8](repeating: 7, count: 40)
        let output = [UInt8](capacity: 55) { output in
            output.append(copying: packet.span, 0..<40)
            let isSealed = cipher.seal(&output, header: 12, vector: InlineArray(repeating: 0))
            #expect(!isSealed)
        }
        #expect(output == packet)
    }
}
