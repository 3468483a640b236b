/// Checks that VP8's picture numbers are those of one stream, whatever sources and layers it is put together from
/// (RFC 7741 section 4.2): receivers wait for a PictureID that is missing, and drop what refers to a TL0PICIDX that they
/// have not seen.
struct PictureNumberCheck: Sendable {
    /// The numbers of one picture.
    struct Numbers: Sendable, Equatable {
        let pictureID: UInt16
        /// 7 or 15.
        let pictureIDLength: Int
        let temporalID: UInt8
        let tl0PictureIndex: UInt8?
        let keyIndex: UInt8?
    }

    private var last: Numbers?

    /// Takes the picture that is next in the order of sequence numbers, with none missing before it. Returns whether its
    /// numbers follow those of the one before.
    mutating func follow(_ numbers: Numbers, isKeyFrame: Bool) -> Bool {
        defer { last = numbers }
        guard let last else { return true }
        guard numbers.pictureIDLength == last.pictureIDLength else { return false }
        let mask: UInt16 = numbers.pictureIDLength > 7 ? 0x7FFF : 0x7F
        guard numbers.pictureID == (last.pictureID &+ 1) & mask else { return false }
        if let now = numbers.tl0PictureIndex, let before = last.tl0PictureIndex {
            let step = now &- before
            // A key frame begins anew, but never behind what was there.
            let isRight = isKeyFrame ? (1...127).contains(step) : step == (numbers.temporalID == 0 ? 1 : 0)
            guard isRight else { return false }
        }
        if let now = numbers.keyIndex, let before = last.keyIndex {
            guard (now == before) != isKeyFrame else { return false }
        }
        return true
    }

    /// Pictures are missing: what comes next is compared with nothing.
    mutating func beginAnew() {
        last = nil
    }
}
