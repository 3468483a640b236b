import CVPX

/// The codecs that are decoded and encoded here, as libvpx has them.
package enum VPXCodec: String, Hashable, Sendable, CaseIterable {
    case vp8
    case vp9

    /// How the shims tell them apart.
    var isVP9: Int32 { self == .vp9 ? 1 : 0 }
}

/// libvpx' context on the heap, where it keeps its address, with its end.
@safe
struct VPXContext: ~Copyable {
    let pointer: UnsafeMutablePointer<vpx_codec_ctx_t>

    /// Opens the context by `open`.
    init(
        _ open: (UnsafeMutablePointer<vpx_codec_ctx_t>) -> vpx_codec_err_t
    ) throws(CodecError) {
        let made = UnsafeMutablePointer<vpx_codec_ctx_t>.allocate(capacity: 1)
        unsafe made.initialize(to: vpx_codec_ctx_t())
        let status = unsafe open(made)
        guard status == VPX_CODEC_OK else {
            let reason = unsafe String(cString: vpx_codec_err_to_string(status))
            unsafe made.deallocate()
            throw .cannotOpen(reason: reason)
        }
        unsafe pointer = made
    }

    deinit {
        unsafe vpx_codec_destroy(pointer)
        unsafe pointer.deallocate()
    }

    /// What libvpx says of its last refusal.
    var reason: String {
        guard let text = unsafe vpx_codec_error(pointer) else { return "unknown" }
        let brief = unsafe String(cString: text)
        guard let detail = unsafe vpx_codec_error_detail(pointer) else { return brief }
        return unsafe brief + ": " + String(cString: detail)
    }

    func set(_ control: Int, to value: Int) {
        // A control that a codec does not have leaves the codec as it was.
        _ = unsafe smartc_vpx_control(pointer, Int32(control), Int32(value))
    }
}
