package import Codecs
package import Wire

/// What the thread of lanes is asked for. Sources and lanes are named by numbers that are never used again.
package enum LaneOrder: Sendable {
    /// With the short side of its pictures in pixels, as far as it is known: what decoding will cost.
    case openSource(UInt32, VPXCodec, shortSide: Int)
    case closeSource(UInt32)
    case addLane(UInt32, source: UInt32, LaneSettings)
    case removeLane(UInt32, source: UInt32)
    /// Other terms from the next picture on.
    case changeLane(UInt32, source: UInt32, LaneTerms)
    /// Somebody waits for a resync frame.
    case resync(UInt32, source: UInt32)
    /// The source's next encoded picture, and when it was whole.
    case frame(source: UInt32, EncodedFrame, at: Instant)
}

/// What the thread of lanes tells.
package enum LaneReport: Sendable {
    case frame(lane: UInt32, LaneFrame)
    /// An encoded picture could not be decoded: the source has to send a key frame.
    case damaged(source: UInt32)
    /// An encoded picture was dropped, as too many waited: the source has to send a key frame.
    case dropped(source: UInt32)
    /// There is no CPU for another lane.
    case refused(lane: UInt32)
    /// libvpx does not take the source.
    case failed(source: UInt32, reason: String)
    /// How a lane does, about once a second.
    case statistics(lane: UInt32, LaneStatistics, Effort)
}
