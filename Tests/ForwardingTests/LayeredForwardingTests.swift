import Impairment
import RTP
import SDP
import Testing
import Wire

@testable import Forwarding

/// Streams with layers through a bad uplink and a down track that is aimed at one layer after the other.
@Suite struct LayeredForwardingTests {
    // MARK: - Without losses

    @Test(arguments: [15, 7])
    func `layers and sources change and VP8 stays whole`(pictureIDLength: Int) throws {
        let seed = seed()
        var bench = try ForwardingBench(
            .vp8, sources: [SourceReference(1), SourceReference(1, encoding: 1), SourceReference(2)],
            pictureIDLength: pictureIDLength, seed: seed)
        var limit = LayerLimits.all
        /// The picture of the playing source from which a lower limit must hold.
        var lowered: (source: SourceReference?, picture: Int)?
        for _ in 0..<1500 {
            if Int.random(in: 0..<20, using: &bench.generator) == 0 {
                let temporal = UInt8.random(in: 0...2, using: &bench.generator)
                limit = LayerLimits(spatial: 7, temporal: temporal)
                bench.track.aim(at: .layer(Layer(encoding: 0, temporal: temporal)))
                let playing = bench.track.source
                lowered = (playing, bench.sources.first { $0.source == playing }?.picture ?? 0)
            }
            if Int.random(in: 0..<50, using: &bench.generator) == 0 {
                try bench.choose(Int.random(in: 0..<3, using: &bench.generator))
            }
            let keys = (0..<3).map { _ in Int.random(in: 0..<40, using: &bench.generator) == 0 }
            let before = bench.order.count
            // What is asked for concerns the target, if there is one.
            let isSettled = bench.track.target == nil
            for packet in bench.pictures(isKeyFrame: { keys[$0] }) { bench.offer(packet) }
            if let lowered, isSettled {
                for sent in bench.order[before...]
                where sent.packet.source == lowered.source && sent.packet.picture > lowered.picture {
                    #expect(sent.packet.temporal <= limit.temporal, "seed \(seed)")
                }
            }
        }
        #expect(bench.repeated == 0, "seed \(seed)")
        let sorted = bench.sorted()
        #expect(sorted.count > 500)
        let isContinuous = zip(sorted, sorted.dropFirst()).allSatisfy { $0.number + 1 == $1.number }
        #expect(isContinuous, "seed \(seed)")

        let pictures = ForwardingBench.pictures(sorted)
        let mask: UInt16 = pictureIDLength == 15 ? 0x7FFF : 0x7F
        var shown: [SourceReference: Set<Int>] = [:]
        var tl0: UInt8?
        for (index, picture) in pictures.enumerated() {
            let first = picture[0]
            let source = try #require(bench.sources.first { $0.source == first.packet.source })
            // Whole, and marked once.
            #expect(first.packet.isFirst, "seed \(seed)")
            #expect(picture.filter(\.rewrite.hasMarker).count == 1, "seed \(seed)")
            #expect(picture.last?.rewrite.hasMarker == true, "seed \(seed)")
            // Decodable.
            let isSwitch = index == 0 || pictures[index - 1][0].packet.source != first.packet.source
            if isSwitch {
                #expect(first.packet.isKeyFrame, "seed \(seed)")
                shown[first.packet.source] = []
            }
            let known = shown[first.packet.source] ?? []
            #expect(source.references[first.packet.picture].allSatisfy { known.contains($0) }, "seed \(seed)")
            shown[first.packet.source, default: []].insert(first.packet.picture)
            // Numbered.
            if index > 0 {
                let former = pictures[index - 1][0].description
                #expect(first.description.pictureID == (former.pictureID + 1) & mask, "seed \(seed)")
                #expect(
                    Int32(
                        bitPattern: first.rewrite.numbers.timestamp
                            &- pictures[index - 1][0].rewrite.numbers.timestamp)
                        > 0, "seed \(seed)")
                if first.packet.isKeyFrame {
                    #expect(first.description.keyIndex == (former.keyIndex + 1) & 0x1F, "seed \(seed)")
                } else {
                    #expect(first.description.keyIndex == former.keyIndex, "seed \(seed)")
                }
            }
            if first.packet.temporal == 0 {
                if let tl0 { #expect(first.description.tl0PictureIndex == tl0 &+ 1, "seed \(seed)") }
                tl0 = first.description.tl0PictureIndex
            } else {
                #expect(first.description.tl0PictureIndex == tl0, "seed \(seed)")
            }
            #expect(picture.allSatisfy { $0.description.temporalID == first.packet.temporal }, "seed \(seed)")
        }
    }

