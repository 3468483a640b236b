import OfflineLane
import RateQuality
import Transcoding

/// What one encode has shown.
struct EncodePoint: Codable, Sendable {
    /// Quality over some pictures: means.
    struct Quality: Codable, Sendable {
        let vmaf: Double
        let psnr: Double
        let ssim: Double

        init?(_ pictures: [VMAFLog.Picture]) {
            guard let mean = VMAFLog.mean(pictures) else { return nil }
            vmaf = mean.vmaf
            psnr = mean.psnr
            ssim = mean.ssim
        }
    }

    let part: EncodePart
    let clip: String
    let length: EncodeLength
    let tier: String
    let series: EncodeSeries
    let targetBitsPerSecond: Int
    /// Which program made it.
    let program: String

    let bitsPerSecond: Double
    let bitsPerSecondOnWire: Double
    /// Of all pictures of the source, with what is on the screen at their time.
    let quality: Quality
    /// Of those pictures that were coded.
    let shownQuality: Quality
    let seconds: Double
    let pictures: Int
    let codedPictures: Int
    let keyFrames: Int
    let framesPerSecond: Double
    let longestPauseSeconds: Double
    /// The short sides of the coded pictures, the most frequent first.
    let shortSides: [Int]
    let millisecondsPerFrame: Double
    let millisecondsPerPicture: Double

    /// nil: the log is not that of the report's pictures.
    init?(_ step: EncodeStep, _ report: OfflineReport, _ log: VMAFLog, program: String) {
        guard log.pictures.count == report.pictures, let all = Quality(log.pictures),
            let shown = Quality(report.frames.filter(\.kind.isCoded).map { log.pictures[$0.picture] })
        else { return nil }
        part = step.part
        clip = step.clip
        length = step.length
        tier = step.tier.rawValue
        series = step.series
        targetBitsPerSecond = step.bitsPerSecond
        self.program = program
        bitsPerSecond = report.bitsPerSecond
        bitsPerSecondOnWire = report.bitsPerSecondOnWire
        quality = all
        shownQuality = shown
        seconds = report.seconds
        pictures = report.pictures
        codedPictures = report.keyFrames + report.resyncFrames + report.deltaFrames
        keyFrames = report.keyFrames
        framesPerSecond = report.framesPerSecond
        longestPauseSeconds = report.longestPauseSeconds
        var sides: [Int: Int] = [:]
        for frame in report.frames {
            if let width = frame.width, let height = frame.height {
                sides[min(width, height), default: 0] += 1
            }
        }
        shortSides = sides.sorted { ($1.value, $1.key) < ($0.value, $0.key) }.map(\.key)
        millisecondsPerFrame = report.millisecondsPerFrame
        millisecondsPerPicture = report.millisecondsPerPicture
    }
}
