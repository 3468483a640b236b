import Wire

/// The payload descriptor of VP9 (RFC 9628 section 4.2).
///
///     |I|P|L|F|B|E|V|Z|   required
///     |M| PICTURE ID  |   if I; 16 bits if M
///     | TID |U| SID |D|   if L
///     |   TL0PICIDX   |   if L and not F
///     | P_DIFF      |N|   if P and F, up to three times
///     |      SS       |   if V
package struct VP9Descriptor: Sendable {
    package var pictureID: UInt16?
    /// 7 or 15 bits; 0 without a picture identifier.
    package var pictureIDLength: Int
    /// Where the picture identifier lies in the payload; 0 without one.
    package var pictureIDOffset: Int
    /// P: the picture depends on earlier ones.
    package var isInterPicturePredicted: Bool
    /// F: references are told as P_DIFF, not by a group of pictures.
    package var isFlexible: Bool
    /// B: the first packet of a layer frame.
    package var beginsFrame: Bool
    /// E: the last packet of a layer frame.
    package var endsFrame: Bool
    /// Z: no higher spatial layer depends on this one.
    package var notReferencedByUpperLayers: Bool
    /// 0...7; 0 without layer indices.
    package var temporalID: UInt8
    /// U: a receiver may go up to this temporal layer here.
    package var switchingUp: Bool
    /// 0...7; 0 without layer indices.
    package var spatialID: UInt8
    /// D: depends on the layer below of the same picture.
    package var interLayerDependency: Bool
    /// In non-flexible mode only.
    package var tl0PictureIndex: UInt8?
    /// Where TL0PICIDX lies in the payload; 0 without one.
    package var tl0PictureIndexOffset: Int
    /// P_DIFF: how far back the references are, 1...127; the first `pictureDifferenceCount` count.
    package var pictureDifferences: InlineArray<3, UInt8>
    /// 0...3.
    package var pictureDifferenceCount: Int
    /// Where the first of them lies in the payload; 0 without one.
    package var pictureDifferenceOffset: Int
    package var scalabilityStructure: ScalabilityStructure?
    /// Where the picture data begins in the payload.
    package var headerLength: Int

    /// V: which layers the stream has from here on.
    package struct ScalabilityStructure: Hashable, Sendable {
        /// 1...8.
        package var spatialLayerCount: Int
        /// Widths and heights, as offsets in the payload; empty if not told.
        package var sizes: Range<Int>
        /// 0...255; 0 if not told.
        package var pictureGroupLength: Int

        /// The size in pixels of spatial layer number `layer`; `nil` if it is not told.
        package func size(ofLayer layer: Int, in payload: Span<UInt8>) -> (width: Int, height: Int)? {
            guard layer >= 0, layer < spatialLayerCount, sizes.count == spatialLayerCount * 4 else {
                return nil
            }
            let offset = sizes.lowerBound + layer * 4
            return (Int(payload.uint16(at: offset)), Int(payload.uint16(at: offset + 2)))
        }
    }

    /// Whether this is the first packet of a picture that needs no other: the lowest spatial layer of a key
    /// frame.
    package var isKeyFrame: Bool {
        !isInterPicturePredicted && beginsFrame && spatialID == 0
    }

    /// Parses an RTP payload; `nil` if the descriptor does not fit into it or names more than three
    /// references.
    package init?(parsing payload: Span<UInt8>) {
        guard payload.count >= 1 else { return nil }
        let first = payload[0]
        isInterPicturePredicted = first & 0x40 != 0
        isFlexible = first & 0x10 != 0
        beginsFrame = first & 0x08 != 0
        endsFrame = first & 0x04 != 0
        notReferencedByUpperLayers = first & 0x01 != 0
        pictureIDLength = 0
        pictureIDOffset = 0
        temporalID = 0
        switchingUp = false
        spatialID = 0
        interLayerDependency = false
        tl0PictureIndexOffset = 0
        pictureDifferences = InlineArray(repeating: 0)
        pictureDifferenceCount = 0
        pictureDifferenceOffset = 0

        var offset = 1
        if first & 0x80 != 0 {
            guard payload.count > offset else { return nil }
            pictureIDOffset = offset
            if payload[offset] & 0x80 != 0 {
                guard payload.count > offset + 1 else { return nil }
                pictureID = payload.uint16(at: offset) & 0x7FFF
                pictureIDLength = 15
                offset += 2
            } else {
                pictureID = UInt16(payload[offset])
                pictureIDLength = 7
                offset += 1
            }
        }
        if first & 0x20 != 0 {
            guard payload.count > offset else { return nil }
            let layer = payload[offset]
            temporalID = layer >> 5
            switchingUp = layer & 0x10 != 0
            spatialID = layer >> 1 & 0x07
            interLayerDependency = layer & 0x01 != 0
            offset += 1
            if !isFlexible {
                guard payload.count > offset else { return nil }
                tl0PictureIndex = payload[offset]
                tl0PictureIndexOffset = offset
                offset += 1
            }
        }
        if isInterPicturePredicted, isFlexible {
            var more = true
            pictureDifferenceOffset = offset
            while more {
                guard pictureDifferenceCount < 3, payload.count > offset else { return nil }
                pictureDifferences[pictureDifferenceCount] = payload[offset] >> 1
                pictureDifferenceCount += 1
                more = payload[offset] & 0x01 != 0
                offset += 1
            }
        }
        headerLength = offset
        if first & 0x02 != 0 {
            guard let structure = Self.scalabilityStructure(parsing: payload, at: &headerLength) else {
                return nil
            }
            scalabilityStructure = structure
        }
    }

    /// RFC 9628 section 4.2.1.
    ///
    ///     | N_S |Y|G|-|-|-|
    ///     | WIDTH, HEIGHT |   16 bits each, N_S + 1 times, if Y
    ///     |      N_G      |   if G
    ///     | TID |U| R |-|-|   N_G times, each followed by R bytes of P_DIFF
    private static func scalabilityStructure(
        parsing payload: Span<UInt8>, at offset: inout Int
    ) -> ScalabilityStructure? {
        guard payload.count > offset else { return nil }
        let first = payload[offset]
        offset += 1
        let layers = Int(first >> 5) + 1
        let sizes = offset..<offset + (first & 0x10 != 0 ? layers * 4 : 0)
        guard sizes.upperBound <= payload.count else { return nil }
        offset = sizes.upperBound
        var pictures = 0
        if first & 0x08 != 0 {
            guard payload.count > offset else { return nil }
            pictures = Int(payload[offset])
            offset += 1
            for _ in 0..<pictures {
                guard payload.count > offset else { return nil }
                offset += 1 + Int(payload[offset] >> 2 & 0x03)
            }
            guard offset <= payload.count else { return nil }
        }
        return ScalabilityStructure(spatialLayerCount: layers, sizes: sizes, pictureGroupLength: pictures)
    }
}
