import Codecs
import Testing

@Suite struct PictureTests {
    @Test func `a picture keeps its colour when it is scaled`() {
        var large = Picture(width: 640, height: 360)
        large.fill(luma: 90, blueDifference: 100, redDifference: 150)
        var small = Picture(width: 256, height: 144)
        small.scale(from: large)
        var expected = Picture(width: 256, height: 144)
        expected.fill(luma: 90, blueDifference: 100, redDifference: 150)
        for plane in Picture.Plane.allCases {
            // libyuv's box filter rounds down.
            let pixels = UInt64(small.width(of: plane) * small.height(of: plane))
            #expect(
                small.squaredError(to: expected, in: plane, x: 0, y: 0, width: 256, height: 144) <= pixels)
        }
    }

    @Test func `a difference is counted in its block alone, and cut at the edge`() {
        var first = Picture(width: 50, height: 34)
        var second = Picture(width: 50, height: 34)
        first.fill(luma: 100)
        second.fill(luma: 100)
        second.withMutablePlane(.luma) { $0[33 * 64 + 49] = 103 }
        #expect(first.squaredError(to: second, in: .luma, x: 48, y: 32, width: 16, height: 16) == 9)
        #expect(first.squaredError(to: second, in: .luma, x: 0, y: 0, width: 16, height: 16) == 0)
        #expect(first.squaredError(to: second, in: .luma, x: 64, y: 64, width: 16, height: 16) == 0)
    }

    @Test func `odd sizes have chroma of half the size, rounded up`() {
        let picture = Picture(width: 5, height: 3)
        #expect(picture.width(of: .blueDifference) == 3)
        #expect(picture.height(of: .redDifference) == 2)
        #expect(picture.withPlane(.redDifference) { $0.count } == 64)
    }
}
