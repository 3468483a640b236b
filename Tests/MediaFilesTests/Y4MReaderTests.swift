import Testing

@testable import MediaFiles

@Suite struct Y4MReaderTests {
    /// Reads a file in pieces, to its end or to an error.
    private func read(
        _ file: [UInt8], inPiecesOf size: Int
    ) -> (header: Y4MHeader?, pictures: [[[UInt8]]], error: MediaFileError?) {
        var reader = Y4MReader()
        var pictures: [[[UInt8]]] = []
        do throws(MediaFileError) {
            for start in stride(from: 0, to: file.count, by: size) {
                reader.append(Array(file[start..<min(start + size, file.count)]))
                while let picture = try reader.next() {
                    pictures.append(
                        [picture.luma, picture.chromaU, picture.chromaV].map { Array(reader.bytes[$0]) })
                }
            }
            try reader.finish()
            return (reader.header, pictures, nil)
        } catch {
            return (reader.header, pictures, error)
        }
    }

    private func error(_ line: String) -> MediaFileError? {
        read(Array("\(line)\n".utf8), inPiecesOf: 1000).error
    }

    /// Three pictures of 5x3, with rows of 8 bytes in memory.
    private func file(_ chroma: Y4MHeader.Chroma = .jpeg) throws -> [UInt8] {
        let frameRate = try #require(Ratio(30000, 1001))
        let header = try #require(Y4MHeader(width: 5, height: 3, frameRate: frameRate, chroma: chroma))
        let writer = Y4MWriter(header)
        var bytes: [UInt8] = []
        writer.appendHeader(to: &bytes)
        for number in 0..<3 {
            writer.appendPictureStart(to: &bytes)
            for (plane, size) in [(5, 3), (3, 2), (3, 2)].enumerated() {
                let samples = (0..<8 * size.1).map { UInt8($0 + 40 * plane + number) }
                writer.append(plane: samples.span, stride: 8, width: size.0, height: size.1, to: &bytes)
            }
        }
        return bytes
    }

    @Test(arguments: Y4MHeader.Chroma.allCases, [1, 7, 50, 100_000])
    func `what was written is read, in pieces of any size`(_ chroma: Y4MHeader.Chroma, _ size: Int) throws {
        let result = read(try file(chroma), inPiecesOf: size)
        #expect(result.error == nil && result.pictures.count == 3)
        #expect(result.header?.chroma == chroma && result.header?.frameRate == Ratio(30000, 1001))
        #expect(result.header?.pictureBytes == 15 + 6 + 6)
        #expect(
            result.pictures[2] == [
                [2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 18, 19, 20, 21, 22], [42, 43, 44, 50, 51, 52],
                [82, 83, 84, 90, 91, 92],
            ])
    }

    @Test func `a file that ends early gives its whole pictures and says what is missing`() throws {
        let whole = try file()
        let start = (whole.firstIndex(of: 0x0A) ?? 0) + 1
        for length in start..<whole.count {
            let result = read(Array(whole[..<length]), inPiecesOf: 20)
            let pictures = (length - start) / 33
            #expect(result.pictures.count == pictures)
            let isWhole = (length - start) % 33 == 0
            #expect((result.error == nil) == isWhole)
            #expect(result.error?.frame == (isWhole ? nil : pictures))
        }
        let error = read(Array(whole.dropLast()), inPiecesOf: 20).error
        #expect(error == MediaFileError(.truncated(have: 32, need: 33), offset: start + 66, frame: 2))
        #expect(read(Array(whole[..<20]), inPiecesOf: 20).error?.fault == .unfinishedLine)
    }

    @Test func `what is not said is 4 to 2 to 0, progressive`() {
        let result = read(Array("YUV4MPEG2 W2 H2 F25:1\nFRAME Ip Xa=b\n123456".utf8), inPiecesOf: 3)
        #expect(result.header?.chroma == .unspecified && result.header?.pixelAspect == nil)
        #expect(result.pictures == [[[0x31, 0x32, 0x33, 0x34], [0x35], [0x36]]])
    }

    @Test(arguments: ["422", "444", "mono", "420p10", "420jpegx", ""])
    func `other pixels are refused with what to do`(_ name: String) {
        let error = error("YUV4MPEG2 W2 H2 F25:1 C\(name)")
        #expect(error == MediaFileError(.pixelFormat(name), offset: 22))
        #expect(error?.reason.contains("-pix_fmt yuv420p") == true)
    }

    @Test func `each wrong field is named with its place`() {
        #expect(error("YUV4MPEG2 H2 F25:1")?.fault == .pictureSize(width: "", height: "2"))
        #expect(
            error("YUV4MPEG2 W0 H2 F25:1")
                == MediaFileError(.pictureSize(width: "0", height: "2"), offset: 10))
        #expect(error("YUV4MPEG2 W2 H16385 F25:1")?.fault == .pictureSize(width: "2", height: "16385"))
        #expect(error("YUV4MPEG2 W2 H2")?.fault == .frameRate(""))
        #expect(error("YUV4MPEG2 W2 H2 F0:0") == MediaFileError(.frameRate("0:0"), offset: 16))
        #expect(error("YUV4MPEG2 W2 H2 F30")?.fault == .frameRate("30"))
        #expect(error("YUV4MPEG2 W2 H2 F25:1 It")?.fault == .interlaced("t"))
        #expect(error("RIFF....AVI LIST") == MediaFileError(.notYUV4MPEG, offset: 0))
    }

    @Test func `something else than a picture is shown`() throws {
        let whole = try file()
        let error = read(whole + Array("JUNK\n\u{1}23456".utf8), inPiecesOf: 64).error
        #expect(error == MediaFileError(.noFrame("JUNK??23"), offset: whole.count, frame: 3))
    }

    @Test func `a line without an end is not waited for`() {
        let line = Array("YUV4MPEG2 X".utf8) + [UInt8](repeating: 0x61, count: 4000)
        #expect(read(line, inPiecesOf: 100).error?.fault == .endlessLine(limit: 1024))
    }
}
