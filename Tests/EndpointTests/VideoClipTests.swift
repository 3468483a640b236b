import MediaFiles
import SDP
import Testing
import Wire

@testable import Endpoint

@Suite struct VideoClipTests {
    @Test func `frames have the times of the file's time base`() throws {
        // 1001/30000 s, beginning at 7.
        let clip = try VideoClip(ivf: IVF(denominator: 30000, numerator: 1001, times: [7, 8, 10]).bytes)
        #expect(clip.codec == .vp8 && clip.width == 320 && clip.height == 180)
        #expect(clip.frames.map(\.time) == [.zero, .nanoseconds(33_366_667), .nanoseconds(100_100_000)])
        #expect(clip.frames.map(\.isKeyFrame) == [true, false, false])
        #expect(clip.duration == .nanoseconds(150_150_000))
    }

    @Test func `frames without bytes are left out`() throws {
        var file = IVF(times: [0, 1, 2])
        file.frames[1] = []
        let clip = try VideoClip(ivf: file.bytes)
        #expect(clip.frames.map(\.time) == [.zero, .milliseconds(80)])
    }

    @Test(arguments: [
        (UInt8(0x82), true), (0x86, false), (0xA2, true), (0xB0, true), (0xB4, false), (0x8A, false),
    ])
    func `a key frame of VP9 is told by its first byte`(_ first: UInt8, _ isKeyFrame: Bool) throws {
        var file = IVF(codec: "VP90", times: [0, 1])
        file.frames = [[0x82, 0], [first, 0]]
        #expect(try VideoClip(ivf: file.bytes).frames[1].isKeyFrame == isKeyFrame)
    }

    @Test func `every place at which a file can be wrong is named`() {
        let whole = IVF(times: [0, 1]).bytes
        expectFailure(Array(whole[..<31]), at: 31)
        expectFailure([0] + whole[1...], at: 0)
        expectFailure(whole, changing: 6, to: 31, at: 6)
        expectFailure(IVF(codec: "AV01", times: [0]).bytes, at: 8)
        expectFailure(IVF(denominator: 0, times: [0]).bytes, at: 16)
        expectFailure(IVF(times: []).bytes, at: 32)
        expectFailure(Array(whole.dropLast()), at: 54)
        expectFailure(whole + [1], at: whole.count)
        expectFailure(IVF(times: [0, 1, 1]).bytes, at: 76)
        expectFailure(IVF(times: [0, 1 << 40]).bytes, at: 54)
        // The first frame is no key frame.
        expectFailure(whole, changing: 44, to: 1, at: 32)
        // The size of the first frame is beyond the end.
        expectFailure(whole, changing: 35, to: 255, at: 32)
    }

    private func expectFailure(
        _ bytes: [UInt8], changing index: Int = 0, to value: UInt8? = nil, at offset: Int
    ) {
        var bytes = bytes
        if let value { bytes[index] = value }
        let failure = #expect(throws: VideoClip.Failure.self) { try VideoClip(ivf: bytes) }
        let place =
            switch failure {
            case .unreadable(let error): error.offset
            case .unfit(let offset, _): offset
            case nil: -1
            }
        #expect(place == offset, "\(failure?.description ?? "")")
    }
}

/// An IVF file of frames of ten bytes, the first of which is a key frame.
struct IVF {
    var codec = "VP80"
    var denominator: UInt32 = 25
    var numerator: UInt32 = 1
    var times: [UInt64]
    var frames: [[UInt8]]

    init(codec: String = "VP80", denominator: UInt32 = 25, numerator: UInt32 = 1, times: [UInt64]) {
        self.codec = codec
        self.denominator = denominator
        self.numerator = numerator
        self.times = times
        frames = times.indices.map { $0 == 0 ? Self.keyFrame : Self.frame }
    }

    static let keyFrame: [UInt8] = [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xB4, 0x00]
    static let frame: [UInt8] = [0x11, 0, 0, 1, 2, 3, 4, 5, 6, 7]

    var bytes: [UInt8] {
        func little(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
        var bytes = Array("DKIF".utf8) + little(0, 2) + little(32, 2) + Array(codec.utf8)
        bytes +=
            little(320, 2) + little(180, 2) + little(UInt64(denominator), 4) + little(UInt64(numerator), 4)
        bytes += little(UInt64(times.count), 4) + little(0, 4)
        for (time, frame) in zip(times, frames) {
            bytes += little(UInt64(frame.count), 4) + little(time, 8) + frame
        }
        return bytes
    }
}
