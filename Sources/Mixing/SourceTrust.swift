/// Whether a source is what it says it is. What a client has encrypted for others is no Opus, but a decoder makes noise of most of
/// it; so it is looked at for what cannot be.
struct SourceTrust {
    /// From here on a source is given up.
    private static let limit = 24
    private static let decodingFailure = 4
    /// A packet that has more sound than its timestamps leave room for.
    private static let overlap = 4
    /// Much louder than its sender says that it is.
    private static let contradiction = 3
    /// By how much, in power: 20 dB.
    private static let contradictionFactor: Float = 100
    /// Below this power nothing is loud: -50 dB of full scale.
    private static let audible: Float = 1e-5
    /// 10 to the power of -n/10: what levels stand for.
    private static let powers: [Float] = {
        var powers: [Float] = [1]
        for _ in 1...127 { powers.append(powers[powers.count - 1] * 0.794_328_2) }
        return powers
    }()

    private var doubt = 0

    var isLost: Bool { doubt >= Self.limit }

    mutating func decodingFailed() { doubt += Self.decodingFailure }

    mutating func overlapped() { doubt += Self.overlap }

    /// Takes note of a packet that was decoded.
    ///
    /// - Parameters:
    ///   - power: the mean square of its samples.
    ///   - level: what its sender says.
    mutating func decoded(power: Float, level: UInt8?) {
        if let level, power > Self.audible,
            power > Self.powers[Int(min(level, 127))] * Self.contradictionFactor
        {
            doubt += Self.contradiction
        } else {
            doubt = max(0, doubt - 1)
        }
    }
}
