import RTP
import Testing
import Wire

@testable import Endpoint

@Suite struct SyntheticVideoTests {
    private let now = Instant(nanoseconds: 1_000_000_000)

    private func source(hasTemporalLayers: Bool) -> SyntheticVideo {
        var settings = SyntheticVideo.Settings()
        settings.hasTemporalLayers = hasTemporalLayers
        return SyntheticVideo(
            source: 9, layer: .init(bitsPerSecond: 600_000, width: 1280, height: 720), settings: settings,
            pictureID: 0x7FFE)
    }

    private func describe(_ payload: [UInt8]) throws -> VP8Descriptor {
        let descriptor = VP8Descriptor(parsing: payload.span)
        return try #require(descriptor)
    }

    @Test(arguments: [false, true])
    func `a key frame tells its size, and every packet has its content behind the descriptor`(
        hasTemporalLayers: Bool
    ) throws {
        var source = source(hasTemporalLayers: hasTemporalLayers)
        for number in 0..<6 {
            let payloads = source.nextFrame(at: now)
            for (index, payload) in payloads.enumerated() {
                let descriptor = try describe(payload)
                let isKeyFrame = number == 0 && index == 0
                #expect(descriptor.isKeyFrame == isKeyFrame)
                #expect(descriptor.keyFrameSize?.width == (isKeyFrame ? 1280 : nil))
                #expect(descriptor.keyFrameSize?.height == (isKeyFrame ? 720 : nil))
                let offset = SyntheticVideo.contentOffset(
                    isFrameStart: index == 0, isKeyFrame: isKeyFrame,
                    descriptorLength: descriptor.headerLength)
                let parsed = SyntheticContent(parsing: payload.span, at: offset)
                let content = try #require(parsed)
                #expect(content.frame == UInt32(number) && content.source == 9)
                let isIntact = content.isIntact(in: payload.span, at: offset)
                #expect(isIntact)
            }
        }
    }

    @Test func `three temporal layers are numbered as one stream`() throws {
        var source = source(hasTemporalLayers: true)
        var check = PictureNumberCheck()
        var layers: [UInt8] = []
        var bytes = [0, 0, 0]
        for number in 0..<401 {
            if number == 200 { source.requestKeyFrame() }
            let payloads = source.nextFrame(at: now)
            let first = try describe(payloads[0])
            let numbers = PictureNumberCheck.Numbers(
                pictureID: try #require(first.pictureID), pictureIDLength: first.pictureIDLength,
                temporalID: first.temporalID, tl0PictureIndex: first.tl0PictureIndex,
                keyIndex: first.keyIndex)
            let isRight = check.follow(numbers, isKeyFrame: first.isKeyFrame)
            #expect(isRight && first.keyIndex != nil, "picture \(number)")
            #expect(first.isKeyFrame == (number == 0 || number == 200))
            // The middle layer and what follows the lowest one refer to that alone.
            #expect(first.layerSync == (first.isKeyFrame || [1, 2].contains(number % 4)))
            #expect(first.nonReference == (first.temporalID == 2))
            layers.append(first.temporalID)
            if !first.isKeyFrame {
                bytes[Int(first.temporalID)] += payloads.reduce(0) { $0 + $1.count }
            }
        }
        #expect(layers[0..<8] == [0, 2, 1, 2, 0, 2, 1, 2])
        #expect(layers[200..<204] == [0, 2, 1, 2])
        let shares = bytes.map { $0 * 10 / bytes.reduce(0, +) }
        #expect(shares == [3, 2, 4] || shares == [3, 2, 3] || shares == [4, 2, 4], "\(bytes)")
    }

    @Test func `without layers there is a picture identifier and no more`() throws {
        var source = source(hasTemporalLayers: false)
        var identifiers: [UInt16?] = []
        for _ in 0..<3 {
            let descriptor = try describe(source.nextFrame(at: now)[0])
            identifiers.append(descriptor.pictureID)
            #expect(descriptor.tl0PictureIndex == nil && descriptor.keyIndex == nil)
        }
        #expect(identifiers == [0x7FFE, 0x7FFF, 0])
    }
}
