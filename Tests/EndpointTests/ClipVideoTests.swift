import RTP
import SDP
import Testing
import Wire

@testable import Endpoint

@Suite struct ClipVideoTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func clip(_ change: (inout IVF) -> Void = { _ in }) throws -> VideoClip {
        var file = IVF(times: [0, 1, 2, 3])
        file.frames[2] = IVF.keyFrame
        change(&file)
        return try VideoClip(ivf: file.bytes)
    }

    private func vp8(_ payload: [UInt8]) -> VP8Descriptor? { VP8Descriptor(parsing: payload.span) }

    private func parsedHeaders(_ payloads: [[UInt8]]) -> [Int] {
        payloads.map { vp8($0)?.headerLength ?? 0 }
    }

    private func vp9(_ payload: [UInt8]) -> VP9Descriptor? { VP9Descriptor(parsing: payload.span) }

    /// Plays so many frames, each when it is due.
    private func play(_ source: inout ClipVideo, _ count: Int) -> [(payloads: [[UInt8]], shownAt: Instant)] {
        (0..<count).compactMap { _ in source.due.flatMap { source.nextFrame(at: $0) } }
    }

    @Test func `a clip is played in its own time and begins again after its last frame`() throws {
        var source = ClipVideo(try clip(), packetBytes: 1100, pictureID: 1)
        source.start(at: start)
        let shown = play(&source, 6).map { ($0.shownAt - start).nanoseconds / 1_000_000 }
        #expect(shown == [0, 40, 80, 120, 160, 200])
        #expect(source.frames == 6 && source.keyFrames == 3)
    }

    @Test func `nothing is due before the start and before its time`() throws {
        var source = ClipVideo(try clip(), packetBytes: 1100, pictureID: 1)
        #expect(source.nextFrame(at: start) == nil)
        source.start(at: start)
        #expect(source.nextFrame(at: start) != nil)
        #expect(source.nextFrame(at: start + .milliseconds(39)) == nil)
    }

    @Test func `what was missed in a pause is not made up for`() throws {
        var source = ClipVideo(try clip(), packetBytes: 1100, pictureID: 1)
        source.start(at: start)
        _ = play(&source, 1)
        let later = start + .seconds(5)
        #expect(source.nextFrame(at: later)?.shownAt == later)
        #expect(source.due == later + .milliseconds(40))
    }

    @Test func `a request goes on at the next key frame without a jump in time`() throws {
        var source = ClipVideo(try clip(), packetBytes: 1100, pictureID: 1)
        source.start(at: start)
        _ = play(&source, 1)
        source.requestKeyFrame()
        let frames = play(&source, 2)
        #expect(frames.map { vp8($0.payloads[0])?.isKeyFrame } == [true, false])
        #expect(frames.map { $0.shownAt - start } == [.milliseconds(40), .milliseconds(80)])
        source.requestKeyFrame()
        #expect(play(&source, 1).map { vp8($0.payloads[0])?.isKeyFrame } == [true])
    }

    @Test func `the packets of a frame fit and give it back`() throws {
        let long = IVF.keyFrame + (0..<990).map { UInt8(truncatingIfNeeded: $0) }
        var source = ClipVideo(try clip { $0.frames[0] = long }, packetBytes: 300, pictureID: 0x7FFF)
        source.start(at: start)
        let frames = play(&source, 2)
        let joined = zip(frames[0].payloads, parsedHeaders(frames[0].payloads)).flatMap { $0.dropFirst($1) }
        #expect(frames[0].payloads.count == 4 && frames[0].payloads.allSatisfy { $0.count <= 300 })
        let parsed = frames[0].payloads.map { vp8($0) }
        #expect(parsed.map { $0?.startsPartition } == [true, false, false, false])
        #expect(parsed.map { $0?.pictureID } == [0x7FFF, 0x7FFF, 0x7FFF, 0x7FFF])
        #expect(parsed[0]?.isKeyFrame == true && parsed[0]?.keyFrameSize?.width == 320)
        #expect(joined == long)
        #expect(vp8(frames[1].payloads[0])?.pictureID == 0)
    }

    @Test func `VP9 names the frame before as the only reference`() throws {
        var file = IVF(codec: "VP90", times: [0, 1])
        file.frames = [[0x82] + [UInt8](repeating: 1, count: 199), [0x86, 2]]
        var source = ClipVideo(try VideoClip(ivf: file.bytes), packetBytes: 120, pictureID: 5)
        source.start(at: start)
        let frames = play(&source, 2)
        let key = frames[0].payloads.map { vp9($0) }
        #expect(key.map { $0?.beginsFrame } == [true, false] && key.map { $0?.endsFrame } == [false, true])
        #expect(key[0]?.isKeyFrame == true && key[0]?.isFlexible == true && key[0]?.pictureID == 5)
        let next = vp9(frames[1].payloads[0])
        #expect(next?.isInterPicturePredicted == true && next?.pictureID == 6)
        let difference = next?.pictureDifferences[0]
        #expect(next?.pictureDifferenceCount == 1 && difference == 1)
        #expect(frames[1].payloads[0].dropFirst(next?.headerLength ?? 0) == [0x86, 2])
    }
}
