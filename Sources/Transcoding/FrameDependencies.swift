import RTP

/// Where a picture stands among those it depends on, as its payload descriptor says.
struct LayerPosition: Equatable {
    var pictureID: UInt16?
    /// How long picture identifiers are: 7 or 15 bits.
    var pictureIDLength = 0
    var tl0PictureIndex: UInt8?
    var temporalID: UInt8 = 0
    var spatialID: UInt8 = 0
    /// It depends on the base layer only, or a receiver may go up here (VP8's Y, VP9's U).
    var isSwitchingPoint = false
    /// No other picture depends on it (VP8's N).
    var isDiscardable = false
    /// VP9 in flexible mode: how far back the references are.
    var references: [UInt8]?

    init() {}

    init(_ descriptor: VP8Descriptor) {
        pictureID = descriptor.pictureID
        pictureIDLength = descriptor.pictureIDLength
        tl0PictureIndex = descriptor.tl0PictureIndex
        temporalID = descriptor.temporalID
        isSwitchingPoint = descriptor.layerSync
        isDiscardable = descriptor.nonReference
    }

    init(_ descriptor: VP9Descriptor) {
        pictureID = descriptor.pictureID
        pictureIDLength = descriptor.pictureIDLength
        tl0PictureIndex = descriptor.tl0PictureIndex
        temporalID = descriptor.temporalID
        spatialID = descriptor.spatialID
        isSwitchingPoint = descriptor.switchingUp
        guard descriptor.isFlexible else { return }
        references = (0..<descriptor.pictureDifferenceCount).map { descriptor.pictureDifferences[$0] }
    }
}

/// Whether a picture can be decoded after others were lost.
struct FrameDependencies {
    /// Pictures of the base layer that were decoded, by the low seven bits of their identifiers.
    private var decoded: [UInt16?] = Array(repeating: nil, count: 128)
    private var lastTL0: UInt8?
    /// Temporal layers from here on lack a picture; 8: none does.
    private var firstBroken: UInt8 = 8
    private var hasLost = false
    private(set) var needsKeyFrame = true

    mutating func requireKeyFrame() {
        needsKeyFrame = true
        for index in decoded.indices { decoded[index] = nil }
    }

    /// Pictures are missing before the next one.
    mutating func lostFrames() {
        hasLost = true
    }

    /// Takes the next picture. Returns whether it can be decoded.
    mutating func admit(_ position: LayerPosition, isKeyFrame: Bool) -> Bool {
        if isKeyFrame {
            needsKeyFrame = false
            hasLost = false
            firstBroken = 8
            for index in decoded.indices { decoded[index] = nil }
            note(position)
            return true
        }
        if let references = position.references {
            // Only what a picture names is missed, also after others could not be decoded.
            guard isCovered(references, of: position) else {
                if position.temporalID == 0 { needsKeyFrame = true }
                return false
            }
            hasLost = false
            needsKeyFrame = false
            note(position)
            return true
        }
        guard !needsKeyFrame else { return false }
        if hasLost, !admitAfterLoss(position) { return false }
        guard position.temporalID < firstBroken || position.isSwitchingPoint else { return false }
        if position.isSwitchingPoint, position.temporalID >= firstBroken {
            firstBroken = position.temporalID + 1
        }
        note(position)
        return true
    }

    // MARK: - Private

    /// Whether the lost pictures were of layers that the base does not need.
    private mutating func admitAfterLoss(_ position: LayerPosition) -> Bool {
        hasLost = false
        guard let tl0 = position.tl0PictureIndex, let lastTL0,
            tl0 == (position.temporalID == 0 ? lastTL0 &+ 1 : lastTL0)
        else {
            needsKeyFrame = true
            return false
        }
        // Not known which of the upper layers the lost pictures belonged to.
        firstBroken = 1
        return true
    }

    private mutating func note(_ position: LayerPosition) {
        if position.temporalID == 0, let index = position.tl0PictureIndex { lastTL0 = index }
        guard let identifier = position.pictureID else { return }
        decoded[Int(identifier & 0x7F)] = identifier
    }

    private func isCovered(_ references: [UInt8], of position: LayerPosition) -> Bool {
        guard let identifier = position.pictureID else { return !hasLost && !needsKeyFrame }
        let mask: UInt16 = position.pictureIDLength > 7 ? 0x7FFF : 0x7F
        for distance in references {
            let wanted = (identifier &- UInt16(distance)) & mask
            guard decoded[Int(wanted & 0x7F)] == wanted else { return false }
        }
        return true
    }
}
