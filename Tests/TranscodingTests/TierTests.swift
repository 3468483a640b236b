import Testing
import Transcoding

@Suite struct TierTests {
    @Test(arguments: [
        (PixelSize(width: 1280, height: 720), 144, PixelSize(width: 256, height: 144)),
        (PixelSize(width: 640, height: 480), 144, PixelSize(width: 192, height: 144)),
        (PixelSize(width: 720, height: 1280), 144, PixelSize(width: 144, height: 256)),
        (PixelSize(width: 640, height: 360), 240, PixelSize(width: 426, height: 240)),
        (PixelSize(width: 160, height: 90), 144, PixelSize(width: 160, height: 90)),
        (PixelSize(width: 161, height: 91), 144, PixelSize(width: 160, height: 90)),
        (PixelSize(width: 1, height: 1), 144, PixelSize(width: 2, height: 2)),
    ])
    func `the short side rules, and nothing grows`(source: PixelSize, short: Int, expected: PixelSize) {
        #expect(source.fitted(toShortSide: short) == expected)
    }
}
