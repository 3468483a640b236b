import CVPX

/// One stream's encoder.
@safe
package struct VPXEncoder: ~Copyable {
    /// Ticks of `at` and `duration` in a second.
    package static let clockRate = 90_000

    /// What became of a picture.
    package struct Outcome: Sendable, Equatable {
        /// Bytes that were appended; 0 if libvpx dropped the picture.
        package let byteCount: Int
        package let isKeyFrame: Bool
        /// 0 to 63.
        package let quantizer: Int
    }

    package private(set) var settings: EncoderSettings
    private let context: VPXContext
    private var configuration: vpx_codec_enc_cfg_t
    private var effort: EncoderEffort?
    private var image = unsafe vpx_image_t()

    package init(_ settings: EncoderSettings) throws(CodecError) {
        self.settings = settings
        var configuration = unsafe vpx_codec_enc_cfg_t()
        guard unsafe smartc_vpx_encoder_default(&configuration, settings.codec.isVP9) == VPX_CODEC_OK else {
            throw .cannotOpen(reason: "no default configuration")
        }
        unsafe Self.apply(settings, to: &configuration)
        let opened = try unsafe VPXContext { context in
            unsafe smartc_vpx_encoder_open(context, settings.codec.isVP9, &configuration)
        }
        unsafe self.configuration = configuration
        context = opened
        applyControls()
    }

    /// Changes everything but codec and size, which need another encoder.
    package mutating func change(_ new: EncoderSettings) throws(CodecError) {
        precondition(
            new.codec == settings.codec && new.width == settings.width && new.height == settings.height,
            "another codec or size needs another encoder")
        guard new != settings else { return }
        unsafe Self.apply(new, to: &configuration)
        settings = new
        guard unsafe vpx_codec_enc_config_set(context.pointer, &configuration) == VPX_CODEC_OK else {
            throw .refused(reason: context.reason)
        }
        applyControls()
    }

    /// Encodes a picture and appends the result to `bytes`.
    ///
    /// - Parameters:
    ///   - at: ticks of `clockRate`, rising.
    ///   - duration: until the next picture, as far as known.
    package mutating func encode(
        _ picture: borrowing Picture, at time: Int64, duration: Int, flags: FrameFlags, effort: EncoderEffort,
        into bytes: inout [UInt8]
    ) throws(CodecError) -> Outcome {
        precondition(
            picture.width == settings.width && picture.height == settings.height,
            "a picture of the encoder's size")
        if effort.speed != self.effort?.speed {
            context.set(Int(VP8E_SET_CPUUSED.rawValue), to: effort.speed)
        }
        self.effort = effort
        unsafe point(at: picture.planes)
        let deadline = UInt(effort.isGoodQuality ? VPX_DL_GOOD_QUALITY : VPX_DL_REALTIME)
        let status = unsafe vpx_codec_encode(
            context.pointer, &image, time, UInt(max(duration, 1)), flags.rawValue, deadline)
        guard status == VPX_CODEC_OK else { throw .refused(reason: context.reason) }
        var iterator: vpx_codec_iter_t?
        var size = 0
        var flags: UInt32 = 0
        var total = 0
        var isKeyFrame = false
        while let start = unsafe smartc_vpx_next_picture(context.pointer, &iterator, &size, &flags) {
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: size))
            total += size
            isKeyFrame = isKeyFrame || flags & UInt32(VPX_FRAME_IS_KEY) != 0
        }
        let quantizer = unsafe Int(smartc_vpx_last_quantizer(context.pointer))
        return Outcome(byteCount: total, isKeyFrame: isKeyFrame, quantizer: max(quantizer, 0))
    }

    // MARK: - Private

    private mutating func point(at planes: I420Planes) {
        unsafe image.fmt = VPX_IMG_FMT_I420
        unsafe image.bit_depth = 8
        unsafe image.bps = 12
        unsafe image.x_chroma_shift = 1
        unsafe image.y_chroma_shift = 1
        unsafe image.w = UInt32(planes.width)
        unsafe image.h = UInt32(planes.height)
        unsafe image.d_w = UInt32(planes.width)
        unsafe image.d_h = UInt32(planes.height)
        // libvpx reads them only.
        unsafe image.planes.0 = UnsafeMutablePointer(mutating: planes.luma)
        unsafe image.planes.1 = UnsafeMutablePointer(mutating: planes.blueDifference)
        unsafe image.planes.2 = UnsafeMutablePointer(mutating: planes.redDifference)
        unsafe image.stride.0 = planes.lumaStride
        unsafe image.stride.1 = planes.chromaStride
        unsafe image.stride.2 = planes.chromaStride
    }

    private static func apply(_ settings: EncoderSettings, to configuration: inout vpx_codec_enc_cfg_t) {
        unsafe smartc_vpx_configure(
            &configuration, UInt32(settings.width), UInt32(settings.height), Int32(clockRate),
            UInt32(max(1, (settings.bitsPerSecond + 500) / 1000)), UInt32(settings.minimumQuantizer),
            UInt32(settings.maximumQuantizer), UInt32(settings.undershoot), UInt32(settings.overshoot),
            UInt32(settings.dropFrameThreshold), settings.isErrorResilient ? 1 : 0)
    }

    private func applyControls() {
        context.set(Int(VP8E_SET_STATIC_THRESHOLD.rawValue), to: settings.staticThreshold)
        context.set(Int(VP8E_SET_MAX_INTRA_BITRATE_PCT.rawValue), to: settings.maximumIntraPercent)
        switch settings.codec {
        case .vp8:
            context.set(Int(VP8E_SET_NOISE_SENSITIVITY.rawValue), to: settings.noiseSensitivity)
            context.set(Int(VP8E_SET_TOKEN_PARTITIONS.rawValue), to: 0)
            context.set(Int(VP8E_SET_SCREEN_CONTENT_MODE.rawValue), to: settings.isScreenContent ? 2 : 0)
        case .vp9:
            context.set(Int(VP9E_SET_NOISE_SENSITIVITY.rawValue), to: settings.noiseSensitivity)
            context.set(Int(VP9E_SET_AQ_MODE.rawValue), to: settings.adaptiveQuantization)
            context.set(Int(VP9E_SET_ROW_MT.rawValue), to: 1)
            context.set(Int(VP9E_SET_TUNE_CONTENT.rawValue), to: settings.isScreenContent ? 1 : 0)
        }
    }
}
