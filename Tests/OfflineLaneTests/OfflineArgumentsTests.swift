import Testing
import Transcoding

@testable import OfflineLane

@Suite struct OfflineArgumentsTests {
    @Test(arguments: [("5%", 0.05), ("0.05", 0.05), ("0", 0), ("100%", 1)])
    func `a share is a percentage or a fraction`(_ text: String, _ share: Double) {
        #expect(ShareArgument(argument: text)?.share == share)
    }

    @Test(arguments: ["", "%", "5", "-1%", "101%", "nan", "5 %x"]) func `what is no share is refused`(
        _ text: String
    ) {
        #expect(ShareArgument(argument: text) == nil)
    }

    @Test func `a size has two sides`() {
        #expect(SizeArgument(argument: "640x360")?.size == PixelSize(width: 640, height: 360))
        for text in ["640", "640x", "x360", "640x360x1", "1x360", "5000x360", "-2x2", "640X360"] {
            #expect(SizeArgument(argument: text) == nil)
        }
    }

    @Test func `efforts have their names`() {
        #expect(OfflineEffort(argument: "full")?.effort == .full)
        #expect(OfflineEffort(argument: "realtime")?.effort == .realtime)
        #expect(OfflineEffort(argument: "slow") == nil)
    }
}
