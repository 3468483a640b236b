import Testing

@testable import Transcoding

@Suite struct BackgroundWatchTests {
    /// Fifteen pictures a second of which this share changes.
    private func watch(
        _ background: inout BackgroundWatch, share: Double, seconds: Double, from start: Double
    ) {
        for picture in 0..<Int(seconds * 15) {
            background.observe(changedShare: share, at: Int64((start + Double(picture) / 15) * 90_000))
        }
    }

    @Test func `a scene moves once much of it has changed for a while, and stands still again likewise`() {
        var background = BackgroundWatch()
        watch(&background, share: 0.15, seconds: 10, from: 0)
        #expect(background.isStill)
        watch(&background, share: 0.3, seconds: 1.4, from: 10)
        #expect(background.isStill)
        watch(&background, share: 0.3, seconds: 0.4, from: 11.4)
        #expect(!background.isStill)
        watch(&background, share: 0.15, seconds: 10, from: 12)
        #expect(!background.isStill)
        watch(&background, share: 0.05, seconds: 1.4, from: 22)
        #expect(!background.isStill)
        watch(&background, share: 0.05, seconds: 0.4, from: 23.4)
        #expect(background.isStill)
    }

    @Test func `a page that scrolls for a second stands still all the same`() {
        var background = BackgroundWatch()
        for second in 0..<10 {
            watch(&background, share: second % 2 == 0 ? 0.6 : 0.01, seconds: 1, from: Double(second))
            #expect(background.isStill)
        }
    }
}
