import BasicContainers
package import Wire

/// All lanes of one thread: carries out orders one after the other and tells what came of them.
///
/// It reads no clock and has no thread; whoever runs it brings both.
package struct LaneRunner: ~Copyable {
    /// No thread has more, whatever the load: each takes half a megabyte and more.
    private static let laneLimit = 64
    private static let statisticsInterval = Duration.seconds(1)
    /// While there is too much to do pictures become smaller in such steps: each costs a key frame.
    private static let reliefInterval = Duration.seconds(3)

    struct Entry: ~Copyable {
        let source: UInt32
        /// Of its pictures, in pixels, as far as that is known.
        let shortSide: Int
        var transcoder: Transcoder
    }

    private var entries = UniqueArray<Entry>()
    private var laneCount = 0
    private var governor: EffortGovernor
    /// When each lane was last told of.
    private var told: [UInt32: Instant] = [:]
    private var nextRelief = Instant(nanoseconds: .min)

    /// - Parameter ceiling: the most CPU that lanes ever take.
    package init(ceiling: Effort = .full) {
        governor = EffortGovernor(startingAt: .realtime, ceiling: ceiling)
    }

    package var effort: Effort { governor.effort }

    /// Carries out one order.
    ///
    /// - Parameters:
    ///   - clock: tells the time; it is asked before and after what takes long.
    ///   - tell: called with what came of it.
    package mutating func run(
        _ order: LaneOrder, clock: () -> Instant, tell: (LaneReport) -> Void
    ) {
        switch order {
        case .openSource(let source, let codec, let shortSide):
            do {
                entries.append(
                    Entry(source: source, shortSide: shortSide, transcoder: try Transcoder(codec)))
            } catch {
                tell(.failed(source: source, reason: "\(error)"))
            }
        case .closeSource(let source):
            guard let index = index(of: source) else { return }
            laneCount -= entries[index].transcoder.laneCount
            _ = entries.remove(at: index)
        case .addLane(let lane, let source, let settings):
            guard let index = index(of: source) else { return }
            let isDecoded = entries[index].transcoder.laneCount > 0
            let shortSide = isDecoded ? 0 : entries[index].shortSide
            guard laneCount < Self.laneLimit, governor.admit(decoding: shortSide, at: clock()) else {
                tell(.refused(lane: lane))
                return
            }
            laneCount += 1
            entries[index].transcoder.add(lane, settings)
        case .removeLane(let lane, let source):
            guard let index = index(of: source) else { return }
            if entries[index].transcoder.remove(lane) { laneCount -= 1 }
            told[lane] = nil
        case .changeLane(let lane, let source, let terms):
            guard let index = index(of: source) else { return }
            entries[index].transcoder.change(lane, terms)
        case .resync(let lane, let source):
            guard let index = index(of: source) else { return }
            entries[index].transcoder.requestResync(of: lane)
        case .frame(let source, let frame, let arrival):
            guard let index = index(of: source) else { return }
            transcode(frame, of: arrival, with: index, clock: clock, tell: tell)
        }
    }

    // MARK: - Private

    private func index(of source: UInt32) -> Int? {
        for index in 0..<entries.count where entries[index].source == source { return index }
        return nil
    }

    private mutating func transcode(
        _ frame: EncodedFrame, of arrival: Instant, with index: Int, clock: () -> Instant,
        tell: (LaneReport) -> Void
    ) {
        let start = clock()
        let decodedBefore = entries[index].transcoder.decodingTime
        var due: [(lane: UInt32, statistics: LaneStatistics)] = []
        let told = told
        let isWhole = entries[index].transcoder.transcode(
            frame.bytes.span, timestamp: frame.timestamp, effort: governor.effort, clock: clock
        ) { lane, outcome, statistics in
            if case .coded(let coded) = outcome { tell(.frame(lane: lane, coded)) }
            if start >= (told[lane] ?? Instant(nanoseconds: .min)) + Self.statisticsInterval {
                due.append((lane, statistics))
            }
        }
        if !isWhole { tell(.damaged(source: entries[index].source)) }
        for report in due {
            self.told[report.lane] = start
            tell(.statistics(lane: report.lane, report.statistics, governor.effort))
        }
        let end = clock()
        let decoding = entries[index].transcoder.decodingTime - decodedBefore
        governor.spent(
            decoding: decoding, coding: end - start - decoding, waiting: max(start - arrival, .zero), at: end)
        if governor.isOverloaded, end >= nextRelief {
            nextRelief = end + Self.reliefInterval
            for index in 0..<entries.count { entries[index].transcoder.relieve() }
        }
    }
}
