import CVPX

/// One stream's decoder.
///
/// A damaged or oversized picture is an error of that picture; the decoder goes on with the next key frame.
@safe
package struct VPXDecoder: ~Copyable {
    /// Pictures with more pixels are refused before memory is taken for them: 2560 by 1440.
    package static let pixelLimit = 2560 * 1440

    package let codec: VPXCodec
    private var context: VPXContext
    /// The picture that was decoded last; libvpx owns it until the next call.
    private var image: UnsafeMutablePointer<vpx_image_t>?

    package init(_ codec: VPXCodec) throws(CodecError) {
        self.codec = codec
        context = try Self.open(codec)
        unsafe image = nil
    }

    /// The size of the picture decoded last, in pixels.
    package var size: (width: Int, height: Int)? {
        guard let image = unsafe image else { return nil }
        return unsafe (Int(image.pointee.d_w), Int(image.pointee.d_h))
    }

    /// Decodes one encoded picture, all of its layers together.
    ///
    /// - Returns: whether there is a picture to show now.
    package mutating func decode(_ frame: Span<UInt8>) throws(CodecError) -> Bool {
        unsafe image = nil
        guard !frame.isEmpty else { throw .damaged(reason: "an empty frame") }
        try checkSize(of: frame)
        let status = unsafe frame.withUnsafeBufferPointer { buffer in
            unsafe vpx_codec_decode(
                context.pointer, buffer.baseAddress, UInt32(truncatingIfNeeded: buffer.count), nil, 0)
        }
        guard status == VPX_CODEC_OK else {
            let reason = context.reason
            // What libvpx made of it must not be taken for the next picture.
            var iterator: vpx_codec_iter_t?
            while unsafe vpx_codec_get_frame(context.pointer, &iterator) != nil {}
            throw .damaged(reason: reason)
        }
        var iterator: vpx_codec_iter_t?
        while let next = unsafe vpx_codec_get_frame(context.pointer, &iterator) { unsafe image = next }
        guard let image = unsafe image else { return false }
        let (width, height) = unsafe (Int(image.pointee.d_w), Int(image.pointee.d_h))
        guard width * height <= Self.pixelLimit, width <= Picture.largestSide, height <= Picture.largestSide
        else {
            // Pictures between key frames may grow; the memory goes with the context.
            unsafe self.image = nil
            context = try Self.open(codec)
            throw .tooLarge(width: width, height: height)
        }
        guard unsafe image.pointee.fmt == VPX_IMG_FMT_I420 else {
            unsafe self.image = nil
            throw .unsupportedFormat
        }
        return true
    }

    /// Writes the picture decoded last into `picture`, scaled to its size. Without one nothing changes.
    package func scale(into picture: inout Picture) {
        guard let image = unsafe image,
            let luma = unsafe image.pointee.planes.0, let blueDifference = unsafe image.pointee.planes.1,
            let redDifference = unsafe image.pointee.planes.2
        else { return }
        unsafe picture.scale(
            from: I420Planes(
                luma: luma, blueDifference: blueDifference, redDifference: redDifference,
                lumaStride: image.pointee.stride.0, chromaStride: image.pointee.stride.1,
                width: Int32(image.pointee.d_w), height: Int32(image.pointee.d_h)))
    }

    // MARK: - Private

    private func checkSize(of frame: Span<UInt8>) throws(CodecError) {
        var info = vpx_codec_stream_info_t()
        info.sz = UInt32(MemoryLayout<vpx_codec_stream_info_t>.size)
        let status = unsafe frame.withUnsafeBufferPointer { buffer in
            unsafe smartc_vpx_peek(
                codec.isVP9, buffer.baseAddress, UInt32(truncatingIfNeeded: buffer.count), &info)
        }
        // Other frames than key frames do not tell a size.
        guard status == VPX_CODEC_OK, info.is_kf != 0 else { return }
        guard Int(info.w) * Int(info.h) <= Self.pixelLimit else {
            throw .tooLarge(width: Int(info.w), height: Int(info.h))
        }
    }

    private static func open(_ codec: VPXCodec) throws(CodecError) -> VPXContext {
        try unsafe VPXContext { context in
            unsafe smartc_vpx_decoder_open(context, codec.isVP9)
        }
    }
}
