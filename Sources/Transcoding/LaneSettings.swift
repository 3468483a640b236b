package import Codecs

/// What a lane is to make of its source.
package struct LaneSettings: Sendable, Equatable {
    /// How pictures are chosen and coded.
    package enum Mode: String, Sendable, CaseIterable {
        /// Only what changed, with an anchor for those who join.
        case differential
        /// libwebrtc's configuration as it is: what lanes are compared with.
        case baseline
    }

    package var codec: VPXCodec
    package var tier: Tier
    package var mode = Mode.differential
    /// Of the encoded pictures, without packet headers.
    package var bitsPerSecond: Int
    /// The highest rate of pictures.
    package var framesPerSecond: Double
    /// Whether fewer pictures may be coded while little moves or the bits are short.
    package var adaptsFrameRate = true
    /// Up to which short side a scene's pictures may be larger than the tier, where that is better for the bits; nil: exactly
    /// the tier.
    package var largestShortSide: Int?
    /// Whether a lane that may choose begins at the tier's size, since its first key frame has to pass a narrow link; else at
    /// the size that its bits are usually enough for.
    package var beginsSmall = false
    /// Whether the baseline is libwebrtc's for a shared screen. Other lanes see for themselves what changes.
    package var isScreenContent = false

    package init(codec: VPXCodec, tier: Tier) {
        self.codec = codec
        self.tier = tier
        bitsPerSecond = tier.bitsPerSecond
        framesPerSecond = tier.framesPerSecond
    }

    /// What may change while a lane runs.
    package var terms: LaneTerms {
        get {
            LaneTerms(
                bitsPerSecond: bitsPerSecond, framesPerSecond: framesPerSecond,
                largestShortSide: largestShortSide)
        }
        set {
            bitsPerSecond = newValue.bitsPerSecond
            framesPerSecond = newValue.framesPerSecond
            largestShortSide = newValue.largestShortSide
        }
    }

    /// What bitrates a lane takes: what a picture needs at least, and what no tier needs.
    package static let bitrates = 10_000...4_000_000
    package static let frameRates = 1.0...60.0
}

/// How much CPU lanes may take. Lower steps are faster and need more bits for the same picture.
package enum Effort: Int, Comparable, CaseIterable, Sendable {
    /// libwebrtc's own search.
    case fast
    /// libvpx' "good quality" with its quicker searches: better than its slow real-time ones, for little more time in VP8 and for
    /// twice the time in VP9.
    case realtime
    /// libvpx' "good quality", without delay.
    case full

    package static func < (left: Effort, right: Effort) -> Bool { left.rawValue < right.rawValue }

    /// What scaling, analysis and coding of a picture cost, about, in those of the fastest step.
    package var cost: Double {
        switch self {
        case .fast: 1
        case .realtime: 4
        case .full: 7
        }
    }

    /// The next slower step; itself, if there is none.
    var raised: Effort { Effort(rawValue: rawValue + 1) ?? self }

    /// The next faster step; itself, if there is none.
    var lowered: Effort { Effort(rawValue: rawValue - 1) ?? self }

    /// libvpx' settings for a frame. VP9's faster searches code a frame of one old reference as if there were none; and its key
    /// frames, from which all others are predicted, are worth the slow one.
    ///
    /// - Parameter isStill: whether the background stands still: there VP9's slower search finds most, and has less to search.
    func encoderEffort(_ codec: VPXCodec, _ kind: LaneFrameKind, isStill: Bool) -> EncoderEffort {
        switch (self, codec) {
        case (.fast, .vp8): EncoderEffort(isGoodQuality: false, speed: -4)
        case (.realtime, .vp8): EncoderEffort(isGoodQuality: true, speed: 2)
        case (.fast, .vp9): EncoderEffort(isGoodQuality: false, speed: kind == .resync ? 4 : 5)
        case (.realtime, .vp9):
            EncoderEffort(isGoodQuality: true, speed: kind != .delta ? 1 : isStill ? 2 : 3)
        case (.full, _): EncoderEffort(isGoodQuality: true, speed: 1)
        }
    }
}
