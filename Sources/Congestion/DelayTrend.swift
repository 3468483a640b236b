/// What the delay says of the link's use.
enum LinkUsage: Sendable {
    case under, normal, over
}

/// Whether the queueing delay grows: the slope of a line through the last delays, compared with a threshold
/// that adapts to the path's own jitter (draft-ietf-rmcat-gcc-02 sections 5.3 and 5.4, with a least-squares
/// line in place of the Kalman filter, as browsers do).
struct DelayTrend: Sendable {
    private static let window = 20
    private static let smoothing = 0.9
    /// Scales the slope, which is in ms per ms, to the threshold, which is in ms.
    private static let gain = 4.0
    private static let maximumDeltas = 60
    private static let initialThreshold = 12.5
    private static let thresholdRange = 6.0...600.0
    private static let rise = 0.0087
    private static let fall = 0.039
    /// A slope this far above the threshold is an accident that the threshold does not follow, in ms.
    private static let largestStep = 15.0
    /// The slope is too steep for so long before that is believed, in ms.
    private static let patience = 10.0

    private var times = InlineArray<20, Double>(repeating: 0)
    private var delays = InlineArray<20, Double>(repeating: 0)
    /// How many groups were seen, up to a bound.
    private var deltas = 0
    private var head = 0
    private var origin: Int64 = 0
    private var accumulated = 0.0
    private var smoothed = 0.0
    private var threshold = initialThreshold
    private var previousTrend = 0.0
    private var timeOver = -1.0
    private var timesOver = 0
    private var lastUpdate: Int64?
    private(set) var usage = LinkUsage.normal

    init() {}

    mutating func add(_ delta: GroupDelta) {
        if deltas == 0 { origin = delta.arrivedAt }
        deltas = min(deltas + 1, 1000)
        accumulated += Double(delta.arrival - delta.send) / 1000
        smoothed = Self.smoothing * smoothed + (1 - Self.smoothing) * accumulated
        times[head] = Double(delta.arrivedAt &- origin) / 1000
        delays[head] = smoothed
        head = head + 1 == Self.window ? 0 : head + 1
        let trend = deltas >= Self.window ? slope ?? previousTrend : 0
        detect(trend: trend, interval: Double(delta.send) / 1000, at: delta.arrivedAt)
    }

    /// Of the least-squares line; `nil` if all groups came at once.
    private var slope: Double? {
        var timeSum = 0.0
        var delaySum = 0.0
        for index in 0..<Self.window {
            timeSum += times[index]
            delaySum += delays[index]
        }
        let meanTime = timeSum / Double(Self.window)
        let meanDelay = delaySum / Double(Self.window)
        var numerator = 0.0
        var denominator = 0.0
        for index in 0..<Self.window {
            let distance = times[index] - meanTime
            numerator += distance * (delays[index] - meanDelay)
            denominator += distance * distance
        }
        return denominator > 0 ? numerator / denominator : nil
    }

    private mutating func detect(trend: Double, interval: Double, at time: Int64) {
        let scaled = Double(min(deltas, Self.maximumDeltas)) * trend * Self.gain
        if scaled > threshold {
            timeOver = timeOver < 0 ? interval / 2 : timeOver + interval
            timesOver += 1
            if timeOver > Self.patience, timesOver > 1, trend >= previousTrend {
                timeOver = 0
                timesOver = 0
                usage = .over
            }
        } else {
            timeOver = -1
            timesOver = 0
            usage = scaled < -threshold ? .under : .normal
        }
        previousTrend = trend
        adapt(to: abs(scaled), at: time)
    }

    private mutating func adapt(to slope: Double, at time: Int64) {
        defer { lastUpdate = time }
        guard slope <= threshold + Self.largestStep else { return }
        let elapsed = min(Double(time &- (lastUpdate ?? time)) / 1000, 100)
        let factor = slope < threshold ? Self.fall : Self.rise
        threshold += factor * (slope - threshold) * elapsed
        threshold = min(max(threshold, Self.thresholdRange.lowerBound), Self.thresholdRange.upperBound)
    }
}
