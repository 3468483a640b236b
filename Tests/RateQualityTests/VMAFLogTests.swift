import Testing

@testable import RateQuality

@Suite struct VMAFLogTests {
    private static let json = """
        {"version": "86da14d", "fps": 257.76, "frames": [
          {"frameNum": 1, "metrics": {"psnr_y": 60.0, "float_ssim": 0.75, "integer_motion2": 0.4, "vmaf": 50.5}},
          {"frameNum": 0, "metrics": {"psnr_y": 33.5, "float_ssim": 0.25, "vmaf": 91.5}}
        ], "pooled_metrics": {"vmaf": {"min": 1}}, "aggregate_metrics": {}}
        """

    @Test func `pictures come in order, and have a mean`() throws {
        let log = try VMAFLog(parsing: Array(Self.json.utf8))
        #expect(log.pictures.map(\.vmaf) == [91.5, 50.5])
        #expect(VMAFLog.mean(log.pictures) == .init(vmaf: 71, psnr: 46.75, ssim: 0.5))
        #expect(VMAFLog.mean([]) == nil)
    }

    @Test func `something else than a log is an error`() {
        #expect(throws: (any Error).self) { try VMAFLog(parsing: Array("{}".utf8)) }
    }
}
