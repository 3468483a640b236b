import RTP
import Wire

@testable import Forwarding

/// A packet of a made-up source, with what is known of it.
struct SourcePacket {
    let source: SourceReference
    let header: RTPHeader
    let payload: [UInt8]
    /// The picture in the source, from 0.
    let picture: Int
    let spatial: UInt8
    let temporal: UInt8
    let isKeyFrame: Bool
    /// Of the picture, over all its layers.
    let isFirst: Bool

    func description(_ codec: VideoCodec) -> PacketDescription { PacketDescription(codec, payload.span) }
}

/// A source of VP8 with three temporal layers, or of VP9 with spatial ones besides, whose references are known.
///
///     picture    0   1   2   3   4 ...
///     layer      T0  T2  T1  T2  T0
///     refers to  -   0   0   1,2 0      T1 every other time to the T1 before, too
struct LayeredSource {
    let source: SourceReference
    let codec: VideoCodec
    let spatialLayers: UInt8
    var pictureID: UInt16
    let pictureIDLength: Int
    private var sequenceNumber: UInt16
    private var timestamp: UInt32
    private var tl0: UInt8
    private var keyIndex: UInt8
    private(set) var picture = -1
    private var inCycle = 0
    private var cycle = 0
    private var lastBase = 0
    private var lastMiddle: Int?
    private var lastTop: Int?
    /// What each picture needs.
    private(set) var references: [[Int]] = []

    init(
        _ source: SourceReference, _ codec: VideoCodec = .vp8, spatialLayers: UInt8 = 1,
        pictureIDLength: Int = 15,
        using generator: inout some RandomNumberGenerator
    ) {
        self.source = source
        self.codec = codec
        self.spatialLayers = spatialLayers
        self.pictureIDLength = pictureIDLength
        pictureID = generator.next()
        sequenceNumber = generator.next()
        timestamp = generator.next()
        tl0 = generator.next()
        keyIndex = generator.next() & 0x1F
    }

    /// The packets of the next picture, one to three for each layer.
    mutating func next(isKeyFrame: Bool, using generator: inout some RandomNumberGenerator) -> [SourcePacket]
    {
        picture += 1
        pictureID &+= 1
        timestamp &+= 3000
        let isKeyFrame = isKeyFrame || picture == 0
        inCycle = isKeyFrame ? 0 : (inCycle + 1) % 4
        if inCycle == 0 { cycle += 1 }
        if isKeyFrame {
            cycle = 0
            keyIndex = (keyIndex + 1) & 0x1F
            lastMiddle = nil
        }
        let temporal: UInt8 = [0, 2, 1, 2][inCycle]
        var needs: [Int] = []
        var isSync = false
        switch inCycle {
        case 0:
            if !isKeyFrame { needs = [lastBase] }
            tl0 &+= 1
            lastBase = picture
        case 1:
            needs = [lastBase]
            isSync = true
            lastTop = picture
        case 2:
            needs = [lastBase]
            isSync = cycle % 2 == 0
            if !isSync, let lastMiddle { needs.append(lastMiddle) }
            lastMiddle = picture
        default:
            needs = [lastBase, lastMiddle ?? lastBase, lastTop ?? lastBase]
        }
        references.append(needs)
        var packets: [SourcePacket] = []
        for spatial in 0..<spatialLayers {
            let count = Int.random(in: 1...3, using: &generator)
            for index in 0..<count {
                let payload = payload(
                    spatial, temporal, isKeyFrame: isKeyFrame, isSync: isSync, isFirst: index == 0,
                    isLast: index == count - 1)
                packets.append(
                    SourcePacket(
                        source: source,
                        header: RTPHeader(
                            hasMarker: spatial == spatialLayers - 1 && index == count - 1, payloadType: 100,
                            sequenceNumber: sequenceNumber, timestamp: timestamp, ssrc: 1,
                            payload: 12..<12 + payload.count,
                            extensions: HeaderExtensionBlock(form: .none, range: 12..<12)),
                        payload: payload, picture: picture, spatial: spatial, temporal: temporal,
                        isKeyFrame: isKeyFrame, isFirst: spatial == 0 && index == 0))
                sequenceNumber &+= 1
            }
        }
        return packets
    }

    private func payload(
        _ spatial: UInt8, _ temporal: UInt8, isKeyFrame: Bool, isSync: Bool, isFirst: Bool, isLast: Bool
    ) -> [UInt8] {
        let id =
            pictureIDLength == 15
            ? [UInt8(truncatingIfNeeded: pictureID >> 8) | 0x80, UInt8(truncatingIfNeeded: pictureID)]
            : [UInt8(truncatingIfNeeded: pictureID) & 0x7F]
        switch codec {
        case .vp8:
            return [isFirst ? 0x90 : 0x80, 0xF0] + id
                + [tl0, temporal << 6 | (isSync ? 0x20 : 0) | keyIndex, isKeyFrame ? 0x10 : 0x11, 0, 0, 7]
        default:
            // Not flexible, with layers; upper layers of a key picture refer to lower ones only.
            let first: UInt8 = 0xA0 | (isKeyFrame ? 0 : 0x40) | (isFirst ? 8 : 0) | (isLast ? 4 : 0)
            return [first] + id
                + [
                    temporal << 5 | (isSync ? 0x10 : 0) | spatial << 1 | (isKeyFrame && spatial > 0 ? 1 : 0),
                    tl0, 7,
                ]
        }
    }
}

/// What a subscriber has been sent.
struct SentPacket {
    let packet: SourcePacket
    let rewrite: DownTrack.Rewrite
    /// As it left.
    let description: PacketDescription

    init(_ packet: SourcePacket, _ rewrite: DownTrack.Rewrite, _ codec: VideoCodec) {
        self.packet = packet
        self.rewrite = rewrite
        var bytes = packet.payload
        var span = bytes.mutableSpan
        rewrite.patch.apply(to: &span, at: 0)
        description = PacketDescription(codec, bytes.span)
    }
}
