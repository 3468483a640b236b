import FoundationEssentials
import RateQuality

/// What all encodes have shown, and how they compare.
struct EncodeResults: Encodable, Sendable {
    /// One series against the baseline, for one clip: bits at equal quality, tier by tier.
    struct TierRow: Encodable, Sendable {
        let clip: String
        let length: EncodeLength
        let tier: String
        let series: EncodeSeries
        /// Bjøntegaard's delta rate; nil: the curves have no quality in common.
        let vmaf: RateQualityCurve.Difference?
        let psnr: RateQualityCurve.Difference?
        let ssim: RateQualityCurve.Difference?
        /// CPU time for a coded picture, over all rates.
        let millisecondsPerFrame: Double
    }

    /// One series against the smallest layer, for one clip: bits on the wire for the same picture.
    struct ViewerRow: Encodable, Sendable {
        let clip: String
        let length: EncodeLength
        let series: EncodeSeries
        let baselineVMAF: Double
        let baselineBitsPerSecondOnWire: Double
        /// nil: the series does not reach that quality at the rates that were tried, or is above it at all of them.
        let bitsPerSecondOnWire: Double?
        /// Of the baseline's bits.
        let share: Double?
        /// At the lowest rate that was tried, if that is better already: the share is at most this.
        let shareAtMost: Double?
        /// The same with all pictures of the source compared, those that were not coded with what is on the screen then.
        let shareOverAllPictures: Double?
        /// Coded pictures a second, over the rates.
        let lowestFramesPerSecond: Double
        let highestFramesPerSecond: Double
        let millisecondsPerFrame: Double
    }

    let machine: ResultsMachine
    /// RFC 3339, UTC.
    let date: String
    let command: String
    let build: String?
    private(set) var points: [EncodePoint] = []
    private(set) var tierRows: [TierRow] = []
    private(set) var viewerRows: [ViewerRow] = []
    /// What went wrong, in order.
    var failures: [String] = []

    init(command: String, build: String?) {
        machine = ResultsMachine()
        date = Date.now.formatted(.iso8601)
        self.command = command
        self.build = build
    }

    mutating func add(_ point: EncodePoint) {
        points.append(point)
    }

    /// Compares all that was added.
    mutating func compare() {
        tierRows = groups(.tier).flatMap(tierRows)
        viewerRows = groups(.viewer).flatMap(viewerRows)
    }

    func document() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// The points of one part by clip, length and tier, in the order in which they came.
    func groups(_ part: EncodePart) -> [[EncodePoint]] {
        var groups: [[EncodePoint]] = []
        for point in points where point.part == part {
            let index = groups.firstIndex {
                $0[0].clip == point.clip && $0[0].length == point.length && $0[0].tier == point.tier
            }
            if let index { groups[index].append(point) } else { groups.append([point]) }
        }
        return groups
    }

    private func tierRows(_ group: [EncodePoint]) -> [TierRow] {
        EncodeSeries.allCases.compactMap { series in
            let own = group.filter { $0.series == series }
            guard series != .baseline, !own.isEmpty else { return nil }
            let base = group.filter { $0.series == .baseline }
            func difference(_ quality: (EncodePoint) -> Double) -> RateQualityCurve.Difference? {
                Self.curve(own, \.bitsPerSecond, quality)
                    .difference(from: Self.curve(base, \.bitsPerSecond, quality))
            }
            return TierRow(
                clip: group[0].clip, length: group[0].length, tier: group[0].tier, series: series,
                vmaf: difference(\.quality.vmaf), psnr: difference(\.quality.psnr),
                ssim: difference(\.quality.ssim), millisecondsPerFrame: Self.mean(own, \.millisecondsPerFrame)
            )
        }
    }

    private func viewerRows(_ group: [EncodePoint]) -> [ViewerRow] {
        guard let base = group.first(where: { $0.series == .baseline }) else { return [] }
        return EncodeSeries.allCases.compactMap { series in
            let own = group.filter { $0.series == series }
            guard series != .baseline, !own.isEmpty else { return nil }
            let shown = Self.curve(own, \.bitsPerSecondOnWire, \.shownQuality.vmaf)
            let all = Self.curve(own, \.bitsPerSecondOnWire, \.quality.vmaf)
            let wanted = base.shownQuality.vmaf
            let rate = shown.rate(at: wanted)
            let cheapest = shown.points.first.flatMap { $0.quality > wanted ? $0.rate : nil }
            return ViewerRow(
                clip: group[0].clip, length: group[0].length, series: series, baselineVMAF: wanted,
                baselineBitsPerSecondOnWire: base.bitsPerSecondOnWire, bitsPerSecondOnWire: rate,
                share: rate.map { $0 / base.bitsPerSecondOnWire },
                shareAtMost: cheapest.map { $0 / base.bitsPerSecondOnWire },
                shareOverAllPictures: all.rate(at: base.quality.vmaf).map { $0 / base.bitsPerSecondOnWire },
                lowestFramesPerSecond: own.map(\.framesPerSecond).min() ?? 0,
                highestFramesPerSecond: own.map(\.framesPerSecond).max() ?? 0,
                millisecondsPerFrame: Self.mean(own, \.millisecondsPerFrame))
        }
    }

    static func curve(
        _ points: [EncodePoint], _ rate: (EncodePoint) -> Double, _ quality: (EncodePoint) -> Double
    ) -> RateQualityCurve {
        RateQualityCurve(points.map { .init(rate: rate($0), quality: quality($0)) })
    }

    static func mean(_ points: [EncodePoint], _ value: (EncodePoint) -> Double) -> Double {
        points.reduce(0) { $0 + value($1) } / Double(max(points.count, 1))
    }
}
