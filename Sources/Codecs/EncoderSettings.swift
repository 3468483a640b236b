/// How a stream is encoded: one pass at constant bitrate, without delay, one thread. The names are those of libvpx.
package struct EncoderSettings: Sendable, Equatable {
    package var codec: VPXCodec
    /// In pixels.
    package var width: Int
    package var height: Int
    package var bitsPerSecond: Int
    /// Quantizers, 0 finest to 63 coarsest.
    package var minimumQuantizer: Int
    package var maximumQuantizer: Int
    /// How far the rate may stray, in percent.
    package var undershoot: Int
    package var overshoot: Int
    /// Below so full a buffer, in percent, libvpx drops frames; 0: never.
    package var dropFrameThreshold: Int
    /// VP8: 0 to 6; VP9: 0 or 1.
    package var noiseSensitivity: Int
    /// Blocks that differ by less are not coded.
    package var staticThreshold: Int
    package var isScreenContent: Bool
    /// The most that a key frame may take, in percent of a frame's share; 0: no limit.
    package var maximumIntraPercent: Int
    /// VP9's contexts do not adapt from lost pictures; latched at key frames.
    package var isErrorResilient: Bool
    /// VP9: 0 none, 3 cyclic refresh.
    package var adaptiveQuantization: Int

    /// libwebrtc's configuration of VP8, or of VP9, for a camera or a screen: what lanes are compared with.
    package static func baseline(
        _ codec: VPXCodec, width: Int, height: Int, bitsPerSecond: Int, framesPerSecond: Double,
        isScreenContent: Bool = false
    ) -> EncoderSettings {
        let isVP8 = codec == .vp8
        return EncoderSettings(
            codec: codec, width: width, height: height, bitsPerSecond: bitsPerSecond,
            minimumQuantizer: isScreenContent ? (isVP8 ? 12 : 8) : 2, maximumQuantizer: isVP8 ? 56 : 52,
            undershoot: isVP8 ? 100 : 50, overshoot: isVP8 ? 15 : 50, dropFrameThreshold: 30,
            noiseSensitivity: isVP8 ? (isScreenContent ? 0 : 4) : 1,
            staticThreshold: isScreenContent ? 100 : 1, isScreenContent: isScreenContent,
            // Half of the optimal buffer of 600 ms, but three frames at least.
            maximumIntraPercent: max(300, Int(600 * 0.5 * framesPerSecond / 10)), isErrorResilient: false,
            adaptiveQuantization: isVP8 ? 0 : 3)
    }
}

/// How much CPU an encoder may take for a frame, from libvpx' fastest to what it can do without delay.
package struct EncoderEffort: Sendable, Equatable {
    /// libvpx' deadline: "good quality" instead of "realtime".
    package var isGoodQuality: Bool
    /// libvpx' cpu_used.
    package var speed: Int

    package init(isGoodQuality: Bool, speed: Int) {
        self.isGoodQuality = isGoodQuality
        self.speed = speed
    }

    /// libwebrtc's choice for a picture of this size.
    package static func baseline(_ codec: VPXCodec, width: Int, height: Int) -> EncoderEffort {
        let isLarge = width * height >= 352 * 288
        return switch codec {
        case .vp8: EncoderEffort(isGoodQuality: false, speed: isLarge ? -6 : -4)
        case .vp9: EncoderEffort(isGoodQuality: false, speed: isLarge ? 7 : 5)
        }
    }
}

/// Which references a frame may use and which it replaces; the bits are libvpx' own, the same for both codecs.
package struct FrameFlags: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    package static let forceKeyFrame = FrameFlags(rawValue: 1 << 0)
    package static let ignoreLast = FrameFlags(rawValue: 1 << 16)
    package static let ignoreGolden = FrameFlags(rawValue: 1 << 17)
    package static let keepLast = FrameFlags(rawValue: 1 << 18)
    package static let replaceGolden = FrameFlags(rawValue: 1 << 19)
    package static let keepEntropy = FrameFlags(rawValue: 1 << 20)
    package static let ignoreAlternate = FrameFlags(rawValue: 1 << 21)
    package static let keepGolden = FrameFlags(rawValue: 1 << 22)
    package static let keepAlternate = FrameFlags(rawValue: 1 << 23)
}
