import Testing

@testable import MediaFiles

@Suite struct IVFReaderTests {
    private static let header = IVFHeader(
        codec: .vp9, width: 641, height: 361, timeBase: Ratio(1).inverse, frameCount: 3)
    private static let frames: [(time: UInt64, bytes: [UInt8])] = [
        (5, [1, 2, 3]), (6, []), (1 << 40, [UInt8](repeating: 9, count: 300)),
    ]

    private static var file: [UInt8] {
        var writer = IVFWriter(header)
        var bytes: [UInt8] = []
        writer.appendHeader(to: &bytes)
        for frame in frames { writer.append(frame.bytes.span, time: frame.time, to: &bytes) }
        return bytes
    }

    /// Reads a file in pieces, to its end or to an error.
    private func read(
        _ file: [UInt8], inPiecesOf size: Int, frameLimit: Int = 1 << 20
    ) -> (header: IVFHeader?, frames: [(time: UInt64, bytes: [UInt8])], error: MediaFileError?) {
        var reader = IVFReader(frameLimit: frameLimit)
        var frames: [(time: UInt64, bytes: [UInt8])] = []
        do throws(MediaFileError) {
            for start in stride(from: 0, to: file.count, by: size) {
                reader.append(Array(file[start..<min(start + size, file.count)]))
                while let frame = try reader.next() {
                    frames.append((frame.time, Array(reader.bytes[frame.bytes])))
                }
            }
            try reader.finish()
            return (reader.header, frames, nil)
        } catch {
            return (reader.header, frames, error)
        }
    }

    @Test(arguments: [1, 7, 33, 100_000]) func `what was written is read, in pieces of any size`(_ size: Int)
    {
        let result = read(Self.file, inPiecesOf: size)
        #expect(result.header == Self.header && result.error == nil)
        #expect(result.frames.map(\.time) == Self.frames.map(\.time))
        #expect(result.frames.map(\.bytes) == Self.frames.map(\.bytes))
    }

    @Test func `a file that ends early gives its whole frames and says what is missing`() {
        for length in 0..<Self.file.count {
            let result = read(Array(Self.file[..<length]), inPiecesOf: 50)
            let ends = [32 + 15, 32 + 15 + 12]
            let whole = length < 32 ? 0 : ends.count { $0 <= length }
            #expect(result.frames.count == whole)
            guard length != 32, !ends.contains(length) else {
                #expect(result.error == nil)
                continue
            }
            #expect(result.error?.frame == (length < 32 ? nil : whole))
            #expect(result.error?.offset == (length < 32 ? length : ([32] + ends)[whole]))
        }
        #expect(
            read(Array(Self.file.dropLast()), inPiecesOf: 50).error?.description
                == "in frame 2, at byte 59: the file ends here, with 311 of 312 bytes")
    }

    @Test func `a damaged size does not fill the memory`() {
        var file = Self.file
        file[35] = 0xFF
        let error = read(file, inPiecesOf: 10, frameLimit: 1000).error
        #expect(error == MediaFileError(.frameSize(0xFF00_0003, limit: 1000), offset: 32, frame: 0))
    }

    @Test(arguments: [(0, 0x20), (6, 31), (7, 0x10)]) func `a header that is not one is refused`(
        _ index: Int, _ value: Int
    ) {
        var file = Self.file
        file[index] = UInt8(value)
        #expect(read(file, inPiecesOf: 10).error?.offset == (index == 0 ? 0 : 6))
    }

    @Test func `a time base without seconds is refused`() {
        var file = Self.file
        file.replaceSubrange(16..<20, with: [0, 0, 0, 0])
        #expect(
            read(file, inPiecesOf: 100).error
                == MediaFileError(.timeBase(numerator: 1, denominator: 0), offset: 16))
    }

    @Test func `a longer header is skipped`() {
        var file = Self.file
        file[6] = 36
        file.insert(contentsOf: [1, 2, 3, 4], at: 32)
        #expect(read(file, inPiecesOf: 10).frames.map(\.bytes) == Self.frames.map(\.bytes))
    }

    @Test func `a codec of another name is kept as it is`() {
        var file = Self.file
        file.replaceSubrange(8..<12, with: [0x41, 0x56, 0x30, 0x07])
        #expect(read(file, inPiecesOf: 10).header?.codec == .other("AV0?"))
    }

    @Test func `the count of frames can be put in at the end`() {
        var writer = IVFWriter(Self.header)
        var file: [UInt8] = []
        writer.appendHeader(to: &file)
        writer.append([1].span, time: 0, to: &file)
        let patch = writer.frameCountPatch
        file.replaceSubrange(patch.offset..<patch.offset + patch.bytes.count, with: patch.bytes)
        #expect(read(file, inPiecesOf: 10).header?.frameCount == 1)
    }
}
