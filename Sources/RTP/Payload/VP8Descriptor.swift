import Wire

/// The payload descriptor of VP8, and what the first bytes of the picture tell (RFC 7741 sections 4.2 and
/// 4.3).
///
///     |X|R|N|S|R| PID |   required
///     |I|L|T|K| RSV   |   if X
///     |M| PictureID   |   if I; 16 bits if M
///     |   TL0PICIDX   |   if L
///     |TID|Y| KEYIDX  |   if T or K
package struct VP8Descriptor: Sendable {
    /// No other frame depends on this one.
    package var nonReference: Bool
    package var startsPartition: Bool
    /// 0...7.
    package var partitionIndex: UInt8
    package var pictureID: UInt16?
    /// 7 or 15 bits; 0 without a picture identifier.
    package var pictureIDLength: Int
    /// Where the picture identifier lies in the payload; 0 without one.
    package var pictureIDOffset: Int
    package var tl0PictureIndex: UInt8?
    /// Where TL0PICIDX lies in the payload; 0 without one.
    package var tl0PictureIndexOffset: Int
    /// 0...3; 0 if the frame is in no temporal layer.
    package var temporalID: UInt8
    /// A frame that depends on the base layer only: a receiver may go up here.
    package var layerSync: Bool
    /// 0...31.
    package var keyIndex: UInt8?
    /// Where the picture data begins in the payload.
    package var headerLength: Int
    /// Whether this is the first packet of a key frame.
    package var isKeyFrame: Bool
    /// The size in pixels, told by the first packet of a key frame.
    package var keyFrameSize: (width: Int, height: Int)?

    /// Parses an RTP payload; `nil` if the descriptor does not fit into it.
    package init?(parsing payload: Span<UInt8>) {
        guard payload.count >= 1 else { return nil }
        let first = payload[0]
        nonReference = first & 0x20 != 0
        startsPartition = first & 0x10 != 0
        partitionIndex = first & 0x07
        pictureIDLength = 0
        pictureIDOffset = 0
        tl0PictureIndexOffset = 0
        temporalID = 0
        layerSync = false

        var offset = 1
        if first & 0x80 != 0 {
            guard payload.count > offset else { return nil }
            let present = payload[offset]
            offset += 1
            if present & 0x80 != 0 {
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
            if present & 0x40 != 0 {
                guard payload.count > offset else { return nil }
                tl0PictureIndex = payload[offset]
                tl0PictureIndexOffset = offset
                offset += 1
            }
            if present & 0x30 != 0 {
                guard payload.count > offset else { return nil }
                if present & 0x20 != 0 {
                    temporalID = payload[offset] >> 6
                    layerSync = payload[offset] & 0x20 != 0
                }
                if present & 0x10 != 0 { keyIndex = payload[offset] & 0x1F }
                offset += 1
            }
        }
        headerLength = offset

        // The P bit of the payload header is 0 for a key frame (RFC 7741 section 4.3).
        isKeyFrame =
            startsPartition && partitionIndex == 0 && payload.count > offset && payload[offset] & 1 == 0
        // RFC 6386 section 9.1: a tag of three bytes, a start code of three, 14 bits each of width and
        // height.
        if isKeyFrame, payload.count >= offset + 10, payload.uint24(at: offset + 3) == 0x9D012A {
            keyFrameSize = (
                Int(payload.uint16(at: offset + 6).byteSwapped & 0x3FFF),
                Int(payload.uint16(at: offset + 8).byteSwapped & 0x3FFF)
            )
        }
    }
}
