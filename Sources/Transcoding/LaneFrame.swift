/// What other frames a lane's frame needs.
package enum LaneFrameKind: Sendable, Equatable {
    /// None: a key frame, the new anchor.
    case key
    /// The anchor alone. From here on a decoder that had the anchor shows the same as all others.
    case resync
    /// The frames since the last key or resync frame.
    case delta
}

/// One encoded picture of a lane.
package struct LaneFrame: Sendable {
    package let kind: LaneFrameKind
    package let bytes: [UInt8]
    /// The source's RTP timestamp, 90 kHz.
    package let timestamp: UInt32
    package let size: PixelSize
    /// With a resync frame that somebody waits for: the key frame that they need first.
    package let anchor: [UInt8]?
    /// 0 finest to 63 coarsest.
    package let quantizer: Int
}

/// What became of a picture that a lane was given.
package enum LaneOutcome: Sendable {
    case coded(LaneFrame)
    /// The rate of pictures is lower than the source's.
    case notDue
    /// Nothing has changed that a viewer does not have.
    case unchanged
    /// The bits of this moment are used up.
    case overBudget
    /// libvpx refused it, in its own words.
    case failed(String)
}
