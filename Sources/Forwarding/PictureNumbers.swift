import RTP

/// Makes one continuous run of the picture identifiers of the sources that follow each other: PictureID, TL0PICIDX and
/// KEYIDX of VP8 (RFC 7741 section 4.2), PictureID and TL0PICIDX of VP9 (RFC 9628 section 4.2), and the frame number of the
/// dependency descriptor, whose receivers refuse a key frame that is older than the one before.
///
/// Of VP8 the pictures that were dropped by choice are not counted: its receivers wait for identifiers that are missing.
/// Of VP9 they are, since it names references by their distance in identifiers. A lane's resync frame needs its anchor alone and names
/// a picture as old as that: for who began later it names the key frame that this one began with, or its receiver would wait for the
/// other.
struct PictureNumbers: Sendable {
    /// What is added to the numbers of one source.
    struct Offsets: Equatable, Sendable {
        var picture: UInt16 = 0
        var frameNumber: UInt16 = 0
        var tl0: UInt8 = 0
        var key: UInt8 = 0
    }

    /// The last 128 pictures: four seconds and more.
    private var window = NumberWindow<2>(first: 0x1_0000)
    /// Where the last key frame was that the subscriber was sent.
    private var lastKey: Int64 = .max
    /// The last ones on the way out.
    private var tl0: UInt8 = 0
    private var key: UInt8 = 0
    private var frameNumber: UInt16 = 0

    /// What to add to the numbers of a source whose first packet this is.
    func offsets(continuingWith first: PacketDescription) -> Offsets {
        Offsets(
            picture: UInt16(truncatingIfNeeded: window.highest + 1) &- first.pictureID,
            frameNumber: first.frameNumber.map { frameNumber &+ 1 &- $0 } ?? 0,
            tl0: first.tl0PictureIndexOffset > 0 ? tl0 &+ 1 &- first.tl0PictureIndex : 0,
            key: first.keyIndexOffset > 0 ? key &+ 1 &- first.keyIndex : 0)
    }

    /// Notes a picture in the order of the source.
    ///
    /// - Parameter gapIsOmitted: whether those between it and the last one are surely not wanted.
    mutating func append(
        _ packet: PacketDescription, _ offsets: Offsets, isOmitted: Bool, gapIsOmitted: Bool
    ) {
        if packet.pictureIDLength > 0 {
            let position = position(of: packet.pictureID, length: packet.pictureIDLength, offsets)
            if position > window.highest {
                if packet.isKeyFrameStart, !isOmitted { lastKey = position }
                let omits = packet.countsEveryPicture
                window.append(
                    position, isOmitted && omits ? .omitted : .kept, gapIsOmitted: gapIsOmitted && omits)
            }
        }
        guard !isOmitted else { return }
        if packet.tl0PictureIndexOffset > 0 {
            let new = packet.tl0PictureIndex &+ offsets.tl0
            if Int8(bitPattern: new &- tl0) > 0 { tl0 = new }
        }
        if packet.keyIndexOffset > 0 {
            // Five bits: the distance is taken around their circle.
            let new = packet.keyIndex &+ offsets.key
            if Int8(bitPattern: (new &- key) << 3) > 0 { key = new & 0x1F }
        }
        if let number = packet.frameNumber {
            let new = number &+ offsets.frameNumber
            if Int16(bitPattern: new &- frameNumber) > 0 { frameNumber = new }
        }
    }

    /// What to write into a packet on the way out; nil if its picture was dropped by choice or is too long ago.
    func patch(_ packet: PacketDescription, _ offsets: Offsets) -> PayloadPatch? {
        var patch = PayloadPatch()
        if packet.pictureIDLength > 0 {
            let position = position(of: packet.pictureID, length: packet.pictureIDLength, offsets)
            var number = window.number(of: position)
            if packet.countsEveryPicture {
                guard window.state(at: position) != .omitted else { return nil }
            } else {
                // However old: none was left out since.
                number = number ?? window.next - 1 - (window.highest - position)
            }
            guard let number else { return nil }
            patch.pictureID = UInt16(truncatingIfNeeded: number & 0x7FFF)
            patch.pictureIDLength = packet.pictureIDLength
            patch.pictureIDOffset = packet.pictureIDOffset
            if packet.pictureDifferenceOffset > 0, position > lastKey,
                position - lastKey < Int64(packet.pictureDifference)
            {
                patch.pictureDifference = UInt8(truncatingIfNeeded: position - lastKey)
                patch.pictureDifferenceOffset = packet.pictureDifferenceOffset
            }
        }
        if packet.tl0PictureIndexOffset > 0 {
            patch.tl0PictureIndex = packet.tl0PictureIndex &+ offsets.tl0
            patch.tl0PictureIndexOffset = packet.tl0PictureIndexOffset
        }
        if packet.keyIndexOffset > 0 {
            patch.keyIndex = (packet.keyIndex &+ offsets.key) & 0x1F
            patch.keyIndexOffset = packet.keyIndexOffset
        }
        return patch
    }

    /// Whether identifiers went back: the encoder began anew.
    func isBehind(_ packet: PacketDescription, _ offsets: Offsets) -> Bool {
        packet.pictureIDLength > 0
            && position(of: packet.pictureID, length: packet.pictureIDLength, offsets) < window.highest
    }

    /// Whether a picture is the one after the last that was noted.
    func follows(_ packet: PacketDescription, _ offsets: Offsets) -> Bool {
        packet.pictureIDLength > 0
            && position(of: packet.pictureID, length: packet.pictureIDLength, offsets) == window.highest + 1
    }

    /// The position nearest to the highest that has these low bits.
    private func position(of pictureID: UInt16, length: UInt8, _ offsets: Offsets) -> Int64 {
        let difference = pictureID &+ offsets.picture &- UInt16(truncatingIfNeeded: window.highest)
        return window.highest
            + (length > 7
                ? Int64(Int16(bitPattern: difference << 1) >> 1)
                : Int64(Int8(truncatingIfNeeded: Int16(bitPattern: difference << 9) >> 9)))
    }
}
