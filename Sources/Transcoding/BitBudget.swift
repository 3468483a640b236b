/// A lane's own account of bits: what leaves may not run ahead of the rate by more than a second, and the rate that libvpx is
/// asked for is trimmed so that what comes out over some seconds is the target.
struct BitBudget {
    /// In bits per second.
    var bitsPerSecond: Int
    /// Bits that have left ahead of the rate.
    private var debt = 0.0
    private var lastTime: Int64?
    /// Of the last seconds: what was meant and what came.
    private var meant = 0.0
    private var spent = 0.0
    private(set) var trim = 1.0

    init(bitsPerSecond: Int) {
        self.bitsPerSecond = bitsPerSecond
    }

    /// What libvpx is to be asked for.
    var encoderBitsPerSecond: Int { Int(Double(bitsPerSecond) * trim) }

    /// Lets time pass, in ticks of 90 kHz.
    ///
    /// - Parameter isLimited: whether pictures wanted bits all the time: else a low rate is no fault of libvpx.
    mutating func advance(to time: Int64, isLimited: Bool) {
        guard let last = lastTime else {
            lastTime = time
            return
        }
        let seconds = min(max(Double(time - last) / 90_000, 0), 2)
        lastTime = time
        debt = max(0, debt - Double(bitsPerSecond) * seconds)
        guard isLimited else { return }
        meant += Double(bitsPerSecond) * seconds
        guard meant > Double(bitsPerSecond) * 2 else { return }
        // Two seconds: the trim follows slowly, by at most a fifth in all.
        let ratio = spent / meant
        trim = min(max(trim * (1 - (ratio - 1) * 0.25), 0.8), 1.2)
        meant *= 0.5
        spent *= 0.5
    }

    /// Whether a picture that can wait has to. libvpx keeps to the rate by itself while it can code more coarsely; only where it
    /// cannot, pictures are left out.
    func isExhausted(quantizer: Double) -> Bool {
        debt > Double(bitsPerSecond) * (quantizer > 48 ? 0.9 : 1.4)
    }

    mutating func spend(bytes: Int) {
        debt += Double(bytes * 8)
        spent += Double(bytes * 8)
    }

    /// Bits that a key frame may take now: it must not make more than one and a half of a second's.
    var keyFrameBits: Double { max(Double(bitsPerSecond) * 1.1 - debt * 0.5, Double(bitsPerSecond) * 0.5) }
}
