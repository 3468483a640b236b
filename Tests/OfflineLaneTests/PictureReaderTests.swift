import Codecs
import MediaFiles
import Testing
import Transcoding

@testable import OfflineLane

@Suite struct PictureReaderTests {
    /// What is read of a file: times, sizes, and the first sample of each picture.
    private func read(
        _ file: [UInt8], _ format: PictureFormat
    ) -> (pictures: [(time: Int64, width: Int, luma: UInt8)], error: PictureReader.Failure?, damaged: Int) {
        var reader = PictureReader(format)
        var pictures: [(time: Int64, width: Int, luma: UInt8)] = []
        do throws(PictureReader.Failure) {
            reader.append(file)
            while try reader.next() {
                let luma = reader.picture.withPlane(.luma) { $0[0] }
                pictures.append((reader.time, reader.picture.width, luma))
            }
            try reader.finish()
        } catch {
            return (pictures, error, reader.damagedFrames)
        }
        return (pictures, nil, reader.damagedFrames)
    }

    private func y4m(_ line: String, _ pictures: Int, bytes: Int) -> [UInt8] {
        var file = Array("YUV4MPEG2 \(line)\n".utf8)
        for number in 0..<pictures {
            file += "FRAME\n".utf8 + [UInt8](repeating: UInt8(number), count: bytes)
        }
        return file
    }

    @Test func `pictures of y4m have the times of its frame rate`() {
        let result = read(y4m("W5 H3 F30000:1001", 3, bytes: 27), .y4m)
        #expect(result.error == nil)
        #expect(result.pictures.map(\.time) == [0, 3003, 6006])
        #expect(result.pictures.map(\.luma) == [0, 1, 2] && result.pictures[0].width == 5)
    }

    @Test func `a picture is in its planes, row by row`() {
        var reader = PictureReader(.y4m)
        reader.append(Array("YUV4MPEG2 W3 H2 F1:1\nFRAME\n".utf8) + (1...10).map { UInt8($0) })
        #expect(throws: Never.self) { _ = try reader.next() }
        let rows = reader.picture.withPlane(.luma) { [$0[0], $0[2], $0[32], $0[34]] }
        #expect(rows == [1, 3, 4, 6])
        #expect(reader.picture.withPlane(.blueDifference) { [$0[0], $0[1]] } == [7, 8])
        #expect(reader.picture.withPlane(.redDifference) { [$0[0], $0[1]] } == [9, 10])
    }

    @Test func `pictures of IVF are decoded, damaged ones left out`() throws {
        var lane = Lane(LaneSettings(codec: .vp8, tier: .p144))
        var writer = IVFWriter(IVFHeader(codec: .vp8, width: 192, height: 144, timeBase: Ratio(1000).inverse))
        var file: [UInt8] = []
        writer.appendHeader(to: &file)
        let (nothing, damaged): ([UInt8], [UInt8]) = ([], [0xFF])
        var scene = Scene()
        var picture = Picture(width: 192, height: 144)
        for number in 0..<3 {
            scene.draw(number, into: &picture)
            let outcome = lane.encode(
                PixelSize(width: 192, height: 144), timestamp: UInt32(number * 6000), effort: .fast
            ) { $0.scale(from: picture) }
            guard case .coded(let frame) = outcome else { continue }
            writer.append(frame.bytes.span, time: UInt64(500 + number * 66), to: &file)
            writer.append(nothing.span, time: UInt64(500 + number * 66), to: &file)
            writer.append(damaged.span, time: UInt64(501 + number * 66), to: &file)
        }
        let result = read(file, .ivf)
        #expect(result.error == nil && result.damaged == 3)
        #expect(result.pictures.map(\.time) == [0, 5940, 11_880])
        #expect(result.pictures.allSatisfy { $0.width == 192 })
    }

    @Test func `what cannot be read is named`() {
        #expect(read(y4m("W5000 H2 F1:1", 0, bytes: 0), .y4m).error == .tooLarge(width: 5000, height: 2))
        var header: [UInt8] = []
        IVFWriter(IVFHeader(codec: .other("AV01"), width: 2, height: 2, timeBase: Ratio(1)))
            .appendHeader(to: &header)
        let frame: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
        #expect(read(header + frame, .ivf).error == .codec("AV01"))
        let truncated = read(Array(y4m("W2 H2 F1:1", 2, bytes: 6).dropLast()), .y4m)
        #expect(truncated.pictures.count == 1)
        #expect(truncated.error?.description.hasPrefix("in frame 1, at byte") == true)
    }

    @Test func `a file is known by its beginning and a name by its end`() {
        #expect(PictureFormat(beginning: Array("DKIF....".utf8)) == .ivf)
        #expect(PictureFormat(beginning: Array("YUV4MPEG2 W2".utf8)) == .y4m)
        #expect(
            PictureFormat(beginning: Array("YUV".utf8)) == .other
                && PictureFormat(beginning: [UInt8]()) == .other)
        #expect(PictureFormat(named: "a/b.IVF") == .ivf && PictureFormat(named: "b.y4m") == .y4m)
        #expect(PictureFormat(named: "b.webm") == .other)
    }
}
