import Wire

/// What the forwarding decision needs to know of one packet, whatever its codec: parsed once for all subscribers.
package struct PacketDescription: Sendable {
    /// Where a receiver of fewer temporal layers can go up.
    package enum TemporalSwitch: Hashable, Sendable {
        case none
        /// To the layer of this packet, from the one below (VP8's Y, VP9's U).
        case ownLayer
        /// To any of these, one bit for each (dependency descriptor).
        case levels(UInt8)
    }

    /// Whom a packet of a lane is for.
    package enum Audience: Sendable {
        case everybody
        /// Those who begin with it: the lane's anchor in front of a resync frame.
        case joining
        /// Those who are there already: a frame that those who join have got in another form.
        case settled
    }

    /// The first packet of a picture that needs no other, in its lowest spatial layer.
    package var isKeyFrameStart = false
    /// The first packet of a frame: of one spatial layer of a picture. False where the codec does not tell.
    package var startsFrame = false
    /// The last packet of a frame. False where the codec does not tell otherwise than by the marker.
    package var endsFrame = false
    /// Whether `startsFrame` can be relied on; else a picture begins where the timestamp changes.
    package var tellsFrameStarts = false
    /// 0...7; 0 without layers.
    package var spatialID: UInt8 = 0
    /// 0...7; 0 without layers.
    package var temporalID: UInt8 = 0
    package var temporalSwitch = TemporalSwitch.none
    /// Whether other pictures may depend on this one.
    package var isReferenced = true
    /// Whether picture identifiers must follow each other: a VP8 receiver waits for those that are missing. VP9 names
    /// references by their distance in picture identifiers, which must stay.
    package var countsEveryPicture = false
    /// 7 or 15 bits; 0 without a picture identifier.
    package var pictureIDLength: UInt8 = 0
    /// Offsets in the payload; 0 for what is not there.
    package var pictureIDOffset: UInt8 = 0
    package var tl0PictureIndexOffset: UInt8 = 0
    package var keyIndexOffset: UInt8 = 0
    package var tl0PictureIndex: UInt8 = 0
    /// Five bits.
    package var keyIndex: UInt8 = 0
    package var pictureID: UInt16 = 0
    /// VP9's P_DIFF of a picture that names one reference, 1...127, and where it lies in the payload; 0 for others.
    package var pictureDifference: UInt8 = 0
    package var pictureDifferenceOffset: UInt8 = 0
    /// Of the dependency descriptor.
    package var frameNumber: UInt16?
    package var audience = Audience.everybody
    /// By spatial layer, in packets that tell it.
    package var sizes = InlineArray<4, PictureSize>(repeating: .unknown)

    /// A packet of which nothing is known but that it is part of a frame, or that is one: sound.
    package init() {}

    /// Describes an RTP payload. What is malformed is described as if it were without layers.
    ///
    /// - Parameter dependencies: what its dependency descriptor says, if it has one.
    package init(_ codec: VideoCodec, _ payload: Span<UInt8>, _ dependencies: DependencyDescriptor? = nil) {
        switch codec {
        case .vp8: describeVP8(payload)
        case .vp9: describeVP9(payload)
        case .h264: describeH264(payload)
        case .av1: describeAV1(payload, dependencies)
        }
        frameNumber = dependencies?.frameNumber
    }

    private mutating func describeVP8(_ payload: Span<UInt8>) {
        tellsFrameStarts = true
        guard let descriptor = VP8Descriptor(parsing: payload) else { return }
        isKeyFrameStart = descriptor.isKeyFrame
        startsFrame = descriptor.startsPartition && descriptor.partitionIndex == 0
        temporalID = descriptor.temporalID
        temporalSwitch = descriptor.layerSync ? .ownLayer : .none
        isReferenced = !descriptor.nonReference
        countsEveryPicture = true
        if let id = descriptor.pictureID {
            pictureID = id
            pictureIDLength = UInt8(truncatingIfNeeded: descriptor.pictureIDLength)
            pictureIDOffset = UInt8(truncatingIfNeeded: descriptor.pictureIDOffset)
        }
        if let index = descriptor.tl0PictureIndex {
            tl0PictureIndex = index
            tl0PictureIndexOffset = UInt8(truncatingIfNeeded: descriptor.tl0PictureIndexOffset)
        }
        if let index = descriptor.keyIndex {
            keyIndex = index
            // It shares the last byte of the descriptor with TID and Y.
            keyIndexOffset = UInt8(truncatingIfNeeded: descriptor.headerLength - 1)
        }
        if let size = descriptor.keyFrameSize {
            sizes[0] = PictureSize(
                width: UInt16(truncatingIfNeeded: size.width), height: UInt16(truncatingIfNeeded: size.height)
            )
        }
    }

    private mutating func describeVP9(_ payload: Span<UInt8>) {
        tellsFrameStarts = true
        guard let descriptor = VP9Descriptor(parsing: payload) else { return }
        isKeyFrameStart = descriptor.isKeyFrame
        startsFrame = descriptor.beginsFrame
        endsFrame = descriptor.endsFrame
        spatialID = descriptor.spatialID
        temporalID = descriptor.temporalID
        temporalSwitch = descriptor.switchingUp ? .ownLayer : .none
        if let id = descriptor.pictureID {
            pictureID = id
            pictureIDLength = UInt8(truncatingIfNeeded: descriptor.pictureIDLength)
            pictureIDOffset = UInt8(truncatingIfNeeded: descriptor.pictureIDOffset)
        }
        if let index = descriptor.tl0PictureIndex {
            tl0PictureIndex = index
            tl0PictureIndexOffset = UInt8(truncatingIfNeeded: descriptor.tl0PictureIndexOffset)
        }
        if descriptor.pictureDifferenceCount == 1 {
            pictureDifference = descriptor.pictureDifferences[0]
            pictureDifferenceOffset = UInt8(truncatingIfNeeded: descriptor.pictureDifferenceOffset)
        }
        if let structure = descriptor.scalabilityStructure {
            for layer in 0..<min(structure.spatialLayerCount, sizes.count) {
                guard let size = structure.size(ofLayer: layer, in: payload) else { break }
                sizes[layer] = PictureSize(
                    width: UInt16(truncatingIfNeeded: size.width),
                    height: UInt16(truncatingIfNeeded: size.height))
            }
        }
    }

    private mutating func describeH264(_ payload: Span<UInt8>) {
        isKeyFrameStart = VideoCodec.h264.isKeyFrameStart(payload: payload)
        guard isKeyFrameStart, let size = SequenceParameterSet.pictureSize(inPayload: payload) else { return }
        sizes[0] = size
    }

    private mutating func describeAV1(_ payload: Span<UInt8>, _ dependencies: DependencyDescriptor?) {
        isKeyFrameStart = VideoCodec.av1.isKeyFrameStart(payload: payload)
        guard let dependencies else { return }
        startsFrame = dependencies.startsFrame
        endsFrame = dependencies.endsFrame
        tellsFrameStarts = true
        spatialID = dependencies.spatialID
        temporalID = dependencies.temporalID
        temporalSwitch = dependencies.switchingLevels == 0 ? .none : .levels(dependencies.switchingLevels)
        isReferenced = dependencies.isReferenced
        sizes = dependencies.sizes
    }
}