    @Test func `spatial layers go at once and come back with a key frame`() throws {
        let seed = seed()
        var bench = try ForwardingBench(.vp9, sources: [SourceReference(1)], spatialLayers: 3, seed: seed)
        var limit: UInt8 = 7
        var present: UInt8 = 2
        var picturesBelow = 0
        for _ in 0..<1500 {
            if Int.random(in: 0..<15, using: &bench.generator) == 0 {
                limit = UInt8.random(in: 0...2, using: &bench.generator)
                bench.track.aim(at: .layer(Layer(encoding: 0, spatial: limit)))
            }
            let isKey = Int.random(in: 0..<40, using: &bench.generator) == 0
            let before = bench.order.count
            let packets = bench.pictures { _ in isKey }
            for packet in packets { bench.offer(packet) }
            let isKeyPicture = packets[0].isKeyFrame
            present = isKeyPicture ? min(limit, 2) : min(present, limit)
            let sent = bench.order[before...]
            let expected = packets.filter { $0.spatial <= present }
            #expect(
                sent.map(\.packet.header.sequenceNumber) == expected.map(\.header.sequenceNumber),
                "seed \(seed)")
            #expect(
                sent.map(\.rewrite.hasMarker) == expected.indices.map { $0 == expected.count - 1 },
                "seed \(seed)")
            if present < 2 { picturesBelow += 1 }
        }
        #expect(picturesBelow > 300)
        #expect(bench.drops[.waitingForKeyFrame, default: 0] > 0)
        #expect(bench.drops[.layerNotWanted, default: 0] > 0)
        let sorted = bench.sorted()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.number + 1 == $1.number }, "seed \(seed)")
        // References are distances in picture identifiers: these stay as they are.
        let pictures = ForwardingBench.pictures(sorted)
        for (former, next) in zip(pictures, pictures.dropFirst()) {
            let step = next[0].packet.picture - former[0].packet.picture
            #expect(
                next[0].description.pictureID == (former[0].description.pictureID + UInt16(step)) & 0x7FFF,
                "seed \(seed)")
        }
    }

    @Test func `a pause ends with its picture and leaves no gap`() throws {
        let seed = seed()
        var bench = try ForwardingBench(.vp8, sources: [SourceReference(1)], seed: seed)
        for round in 0..<400 {
            let isKey = round % 10 == 9
            var packets = bench.pictures { _ in isKey }
            if round % 20 == 7 {
                bench.offer(packets.removeFirst())
                bench.track.aim(at: .paused)
            }
            if round % 20 == 15 { bench.track.aim(at: .best) }
            for packet in packets { bench.offer(packet) }
            if (8..<15).contains(round % 20) {
                #expect(bench.order.last?.packet.picture == round / 20 * 20 + 7)
            }
        }
        #expect(bench.drops[.paused, default: 0] > 100)
        #expect(bench.drops[.waitingForKeyFrame, default: 0] > 50)
        let sorted = bench.sorted()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.number + 1 == $1.number }, "seed \(seed)")
        let pictures = ForwardingBench.pictures(sorted)
        for (former, next) in zip(pictures, pictures.dropFirst()) {
            #expect(next[0].description.pictureID == (former[0].description.pictureID + 1) & 0x7FFF)
            #expect(former.last?.rewrite.hasMarker == true && next[0].packet.isFirst, "seed \(seed)")
            let follows = next[0].packet.picture == former[0].packet.picture + 1
            #expect(follows || next[0].packet.isKeyFrame, "seed \(seed)")
        }
    }

    // MARK: - With losses

    @Test(arguments: [(VideoCodec.vp8, 0.02), (.vp8, 0.15), (.vp9, 0.05)])
    func `what is lost on the way here is all that is missing`(codec: VideoCodec, loss: Double) throws {
        let seed = seed()
        var bench = try ForwardingBench(
            codec, sources: [SourceReference(1), SourceReference(1, encoding: 1), SourceReference(2)],
            spatialLayers: codec == .vp8 ? 1 : 3, seed: seed)
        /// Packets that come later, by the picture after which they do.
        var delayed: [Int: [SourcePacket]] = [:]
        var everMissing: Set<Int> = []
        for round in 0..<2500 {
            if Int.random(in: 0..<15, using: &bench.generator) == 0 {
                let layer = Layer(
                    encoding: 0, spatial: .random(in: 0...2, using: &bench.generator),
                    temporal: .random(in: 0...2, using: &bench.generator))
                bench.track.aim(at: .layer(layer))
            }
            if Int.random(in: 0..<60, using: &bench.generator) == 0 {
                try bench.choose(Int.random(in: 0..<3, using: &bench.generator))
            }
            let keys = (0..<3).map { _ in Int.random(in: 0..<30, using: &bench.generator) == 0 }
            for packet in bench.pictures(isKeyFrame: { keys[$0] }) {
                let fate = Double.random(in: 0..<1, using: &bench.generator)
                let key = ForwardingBench.key(packet.source, packet.header.sequenceNumber)
                guard fate < loss else {
                    bench.offer(packet)
                    continue
                }
                bench.missing.insert(key)
                everMissing.insert(key)
                // A third never comes, the others in order or not, soon or after a round trip.
                if fate < loss * 0.67 {
                    let delay = Int.random(in: 0...6, using: &bench.generator)
                    delayed[round + delay, default: []].append(packet)
                }
            }
            for packet in (delayed.removeValue(forKey: round) ?? []).shuffled(using: &bench.generator) {
                bench.offer(packet)
            }
            try checkOrigins(bench, seed: seed)
        }
        #expect(bench.repeated == 0, "seed \(seed)")
        let sorted = bench.sorted()
        // Of one stretch, outgoing numbers are in the order of the source.
        var gaps = 0
        for (left, right) in zip(sorted, sorted.dropFirst()) {
            gaps += right.number - left.number - 1
            guard left.packet.packet.source == right.packet.packet.source else { continue }
            let step = Int16(
                bitPattern: right.packet.packet.header.sequenceNumber
                    &- left.packet.packet.header.sequenceNumber)
            #expect(step > 0 || right.packet.packet.isKeyFrame, "seed \(seed)")
        }
        #expect(gaps <= everMissing.count, "seed \(seed)")
        // A picture has one identifier, and no two pictures share one nearby.
        var recent: [UInt16: Int] = [:]
        for (_, sent) in sorted {
            let picture =
                Int(sent.packet.source.track) << 40 | Int(sent.packet.source.encoding) << 32
                | sent.packet.picture
            if let known = recent[sent.description.pictureID], known != picture {
                #expect(
                    bench.codec == .vp9 || abs(known & 0xFFFF_FFFF - sent.packet.picture) > 1000,
                    "seed \(seed)")
            }
            recent[sent.description.pictureID] = picture
        }
        // Sources begin with key frames only.
        for (former, next) in zip(sorted, sorted.dropFirst())
        where former.packet.packet.source != next.packet.packet.source {
            #expect(next.packet.packet.isKeyFrame, "seed \(seed)")
        }
    }

    @Test func `who gets the base layer only misses nothing when others are lost`() throws {
        let seed = seed()
        var bench = try ForwardingBench(.vp8, sources: [SourceReference(1)], seed: seed)
        bench.track.aim(at: .layer(Layer(encoding: 0, temporal: 0)))
        for _ in 0..<1000 {
            for packet in bench.pictures(isKeyFrame: { _ in false })
            where packet.temporal == 0 || Int.random(in: 0..<3, using: &bench.generator) > 0 {
                bench.offer(packet)
            }
        }
        let sorted = bench.sorted()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.number + 1 == $1.number }, "seed \(seed)")
        let pictures = ForwardingBench.pictures(sorted)
        #expect(pictures.count == 250)
        for (former, next) in zip(pictures, pictures.dropFirst()) {
            #expect(
                next[0].description.pictureID == (former[0].description.pictureID + 1) & 0x7FFF,
                "seed \(seed)")
        }
    }

    @Test func `who gets the lowest spatial layer misses nothing when others are lost`() throws {
        let seed = seed()
        var bench = try ForwardingBench(.vp9, sources: [SourceReference(1)], spatialLayers: 3, seed: seed)
        bench.track.aim(at: .layer(Layer(encoding: 0, spatial: 0)))
        for _ in 0..<1000 {
            for packet in bench.pictures(isKeyFrame: { _ in false })
            where packet.spatial == 0 || Int.random(in: 0..<3, using: &bench.generator) > 0 {
                bench.offer(packet)
            }
        }
        let sorted = bench.sorted()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.number + 1 == $1.number }, "seed \(seed)")
        #expect(ForwardingBench.pictures(sorted).count == 1000)
    }

    @Test(arguments: [
        (VideoCodec.vp8, LayerLimits(spatial: 7, temporal: 0)), (.vp8, LayerLimits(spatial: 7, temporal: 1)),
        (.vp9, LayerLimits(spatial: 0, temporal: 7)), (.vp9, LayerLimits(spatial: 1, temporal: 1)),
        (.vp9, .all),
    ])
    func `what is wanted keeps its place however late it comes`(codec: VideoCodec, limits: LayerLimits) throws
    {
        let seed = seed()
        var bench = try ForwardingBench(
            codec, sources: [SourceReference(1)], spatialLayers: codec == .vp8 ? 1 : 3, seed: seed)
        bench.track.aim(
            at: .layer(Layer(encoding: 0, spatial: limits.spatial, temporal: limits.temporal)))
        var delayed: [Int: [SourcePacket]] = [:]
        var wanted: Set<UInt16> = []
        for round in 0..<1500 {
            for packet in bench.pictures(isKeyFrame: { _ in false }) {
                if packet.spatial <= limits.spatial, packet.temporal <= limits.temporal, round < 1490 {
                    wanted.insert(packet.header.sequenceNumber)
                }
                if round > 0, Int.random(in: 0..<5, using: &bench.generator) == 0 {
                    delayed[round + Int.random(in: 0...9, using: &bench.generator), default: []].append(
                        packet)
                } else {
                    bench.offer(packet)
                }
            }
            for packet in delayed.removeValue(forKey: round) ?? [] { bench.offer(packet) }
        }
        let sent = Set(bench.order.map(\.packet.header.sequenceNumber))
        #expect(wanted.subtracting(sent).isEmpty, "seed \(seed)")
        #expect(bench.repeated == 0, "seed \(seed)")
        for packet in bench.order {
            #expect(packet.packet.spatial <= limits.spatial && packet.packet.temporal <= limits.temporal)
        }
    }

    @Test func `an encoder that begins anew with older picture identifiers goes on`() throws {
        var bench = try ForwardingBench(.vp8, sources: [SourceReference(1)], seed: 1)
        for round in 0..<20 {
            if round == 10 { bench.sources[0].pictureID &-= 5000 }
            for packet in bench.pictures(isKeyFrame: { _ in round == 10 }) { bench.offer(packet) }
        }
        let pictures = ForwardingBench.pictures(bench.sorted())
        #expect(pictures.count == 20)
        for (former, next) in zip(pictures, pictures.dropFirst()) {
            #expect(next[0].description.pictureID == (former[0].description.pictureID + 1) & 0x7FFF)
        }
    }

    /// Numbers that were sent lead back exactly; numbers that were not lead to something that is missing, or nowhere.
    private func checkOrigins(_ bench: ForwardingBench, seed: UInt64) throws {
        guard let highest = bench.order.last?.rewrite.numbers.sequenceNumber else { return }
        var generator = bench.generator
        for _ in 0..<4 {
            let back = UInt16.random(in: 0..<UInt16(min(bench.order.count, 400)), using: &generator)
            let number = highest &- back
            let origin = bench.track.origin(of: number)
            if let sent = bench.sent[number] {
                // Only what lies too far back in positions, since most were left out, may be forgotten.
                guard let origin else { continue }
                #expect(origin.source == sent.packet.source, "seed \(seed)")
                #expect(origin.sequenceNumber == sent.packet.header.sequenceNumber, "seed \(seed)")
                var track = bench.track
                let arriving = try bench.arriving
                guard
                    case .send(let again) = track.retransmit(
                        sent.packet.header, payload: sent.packet.payload.span,
                        codec: bench.codec == .vp8 ? .vp8 : .vp9(profile: 0), from: arriving, as: number,
                        of: origin, at: .milliseconds(bench.now))
                else { continue }
                #expect(again.patch == sent.rewrite.patch, "seed \(seed)")
                #expect(again.hasMarker == sent.rewrite.hasMarker, "seed \(seed)")
                #expect(again.numbers.timestamp == sent.rewrite.numbers.timestamp, "seed \(seed)")
                #expect(again.originalSequenceNumber == number, "seed \(seed)")
            } else if let origin {
                let key = ForwardingBench.key(origin.source, origin.sequenceNumber)
                let isMissing = bench.missing.contains(key) || bench.refused.contains(key)
                #expect(isMissing, "seed \(seed)")
            }
        }
    }
}
