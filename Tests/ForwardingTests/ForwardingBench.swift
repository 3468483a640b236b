import Impairment
import RTP
import SDP
import Wire

@testable import Forwarding

/// One subscriber and several sources of one codec.
struct ForwardingBench {
    let codec: VideoCodec
    var sources: [LayeredSource]
    var track: DownTrack
    var generator: SplitMix64
    var sent: [UInt16: SentPacket] = [:]
    /// In the order of sending.
    var order: [SentPacket] = []
    var repeated = 0
    /// Packets that have not been offered yet, or never will be.
    var missing: Set<Int> = []
    /// Packets that came before their source began, or after it was left.
    var refused: Set<Int> = []
    var drops: [DropReason: Int] = [:]
    var now: Int64 = 0

    static func key(_ source: SourceReference, _ number: UInt16) -> Int {
        Int(source.track) << 32 | Int(source.encoding) << 24 | Int(number)
    }

    init(
        _ codec: VideoCodec, sources references: [SourceReference], spatialLayers: UInt8 = 1,
        pictureIDLength: Int = 15, seed: UInt64
    )
        throws
    {
        var generator = SplitMix64(seed: seed)
        self.codec = codec
        sources = references.map {
            LayeredSource(
                $0, codec, spatialLayers: spatialLayers, pictureIDLength: pictureIDLength,
                using: &generator)
        }
        track = DownTrack(
            session: 0,
            section: try negotiated(
                .video, direction: .recvonly, codecs: [(96, Self.negotiable(codec), 97)], policy: .watch),
            ssrc: 11, retransmissionSSRC: 12, using: &generator)
        self.generator = generator
        try choose(0)
    }

    private static func negotiable(_ codec: VideoCodec) -> Codec {
        codec == .vp8 ? .vp8 : .vp9(profile: 0)
    }

    /// What every source can send.
    var arriving: [NegotiatedCodec] {
        get throws {
            try negotiated(
                .video, direction: .sendonly, codecs: [(100, Self.negotiable(codec), 101)], policy: .publish
            ).codecs
        }
    }

    mutating func choose(_ index: Int) throws {
        _ = track.retarget(to: sources[index].source, codecs: try arriving)
    }

    mutating func offer(_ packet: SourcePacket) {
        missing.remove(Self.key(packet.source, packet.header.sequenceNumber))
        switch track.decide(
            packet.header, packet.description(codec), of: packet.source, at: .milliseconds(now))
        {
        case .drop(let reason):
            drops[reason, default: 0] += 1
            if reason == .inactiveLayer || reason == .waitingForKeyFrame {
                refused.insert(Self.key(packet.source, packet.header.sequenceNumber))
            }
        case .send(let rewrite):
            let packet = SentPacket(packet, rewrite, codec)
            if sent.updateValue(packet, forKey: rewrite.numbers.sequenceNumber) != nil { repeated += 1 }
            order.append(packet)
        }
    }

    /// The packets of one picture of each source, in the order of sending.
    mutating func pictures(isKeyFrame: (Int) -> Bool) -> [SourcePacket] {
        now += 33
        return sources.indices.flatMap { sources[$0].next(isKeyFrame: isKeyFrame($0), using: &generator) }
    }

    /// Sent packets by extended outgoing number.
    func sorted() -> [(number: Int, packet: SentPacket)] {
        guard let first = order.first else { return [] }
        var highest = Int(first.rewrite.numbers.sequenceNumber)
        return order.map { packet in
            let step = Int16(
                bitPattern: packet.rewrite.numbers.sequenceNumber &- UInt16(truncatingIfNeeded: highest))
            let number = highest + Int(step)
            highest = max(highest, number)
            return (number, packet)
        }.sorted { $0.number < $1.number }
    }

    /// Runs of pictures of one source, in the order of the outgoing stream.
    static func pictures(_ sorted: [(number: Int, packet: SentPacket)]) -> [[SentPacket]] {
        var pictures: [[SentPacket]] = []
        for (_, packet) in sorted {
            if let last = pictures.last?.last, last.packet.source == packet.packet.source,
                last.packet.picture == packet.packet.picture
            {
                pictures[pictures.count - 1].append(packet)
            } else {
                pictures.append([packet])
            }
        }
        return pictures
    }
}
