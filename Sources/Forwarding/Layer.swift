package import RTP
package import Wire

/// One of the qualities in which a source can be forwarded: an encoding of its track, and the highest spatial and temporal
/// layer in it. Lower layers of the same encoding come along.
package struct Layer: Hashable, Sendable {
    package var encoding: UInt8
    package var spatial: UInt8
    package var temporal: UInt8

    package init(
        encoding: UInt8, spatial: UInt8 = LayerLimits.all.spatial, temporal: UInt8 = LayerLimits.all.temporal
    ) {
        self.encoding = encoding
        self.spatial = spatial
        self.temporal = temporal
    }

    package var limits: LayerLimits { LayerLimits(spatial: spatial, temporal: temporal) }
}

/// The highest layers of an encoding that are forwarded.
package struct LayerLimits: Hashable, Sendable {
    package var spatial: UInt8
    package var temporal: UInt8

    /// More than any stream has.
    package static let all = LayerLimits(spatial: 7, temporal: 7)

    package init(spatial: UInt8, temporal: UInt8) {
        self.spatial = spatial
        self.temporal = temporal
    }

    func includes(_ packet: PacketDescription) -> Bool {
        packet.spatialID <= spatial && packet.temporalID <= temporal
    }
}

/// How much of a lane's size somebody is sent.
package enum LaneGrade: UInt8, Hashable, Sendable, CaseIterable {
    /// At a rate that follows its viewers, and larger than its tier where the bits are enough for that.
    case whole
    /// With the fewest bits that still move, for those whose links carry less than the other viewers'.
    case thin
    /// A picture every few seconds.
    case still
    /// At a rate that follows its viewers, and never larger than its tier: for those who have asked for that by its name.
    case exact
}

/// What one subscriber is to be given of its source.
package enum LayerTarget: Hashable, Sendable {
    /// All layers of the encoding that the up track prefers.
    case best
    case layer(Layer)
    /// What a lane makes of the source: a picture with so many pixels on its short side. Where none can be had, the source's
    /// smallest layer.
    case lane(shortSide: Int, grade: LaneGrade = .whole)
    /// Nothing; the source stays known.
    case paused

    /// The layers of the source that are wanted.
    var limits: LayerLimits {
        switch self {
        case .best, .lane, .paused: .all
        case .layer(let layer): layer.limits
        }
    }
}

/// A layer that is being received, as an allocator of bitrate chooses among them.
package struct LayerOption: Equatable, Sendable {
    package let layer: Layer
    /// With all that it needs below it; payload and headers as they arrive.
    package let bitsPerSecond: Int
    /// Pictures a second.
    package let framesPerSecond: Double
    /// Unknown if the stream has not told it.
    package let size: PictureSize
    /// When its last packet came.
    package let lastSeen: Instant

    package var height: Int? { size.isKnown ? Int(size.height) : nil }
    package var width: Int? { size.isKnown ? Int(size.width) : nil }
}
