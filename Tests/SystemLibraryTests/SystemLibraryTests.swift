import COpenSSL
import COpus
import CSRTP
import CVPX
import Testing

/// The installed C libraries are ones that the code was written for.
@Suite struct SystemLibraryTests {
    @Test func `OpenSSL is version 3`() {
        #expect(OPENSSL_version_major() == 3)
    }

    @Test func `libsrtp is version 2`() {
        #expect(srtp_get_version() >> 24 == 2)
    }

    @Test func `libvpx is 1.12 or later and has both codecs both ways`() {
        #expect(vpx_codec_version() >> 8 >= 1 << 8 | 12)
        let interfaces = unsafe [
            vpx_codec_vp8_cx(), vpx_codec_vp8_dx(), vpx_codec_vp9_cx(), vpx_codec_vp9_dx(),
        ]
        let areThere = unsafe interfaces.allSatisfy { unsafe $0 != nil }
        #expect(areThere)
    }

    @Test func `libopus is version 1.3 or later`() {
        let text = unsafe String(cString: opus_get_version_string())
        #expect(text.contains("libopus 1."))
    }
}
