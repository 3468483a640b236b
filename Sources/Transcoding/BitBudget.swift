/// A lane's own account of bits: no second may have half as much again as the rate, and the rate that libvpx is asked for is
/// trimmed so that what comes out over some seconds is the target.
struct BitBudget {
    /// Of a second's bits, what pictures may take that can wait, and what a key frame may take that cannot.
    private static let peak = 1.4
    private static let keyFramePeak = 0.95
    /// The same of one that comes soon after another.
    private static let repeatedKeyFramePeak = 0.5
    /// Of a second's bits, the smallest key frame that is worth having.
    private static let keyFrameFloor = 0.4
    /// libvpx keeps to the rate by itself while it can code more coarsely; from this quantizer on, of 63, it cannot.
    private static let coarsest = 48.0

    /// In bits per second.
    var bitsPerSecond: Int
    /// The highest rate of pictures.
    var framesPerSecond: Double
    /// Bits that have left ahead of the rate.
    private var debt = 0.0
    private var lastTime: Int64?
    /// What left in the last second.
    private var recent: [(time: Int64, bits: Int)] = []
    /// Of the last seconds: what was meant and what came.
    private var meant = 0.0
    private var spent = 0.0
    private(set) var trim = 1.0

    init(bitsPerSecond: Int, framesPerSecond: Double) {
        self.bitsPerSecond = bitsPerSecond
        self.framesPerSecond = framesPerSecond
    }

    /// What libvpx is to be asked for.
    var encoderBitsPerSecond: Int { Int(Double(bitsPerSecond) * trim) }

    /// Lets time pass, in ticks of 90 kHz.
    ///
    /// - Parameter isLimited: whether pictures wanted bits all the time: else a low rate is no fault of libvpx.
    mutating func advance(to time: Int64, isLimited: Bool) {
        recent.removeAll { $0.time <= time - 90_000 }
        guard let last = lastTime else {
            lastTime = time
            return
        }
        let seconds = min(max(Double(time - last) / 90_000, 0), 2)
        lastTime = time
        debt = max(0, debt - Double(bitsPerSecond) * seconds)
        guard isLimited else { return }
        meant += Double(bitsPerSecond) * seconds
        // Every two seconds: the trim follows slowly, by at most a fifth in all.
        guard meant > Double(bitsPerSecond) * 2 else { return }
        let ratio = spent / meant
        trim = min(max(trim * (1 - (ratio - 1) * 0.25), 0.8), 1.2)
        meant *= 0.5
        spent *= 0.5
    }

    /// Whether a picture that can wait has to, since it would make the present second too large.
    ///
    /// - Parameters:
    ///   - quantizer: how coarsely pictures are coded at present.
    ///   - framesPerSecond: how many share the bits.
    func isExhausted(quantizer: Double, framesPerSecond: Double) -> Bool {
        let share = Double(bitsPerSecond) / framesPerSecond
        return lastSecond + share > period * Self.peak
            || quantizer > Self.coarsest && debt > Double(bitsPerSecond) * 0.9
    }

    mutating func spend(bytes: Int, at time: Int64) {
        debt += Double(bytes * 8)
        spent += Double(bytes * 8)
        recent.append((time, bytes * 8))
    }

    /// Bits that a key frame may take now.
    ///
    /// - Parameter isRepeated: whether another one was sent a moment ago.
    func keyFrameBits(isRepeated: Bool) -> Double {
        let most = isRepeated ? Self.repeatedKeyFramePeak : Self.keyFramePeak
        return max(
            min(period * most, period * Self.peak - lastSecond), period * Self.keyFrameFloor)
    }

    /// The bits of a second, or of a picture where those are more.
    private var period: Double { Double(bitsPerSecond) / min(framesPerSecond, 1) }

    private var lastSecond: Double { Double(recent.reduce(0) { $0 + $1.bits }) }
}
