/// What a lane has done since it began.
package struct LaneStatistics: Sendable, Equatable {
    package var picturesSeen: UInt64 = 0
    package var keyFrames: UInt64 = 0
    package var resyncFrames: UInt64 = 0
    package var deltaFrames: UInt64 = 0
    package var unchangedPictures: UInt64 = 0
    package var picturesOverBudget: UInt64 = 0
    package var failures: UInt64 = 0
    package var bytes: UInt64 = 0
    /// The share of the picture that changed, 0 to 1, lately.
    package var changedShare = 0.0
    /// Coded pictures a second at present, unless nothing changes.
    package var framesPerSecond = 0.0
    /// The average quantizer lately, 0 to 63.
    package var quantizer = 0.0
    /// Scaling, analysis and coding.
    package var encodeTime = Duration.zero
    package var width = 0
    package var height = 0

    package init() {}
}
