/// How many pictures a second a lane codes: fewer while little moves, since nobody sees the difference, and fewer while bits
/// are short, since ten sharp pictures are better than fifteen that fall apart. Motion brings the full rate back with the
/// next picture.
struct FrameRateGovernor {
    /// Up to so much of the picture may change in a calm scene.
    private static let calmShare = 0.04
    /// From here on it is motion.
    private static let motionShare = 0.12
    private static let calmRate = 7.5
    private static let slowRate = 10.0
    /// How long a scene has to be calm, in ticks of 90 kHz.
    private static let calmTime: Int64 = 90_000 * 3 / 2
    /// Quantizers, of 63, beyond which bits are short, and below which they are not any more.
    private static let shortQuantizer = 54.0
    private static let ampleQuantizer = 44.0

    /// The rate of pictures unless there is a reason for fewer.
    var fullRate: Double
    private let isAdaptive: Bool
    private var nextDue: Int64?
    private var calmSince: Int64?
    private var quantizer = 30.0
    private var isShort = false

    init(fullRate: Double, isAdaptive: Bool) {
        self.fullRate = fullRate
        self.isAdaptive = isAdaptive
    }

    /// Pictures a second at present.
    var framesPerSecond: Double {
        guard isAdaptive else { return fullRate }
        var rate = fullRate
        if isShort { rate = min(rate, Self.slowRate) }
        if isCalm { rate = min(rate, Self.calmRate) }
        return rate
    }

    private(set) var isCalm = false

    /// Whether the picture of this time, in ticks of 90 kHz, is to be looked at.
    mutating func isDue(at time: Int64) -> Bool {
        let interval = Int64(90_000 / framesPerSecond)
        // Captures jitter: a picture that comes a little early is the one that is due.
        guard let due = nextDue, due - interval * 2 < time else {
            nextDue = time + interval
            return true
        }
        guard time + interval / 5 >= due else { return false }
        nextDue = max(due + interval, time + interval / 2)
        return true
    }

    /// Takes note of how much of a picture has changed.
    mutating func observe(changedShare: Double, at time: Int64) {
        if changedShare >= Self.motionShare {
            if isCalm { nextDue = nil }
            isCalm = false
            calmSince = nil
        } else if changedShare > Self.calmShare {
            // Between the two the rate stays.
            if !isCalm { calmSince = nil }
        } else if let since = calmSince {
            if time - since >= Self.calmTime { isCalm = true }
        } else {
            calmSince = time
        }
    }

    /// Takes note of how coarsely a picture was coded.
    mutating func coded(quantizer: Int) {
        self.quantizer += (Double(quantizer) - self.quantizer) * 0.1
        if isShort {
            if self.quantizer < Self.ampleQuantizer { isShort = false }
        } else if self.quantizer > Self.shortQuantizer {
            isShort = true
        }
    }
}
