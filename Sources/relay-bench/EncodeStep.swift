import ArgumentParser
import Transcoding

/// What is compared: ways to encode the same pictures.
enum EncodeSeries: String, CaseIterable, Codable, ExpressibleByArgument {
    case baseline
    case vp8Full = "vp8-full"
    case vp8RealTime = "vp8-realtime"
    case vp9Full = "vp9-full"
    case vp9RealTime = "vp9-realtime"

    /// For people.
    var title: String {
        switch self {
        case .baseline: "libwebrtc VP8"
        case .vp8Full: "VP8, full effort"
        case .vp8RealTime: "VP8, real-time"
        case .vp9Full: "VP9, full effort"
        case .vp9RealTime: "VP9, real-time"
        }
    }

    /// What `smartc-relay transcode` is told.
    var arguments: [String] {
        switch self {
        case .baseline: ["--mode", "baseline", "--codec", "vp8"]
        case .vp8Full: ["--codec", "vp8", "--effort", "full"]
        case .vp8RealTime: ["--codec", "vp8", "--effort", "realtime"]
        case .vp9Full: ["--codec", "vp9", "--effort", "full"]
        case .vp9RealTime: ["--codec", "vp9", "--effort", "realtime"]
        }
    }
}

/// What is asked about them.
enum EncodePart: String, CaseIterable, Codable, ExpressibleByArgument {
    /// Bits at equal quality, at the tier's size and rate of pictures.
    case tier
    /// Bits on the wire for what a viewer sees, against the smallest layer that can be forwarded.
    case viewer
}

/// How long a clip is played.
enum EncodeLength: String, CaseIterable, Codable, ExpressibleByArgument {
    /// Ten seconds at most.
    case short
    /// Thirty at least, so that the first key frame does not flatter.
    case long

    static let shortSeconds = 10
    static let longSeconds = 30
}

/// One encode and its comparison with the original.
struct EncodeStep: Hashable {
    /// The smallest layer of simulcast that a plain SFU forwards, by its short side, and what it is sent at.
    static let smallestLayer = (shortSide: 180, bitsPerSecond: 150_000)
    /// The beginning of the names of clips that show a shared screen.
    static let screenPrefix = "screen"
    /// What a viewer has on the screen.
    static let viewerShortSide = 360
    static let tierFramesPerSecond = 15
    static let viewerFramesPerSecond = 30

    let part: EncodePart
    let clip: String
    let length: EncodeLength
    let tier: Tier
    let series: EncodeSeries
    let bitsPerSecond: Int

    /// A name for files.
    var key: String {
        "\(part.rawValue)-\(clip)-\(length.rawValue)-\(tier.rawValue)-\(series.rawValue)-\(bitsPerSecond / 1000)"
    }

    var title: String { "\(clip) \(length.rawValue), \(series.title), \(bitsPerSecond / 1000) kbit/s" }

    /// The pictures that the encoder gets.
    var source: EncodeSource {
        switch (part, series) {
        case (.tier, _):
            EncodeSource(
                clip: clip, length: length, shortSide: tier.shortSide,
                framesPerSecond: Self.tierFramesPerSecond)
        case (.viewer, .baseline):
            EncodeSource(
                clip: clip, length: length, shortSide: Self.smallestLayer.shortSide,
                framesPerSecond: Self.viewerFramesPerSecond)
        case (.viewer, _): reference
        }
    }

    /// The pictures that the result is compared with.
    var reference: EncodeSource {
        switch part {
        case .tier: source
        case .viewer:
            EncodeSource(
                clip: clip, length: length, shortSide: Self.viewerShortSide,
                framesPerSecond: Self.viewerFramesPerSecond)
        }
    }

    /// What `smartc-relay transcode` is told beside files and series.
    func arguments(framesPerSecond: Double, width: Int, height: Int) -> [String] {
        let rate =
            ["--bitrate", "\(bitsPerSecond)", "--stats", "json"]
            + (clip.hasPrefix(Self.screenPrefix) ? ["--screen"] : [])
        switch (part, series) {
        case (.tier, _):
            return rate + ["--tier", tier.rawValue, "--fps", "\(framesPerSecond)", "--fixed-rate"]
        case (.viewer, .baseline):
            // A tier never grows: this one keeps the layer's size.
            return rate + ["--tier", "240p", "--fps", "\(framesPerSecond)", "--size", "\(width)x\(height)"]
        case (.viewer, _):
            return rate + ["--tier", "144p", "--up-to", "360p", "--size", "\(width)x\(height)"]
        }
    }
}
