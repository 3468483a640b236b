import RTP
import Testing
import Wire

@testable import Endpoint

@Suite struct SyntheticContentTests {
    private static let content = SyntheticContent(
        source: 0xDEAD_BEEF, number: 77_777, frame: 9, index: 2, count: 3,
        sentAt: Instant(nanoseconds: 123_456_789))

    @Test func `what is written is read`() {
        let payload = Self.content.payload(behind: [1, 2, 3], size: 1000)
        #expect(payload.count == 1000)
        let parsed = SyntheticContent(parsing: payload.span, at: 3)
        #expect(parsed == Self.content)
        let isIntact = Self.content.isIntact(in: payload.span, at: 3)
        #expect(isIntact)
    }

    @Test func `a change of any byte is found`() {
        let payload = Self.content.payload(behind: [], size: 200)
        for index in payload.indices {
            var changed = payload
            changed[index] ^= 0x40
            let parsed = SyntheticContent(parsing: changed.span, at: 0)
            let isIntact = parsed?.isIntact(in: changed.span, at: 0) ?? false
            #expect(!isIntact, "byte \(index)")
        }
    }

    @Test func `a picture begins with a key frame that the relay recognises`() throws {
        var source = SyntheticVideo(
            source: 1, layer: .init(bitsPerSecond: 500_000), settings: .init(), pictureID: 0x7FFF)
        let first = source.nextFrame(at: Instant(nanoseconds: 0))
        let second = source.nextFrame(at: Instant(nanoseconds: 40_000_000))
        #expect(first.count == 7 && second.count == 3)
        let descriptors = try (first + second).map { payload in
            let descriptor = VP8Descriptor(parsing: payload.span)
            return try #require(descriptor)
        }
        #expect(descriptors.map(\.isKeyFrame) == [true] + Array(repeating: false, count: 9))
        #expect(descriptors.map(\.startsPartition).enumerated().filter(\.element).map(\.offset) == [0, 7])
        #expect(descriptors.map(\.pictureID) == Array(repeating: 0x7FFF, count: 7) + [0, 0, 0])
        #expect(descriptors[0].keyFrameSize?.width == 320)
        #expect(descriptors[0].keyFrameSize?.height == 240)
    }
}
