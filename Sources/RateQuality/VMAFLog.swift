import FoundationEssentials

/// What ffmpeg's libvmaf filter writes as JSON, with the features `psnr` and `float_ssim`.
package struct VMAFLog: Sendable {
    /// How one picture compares with the original.
    package struct Picture: Hashable, Sendable {
        /// 0...100.
        package let vmaf: Double
        /// Of the luma, in decibels.
        package let psnr: Double
        /// 0...1.
        package let ssim: Double

        package init(vmaf: Double, psnr: Double, ssim: Double) {
            self.vmaf = vmaf
            self.psnr = psnr
            self.ssim = ssim
        }
    }

    package let pictures: [Picture]

    package init(parsing json: [UInt8]) throws {
        let document = try JSONDecoder().decode(Document.self, from: Data(json))
        pictures = document.frames.sorted { $0.frameNum < $1.frameNum }.map {
            Picture(vmaf: $0.metrics.vmaf, psnr: $0.metrics.psnr_y, ssim: $0.metrics.float_ssim)
        }
    }

    /// The means over some pictures; nil: there are none.
    package static func mean(_ pictures: [Picture]) -> Picture? {
        guard !pictures.isEmpty else { return nil }
        let count = Double(pictures.count)
        return Picture(
            vmaf: pictures.reduce(0) { $0 + $1.vmaf } / count,
            psnr: pictures.reduce(0) { $0 + $1.psnr } / count,
            ssim: pictures.reduce(0) { $0 + $1.ssim } / count)
    }

    private struct Document: Decodable {
        let frames: [Frame]
    }

    private struct Frame: Decodable {
        let frameNum: Int
        let metrics: Metrics
    }

    /// The filter's own names.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Metrics: Decodable {
        let vmaf: Double
        let psnr_y: Double
        let float_ssim: Double
    }
}
