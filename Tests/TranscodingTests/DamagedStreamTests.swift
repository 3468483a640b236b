import Codecs
import Testing
import Transcoding
import Wire

/// Bitstreams that are not what they say: errors of single pictures, never the end of anything.
@Suite struct DamagedStreamTests {
    private static let size = PixelSize(width: 320, height: 180)

    /// Encoded pictures, a key frame every 30.
    private func stream(_ codec: VPXCodec, pictures: Int) throws -> [[UInt8]] {
        var scene = TestScene(seed: 9)
        var encoder = try VPXEncoder(
            .baseline(codec, width: 320, height: 180, bitsPerSecond: 400_000, framesPerSecond: 30))
        var picture = Picture(width: 320, height: 180)
        return try (0..<pictures).map { number in
            scene.draw(number, into: &picture)
            var bytes: [UInt8] = []
            _ = try encoder.encode(
                picture, at: Int64(number) * 3000, duration: 3000,
                flags: number % 30 == 0 ? .forceKeyFrame : [],
                effort: .baseline(codec, width: 320, height: 180), into: &bytes)
            return bytes
        }
    }

    private func transcoder(_ codec: VPXCodec) throws -> Transcoder {
        var transcoder = try Transcoder(codec)
        transcoder.add(1, LaneSettings(codec: .vp8, tier: .p144))
        return transcoder
    }

    /// Gives frames to a transcoder; returns how many pictures came out, and how many frames were damaged.
    private func run(
        _ frames: [[UInt8]], through transcoder: inout Transcoder
    ) -> (coded: Int, damaged: Int) {
        var coded = 0
        var damaged = 0
        for (number, frame) in frames.enumerated() {
            let isWhole = transcoder.transcode(
                frame.span, timestamp: UInt32(number) * 3000, effort: .fast,
                clock: { Instant(nanoseconds: 0) }
            ) { _, outcome, _ in
                if case .coded = outcome { coded += 1 }
                if case .failed(let reason) = outcome { Issue.record("\(reason)") }
            }
            if !isWhole { damaged += 1 }
        }
        return (coded, damaged)
    }

    @Test(arguments: VPXCodec.allCases, [1, 2, 3, 4] as [UInt64])
    func `flipped bits and cut ends damage pictures, and the next key frame mends all`(
        codec: VPXCodec, seed: UInt64
    ) throws {
        var random = TestScene(seed: seed)
        var frames = try stream(codec, pictures: 240)
        for index in frames.indices where random.random() % 3 == 0 && !frames[index].isEmpty {
            switch random.random() % 3 {
            case 0: frames[index].removeLast(Int(random.random() % UInt64(frames[index].count)))
            case 1: frames[index] = []
            default:
                for _ in 0..<1 + random.random() % 8 {
                    let place = Int(random.random() % UInt64(frames[index].count))
                    frames[index][place] ^= 1 << UInt8(random.random() % 8)
                }
            }
        }
        var transcoder = try transcoder(codec)
        let outcome = run(frames, through: &transcoder)
        #expect(outcome.damaged > 0)
        #expect(transcoder.damagedFrames == UInt64(outcome.damaged))
        // The lane goes on, although the times begin anew, too.
        let clean = run(try stream(codec, pictures: 60), through: &transcoder)
        #expect(clean.coded > 0)
    }

    @Test(arguments: VPXCodec.allCases)
    func `noise is damage`(codec: VPXCodec) throws {
        var random = TestScene(seed: 5)
        var transcoder = try transcoder(codec)
        let frames = (0..<300).map { _ in
            (0..<random.random() % 600).map { _ in UInt8(truncatingIfNeeded: random.random()) }
        }
        let outcome = run(frames, through: &transcoder)
        #expect(outcome.damaged > 200)
    }

    @Test func `a VP8 header that tells of an enormous picture takes no memory`() throws {
        var frame = try stream(.vp8, pictures: 1)[0]
        // Width and height of 16383 (RFC 6386 section 9.1).
        for offset in [6, 8] {
            frame[offset] = 0xFF
            frame[offset + 1] = 0x3F
        }
        var decoder = try VPXDecoder(.vp8)
        #expect(throws: CodecError.tooLarge(width: 16383, height: 16383)) {
            _ = try decoder.decode(frame.span)
        }
        let whole = try stream(.vp8, pictures: 1)[0]
        #expect(try decoder.decode(whole.span))
    }

    @Test(arguments: [(16, 16), (2, 2), (1920, 1080), (180, 320)])
    func `another size in mid-stream is another stage`(width: Int, height: Int) throws {
        var encoder = try VPXEncoder(
            .baseline(.vp8, width: width, height: height, bitsPerSecond: 400_000, framesPerSecond: 30))
        var picture = Picture(width: width, height: height)
        picture.fill(luma: 120)
        var bytes: [UInt8] = []
        _ = try encoder.encode(
            picture, at: 0, duration: 3000, flags: .forceKeyFrame,
            effort: .baseline(.vp8, width: width, height: height), into: &bytes)
        var transcoder = try transcoder(.vp8)
        _ = run(try stream(.vp8, pictures: 5), through: &transcoder)
        // Every second picture is due.
        var outcome = run([bytes, bytes, bytes, bytes], through: &transcoder)
        #expect(outcome == (2, 0))
        outcome = run(try stream(.vp8, pictures: 30), through: &transcoder)
        #expect(outcome.damaged == 0)
    }
}
