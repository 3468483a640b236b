/// What a lane may take at present: all of it may change from picture to picture.
package struct LaneTerms: Sendable, Equatable {
    /// Of the encoded pictures, without packet headers; within `LaneSettings.bitrates`.
    package var bitsPerSecond: Int
    /// The highest rate of pictures; within `LaneSettings.frameRates`, or less for still pictures.
    package var framesPerSecond: Double
    /// Up to which short side in pixels a scene's pictures may be larger than the tier, where that is better for the bits; nil:
    /// exactly the tier.
    package var largestShortSide: Int?

    package init(bitsPerSecond: Int, framesPerSecond: Double, largestShortSide: Int? = nil) {
        self.bitsPerSecond = bitsPerSecond
        self.framesPerSecond = framesPerSecond
        self.largestShortSide = largestShortSide
    }
}
