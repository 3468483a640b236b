import Wire

/// What a publisher without transport-wide feedback is told to send (REMB): more while its packets arrive, less when
/// they do not. The thresholds are those of the loss-based controller in draft-ietf-rmcat-gcc-02 section 6.
struct ReceiveBitrateAdvice {
    private static let start = 1_000_000.0
    private static let range = 100_000.0...20_000_000.0

    private(set) var bitsPerSecond = Self.start

    /// Takes the share of packets lost since the last call, 0...1, and what arrives at present.
    mutating func update(lossShare: Double, receivedBitsPerSecond: Int) {
        if lossShare > 0.1 {
            bitsPerSecond *= 1 - 0.5 * lossShare
        } else if lossShare < 0.02 {
            // Twice of what comes leaves room to grow and keeps an idle publisher from being told nonsense.
            let ceiling = max(Self.start, 2 * Double(receivedBitsPerSecond))
            bitsPerSecond = max(bitsPerSecond, min(bitsPerSecond * 1.15, ceiling))
        }
        bitsPerSecond = min(max(bitsPerSecond, Self.range.lowerBound), Self.range.upperBound)
    }
}
