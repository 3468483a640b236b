import Testing
import Wire

@testable import STUN

/// Against the test cases of RFC 2202 section 3.
@Suite struct MessageIntegrityTests {
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b617318655057264e28bc0b6fb378c8ef146be00"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        ),
        (
            [UInt8](repeating: 0xAA, count: 80),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112"
        ),
        // Neither key nor message, which RFC 2202 does not try.
        ([], [], "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"),
    ])
    func `the code is HMAC-SHA1`(password: [UInt8], message: [UInt8], code: String) {
        let computed = MessageIntegrity.code(of: message.span, password: password.span)
        #expect(computed.indices.map { computed[$0] } == Vectors.bytes(code))
    }
}
