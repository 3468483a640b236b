package import Transcoding

/// What is to be made of a file.
package struct OfflinePlan: Sendable, Equatable {
    package var lane: LaneSettings
    package var effort: Effort
    /// Viewers that join at random times.
    package var joins = 0
    /// The share of the frames that one viewer does not get, 0 to 1.
    package var loss = 0.0
    /// What joins and losses are drawn from.
    package var seed: UInt64 = 1
    /// The size of the pictures that are shown; nil: that of the first one.
    package var shownSize: PixelSize?

    package init(lane: LaneSettings, effort: Effort = .full) {
        self.lane = lane
        self.effort = effort
    }

    package static let mostJoins = 100_000
}
