import Codecs
import Transcoding

/// What a lane made of a file.
package struct OfflineReport: Codable, Sendable {
    package let codec: String
    package let mode: String
    package let tier: String
    package let effort: String
    package let targetBitsPerSecond: Int
    /// Of the source, its last picture included.
    package let seconds: Double
    /// Of the source.
    package let pictures: Int
    package let keyFrames: Int
    package let resyncFrames: Int
    package let deltaFrames: Int
    package let unchangedPictures: Int
    package let picturesOverBudget: Int
    package let failures: Int
    package let bitsPerSecond: Double
    package let bitsPerSecondOnWire: Double
    /// Of the fullest second.
    package let peakBitsPerSecond: Double
    package let framesPerSecond: Double
    /// Between two frames.
    package let longestPauseSeconds: Double
    /// CPU time for a coded picture: mean, and what 95 % stay below.
    package let millisecondsPerFrame: Double
    package let millisecondsPerFrameP95: Double
    /// CPU time of all pictures, coded or not, for each of them.
    package let millisecondsPerPicture: Double
    package let joins: JoinCheck.Report?
    package let loss: LossCheck.Report?
    package let frames: [FrameRecord]

    init(
        _ plan: OfflinePlan, _ records: [FrameRecord], joins: JoinCheck.Report?, loss: LossCheck.Report?
    ) {
        codec = plan.lane.codec.rawValue
        mode = plan.lane.mode.rawValue
        tier = plan.lane.tier.rawValue
        effort = "\(plan.effort)"
        targetBitsPerSecond = plan.lane.bitsPerSecond
        let last = records.last?.seconds ?? 0
        // The last picture is shown for as long as the others on average.
        let seconds = records.count > 1 ? last + last / Double(records.count - 1) : last
        self.seconds = seconds
        pictures = records.count
        func count(_ kind: FrameRecord.Kind) -> Int { records.count { $0.kind == kind } }
        keyFrames = count(.key)
        resyncFrames = count(.resync)
        deltaFrames = count(.delta)
        unchangedPictures = count(.unchanged)
        picturesOverBudget = count(.overBudget)
        failures = count(.failed)
        let coded = records.filter(\.kind.isCoded)
        func rate(_ value: (FrameRecord) -> Int) -> Double {
            seconds > 0 ? Double(coded.reduce(0) { $0 + value($1) } * 8) / seconds : 0
        }
        bitsPerSecond = rate(\.bytes)
        bitsPerSecondOnWire = rate(\.bytesOnWire)
        peakBitsPerSecond = Self.peak(coded)
        framesPerSecond = seconds > 0 ? Double(coded.count) / seconds : 0
        longestPauseSeconds = zip(coded, coded.dropFirst()).map { $1.seconds - $0.seconds }.max() ?? 0
        let times = coded.map(\.milliseconds).sorted()
        millisecondsPerFrame = times.isEmpty ? 0 : times.reduce(0, +) / Double(times.count)
        millisecondsPerFrameP95 = times.isEmpty ? 0 : times[min(times.count - 1, times.count * 95 / 100)]
        millisecondsPerPicture =
            records.isEmpty ? 0 : records.reduce(0) { $0 + $1.milliseconds } / Double(records.count)
        self.joins = joins
        self.loss = loss
        frames = records
    }

    /// Whether those who joined, and who lost frames, saw what they should.
    package var isProven: Bool { joins?.isProven != false && loss?.isProven != false && failures == 0 }

    /// The most bits in any one second.
    private static func peak(_ coded: [FrameRecord]) -> Double {
        var most = 0
        var sum = 0
        var first = 0
        for record in coded {
            sum += record.bytes
            while coded[first].seconds <= record.seconds - 1 {
                sum -= coded[first].bytes
                first += 1
            }
            most = max(most, sum)
        }
        return Double(most * 8)
    }
}
