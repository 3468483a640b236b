package import Codecs
package import RTP

/// Makes RTP packets of a lane's frames (RFC 7741, RFC 9628), described so that a viewer who lost frames goes on with the next
/// resync frame alone.
///
/// VP8: a key or resync frame is the base layer, and counts TL0PICIDX on; the frames after it are of the layer above, the first
/// of them a switching point. VP9, in flexible mode: a frame names the one before it, a resync frame names its anchor's picture
/// as far as seven bits reach. Who has joined since then is told of the frame that they began with (`PictureNumbers`).
package struct LanePacketizer {
    /// Payload bytes of a packet: with headers, tag and RTX's two bytes it stays below 1200.
    private static let payloadLimit = 1100
    /// Ticks of 90 kHz by which the anchor is older than its resync frame: less and more let receivers show it.
    private static let anchorLead: UInt32 = 9 * 90

    private let codec: VPXCodec
    private let payloadType: UInt8
    private let ssrc: UInt32
    private var sequenceNumber: UInt16 = 0
    /// 15 bits.
    private var pictureID: UInt16 = 0
    private var tl0PictureIndex: UInt8 = 0
    private var isFirstAfterSync = false
    /// The frames that a resync frame can name.
    private var framesSinceKey: UInt16 = 0
    private var buffer: [UInt8] = []

    /// All numbers begin at 0: every viewer gets its own.
    package init(_ codec: VPXCodec, payloadType: UInt8, ssrc: UInt32) {
        self.codec = codec
        self.payloadType = payloadType
        self.ssrc = ssrc
        buffer.reserveCapacity(1500)
    }

    /// Calls `body` with each packet of a frame in order: the whole packet, and whom it is for.
    package mutating func packetize(
        _ frame: LaneFrame, _ body: (Span<UInt8>, PacketDescription.Audience) -> Void
    ) {
        switch codec {
        case .vp8: packetizeVP8(frame, body)
        case .vp9: packetizeVP9(frame, body)
        }
    }

    // MARK: - VP8

    private mutating func packetizeVP8(
        _ frame: LaneFrame, _ body: (Span<UInt8>, PacketDescription.Audience) -> Void
    ) {
        if let anchor = frame.anchor, frame.kind == .resync {
            // In the numbers of the frames until now: those who have them do without it.
            advancePicture()
            writeVP8(
                anchor, timestamp: frame.timestamp &- Self.anchorLead, temporalID: 0, isSwitchingPoint: false,
                .joining, body)
        }
        advancePicture()
        switch frame.kind {
        case .key, .resync:
            tl0PictureIndex &+= 1
            writeVP8(
                frame.bytes, timestamp: frame.timestamp, temporalID: 0, isSwitchingPoint: false, .everybody,
                body)
            isFirstAfterSync = true
        case .delta:
            writeVP8(
                frame.bytes, timestamp: frame.timestamp, temporalID: 1, isSwitchingPoint: isFirstAfterSync,
                .everybody, body)
            isFirstAfterSync = false
        }
    }

    private mutating func writeVP8(
        _ bytes: [UInt8], timestamp: UInt32, temporalID: UInt8, isSwitchingPoint: Bool,
        _ audience: PacketDescription.Audience,
        _ body: (Span<UInt8>, PacketDescription.Audience) -> Void
    ) {
        let layer = temporalID << 6 | (isSwitchingPoint ? 0x20 : 0)
        let identifier = pictureID
        let tl0 = tl0PictureIndex
        write(bytes, timestamp: timestamp, audience, body) { output, isFirst, _ in
            // X, and S on the first packet; I, L and T.
            output.append(isFirst ? 0x90 : 0x80)
            output.append(0xE0)
            output.append(bigEndian: 0x8000 | identifier)
            output.append(tl0)
            output.append(layer)
        }
    }

    // MARK: - VP9

    private mutating func packetizeVP9(
        _ frame: LaneFrame, _ body: (Span<UInt8>, PacketDescription.Audience) -> Void
    ) {
        advancePicture()
        let size = frame.size
        switch frame.kind {
        case .key:
            framesSinceKey = 0
            writeVP9(frame.bytes, frame.timestamp, reference: nil, size: size, .everybody, body)
        case .resync:
            framesSinceKey &+= 1
            if let anchor = frame.anchor {
                // One superframe with the anchor hidden, told as a key frame, and the same picture alone for the others.
                writeVP9(
                    Superframe.joining(hidden: anchor, shown: frame.bytes), frame.timestamp, reference: nil,
                    size: size, .joining, body)
            }
            writeVP9(
                frame.bytes, frame.timestamp, reference: UInt8(min(framesSinceKey, 127)), size: size,
                frame.anchor == nil ? .everybody : .settled, body)
        case .delta:
            framesSinceKey &+= 1
            writeVP9(frame.bytes, frame.timestamp, reference: 1, size: size, .everybody, body)
        }
    }

    private mutating func writeVP9(
        _ bytes: [UInt8], _ timestamp: UInt32, reference: UInt8?, size: PixelSize,
        _ audience: PacketDescription.Audience,
        _ body: (Span<UInt8>, PacketDescription.Audience) -> Void
    ) {
        let identifier = pictureID
        write(bytes, timestamp: timestamp, audience, body) { output, isFirst, isLast in
            // I, L, F and Z; P unless it begins a stream; B, E, V.
            var first: UInt8 = 0x80 | 0x20 | 0x10 | 0x01
            if reference != nil { first |= 0x40 }
            if isFirst { first |= 0x08 }
            if isLast { first |= 0x04 }
            let tellsStructure = isFirst && reference == nil
            if tellsStructure { first |= 0x02 }
            output.append(first)
            output.append(bigEndian: 0x8000 | identifier)
            // TID 0, U, SID 0.
            output.append(0x10)
            if let reference { output.append(reference << 1) }
            if tellsStructure {
                // One spatial layer with its size, no group of pictures.
                output.append(0x10)
                output.append(bigEndian: UInt16(truncatingIfNeeded: size.width))
                output.append(bigEndian: UInt16(truncatingIfNeeded: size.height))
            }
        }
    }

    // MARK: - Packets

    private mutating func advancePicture() {
        pictureID = (pictureID &+ 1) & 0x7FFF
    }

    /// Splits a frame into packets of about equal size.
    private mutating func write(
        _ bytes: [UInt8], timestamp: UInt32, _ audience: PacketDescription.Audience,
        _ body: (Span<UInt8>, PacketDescription.Audience) -> Void,
        descriptor: (inout [UInt8], _ isFirst: Bool, _ isLast: Bool) -> Void
    ) {
        let count = max(1, (bytes.count + Self.payloadLimit - 1) / Self.payloadLimit)
        for index in 0..<count {
            let range = bytes.count * index / count..<bytes.count * (index + 1) / count
            let isLast = index == count - 1
            buffer.removeAll(keepingCapacity: true)
            buffer.append(0x80)
            buffer.append(payloadType | (isLast ? 0x80 : 0))
            buffer.append(bigEndian: sequenceNumber)
            buffer.append(bigEndian: timestamp)
            buffer.append(bigEndian: ssrc)
            sequenceNumber &+= 1
            descriptor(&buffer, index == 0, isLast)
            buffer.append(contentsOf: bytes[range])
            body(buffer.span, audience)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: UInt16) {
        append(UInt8(value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    fileprivate mutating func append(bigEndian value: UInt32) {
        append(bigEndian: UInt16(value >> 16))
        append(bigEndian: UInt16(truncatingIfNeeded: value))
    }
}
