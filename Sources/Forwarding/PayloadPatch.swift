import RTP
import Wire

/// What changes in the codec's payload descriptor on the way to one subscriber: the same bytes with other numbers.
package struct PayloadPatch: Equatable, Sendable {
    /// Offsets in the payload; 0 for what stays, as the first byte of a descriptor never changes.
    var pictureIDOffset: UInt8 = 0
    var tl0PictureIndexOffset: UInt8 = 0
    var keyIndexOffset: UInt8 = 0
    var pictureDifferenceOffset: UInt8 = 0
    var tl0PictureIndex: UInt8 = 0
    /// Seven bits, which share their byte with another.
    var pictureDifference: UInt8 = 0
    /// Five bits, which share their byte with others.
    var keyIndex: UInt8 = 0
    /// 7 or 15 bits.
    var pictureIDLength: UInt8 = 0
    var pictureID: UInt16 = 0

    package init() {}

    /// Writes the numbers into a copy of the payload that begins at `start` and ends with the span.
    package func apply(to packet: inout MutableSpan<UInt8>, at start: Int) {
        let room = packet.count - start
        if pictureIDOffset > 0, Int(pictureIDOffset) + (pictureIDLength > 7 ? 2 : 1) <= room {
            if pictureIDLength > 7 {
                packet.store(pictureID | 0x8000, at: start + Int(pictureIDOffset))
            } else {
                packet[start + Int(pictureIDOffset)] = UInt8(truncatingIfNeeded: pictureID & 0x7F)
            }
        }
        if tl0PictureIndexOffset > 0, Int(tl0PictureIndexOffset) < room {
            packet[start + Int(tl0PictureIndexOffset)] = tl0PictureIndex
        }
        if keyIndexOffset > 0, Int(keyIndexOffset) < room {
            let former = packet[start + Int(keyIndexOffset)]
            packet[start + Int(keyIndexOffset)] = former & 0xE0 | keyIndex & 0x1F
        }
        if pictureDifferenceOffset > 0, Int(pictureDifferenceOffset) < room {
            let former = packet[start + Int(pictureDifferenceOffset)]
            packet[start + Int(pictureDifferenceOffset)] = pictureDifference << 1 | former & 1
        }
    }

    /// Whether anything changes.
    package var isEmpty: Bool {
        pictureIDOffset | tl0PictureIndexOffset | keyIndexOffset | pictureDifferenceOffset == 0
    }
}
