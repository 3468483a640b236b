import Codecs

// What libvpx is told for a lane.
extension LaneSettings {
    /// Finer than this nobody sees, of 63.
    static let finestQuantizer = 8

    /// - Parameter bitsPerSecond: what libvpx is to be asked for.
    func encoderSettings(size: PixelSize, bitsPerSecond: Int) -> EncoderSettings {
        var encoder = EncoderSettings.baseline(
            codec, width: size.width, height: size.height, bitsPerSecond: bitsPerSecond,
            framesPerSecond: framesPerSecond, isScreenContent: mode == .baseline && isScreenContent)
        guard mode == .differential else { return encoder }
        encoder.minimumQuantizer = Self.finestQuantizer
        encoder.maximumQuantizer = 60
        // libvpx must not drop frames by itself: right after a key frame that would damage its state.
        encoder.dropFrameThreshold = 0
        // The denoiser ruins dark moving pictures where each pixel stands for many.
        encoder.noiseSensitivity = size.shortSide < 360 ? 0 : encoder.noiseSensitivity
        encoder.maximumIntraPercent = 0
        encoder.staticThreshold = 0
        encoder.isErrorResilient = codec == .vp9
        return encoder
    }

    /// The anchor is VP8's alternate reference, since libvpx refreshes golden by itself, and VP9's golden. VP8's probabilities
    /// stay those of the key frame.
    var deltaFlags: FrameFlags {
        switch codec {
        case .vp8: [.keepGolden, .keepAlternate, .keepEntropy]
        case .vp9: [.keepGolden, .keepAlternate]
        }
    }

    var resyncFlags: FrameFlags {
        switch codec {
        case .vp8: [.ignoreLast, .ignoreGolden, .keepAlternate, .replaceGolden, .keepEntropy]
        case .vp9: [.keepGolden, .keepAlternate, .ignoreLast, .ignoreAlternate]
        }
    }
}
