/// Whether a source is what it says it is, and what its sender's levels (RFC 6464) are worth.
///
///     only silence told --a level below 127--> told
///            '--sound in packets of many sizes--> worthless --a level below 127--> told
///
/// Who has muted a microphone says 127, and so does a sender that measures nothing. What is silent and encrypted for others has packets of
/// one size, which a decoder makes noise of; sound has not, unless its bitrate is constant. What a client has encrypted for others is no Opus, but a decoder makes noise of most of
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

    /// By so many bytes packets differ that have something to say.
    private static let spread = 8

    private enum Levels {
        /// 127 has been told so far, if anything; the sizes of the packets that sounded nevertheless.
        case onlySilence(sizes: ClosedRange<Int>?)
        case told
        case worthless
    }

    private var doubt = 0
    private var levels = Levels.onlySilence(sizes: nil)

    var isLost: Bool { doubt >= Self.limit }

    /// Whether its sender always says that it is silent, and it is not.
    var hasWorthlessLevels: Bool {
        switch levels {
        case .worthless: true
        case .onlySilence, .told: false
        }
    }

    mutating func decodingFailed() { doubt += Self.decodingFailure }

    mutating func overlapped() { doubt += Self.overlap }

    /// Takes note of a packet that was decoded.
    ///
    /// - Parameters:
    ///   - power: the mean square of its samples.
    ///   - level: what its sender says.
    ///   - bytes: of the packet.
    /// - Returns: whether it may be heard.
    mutating func decoded(power: Float, level: UInt8?, bytes: Int) -> Bool {
        if let level, level < 127 { levels = .told }
        guard let level, power > Self.audible,
            power > Self.powers[Int(min(level, 127))] * Self.contradictionFactor
        else {
            doubt = max(0, doubt - 1)
            return true
        }
        switch levels {
        case .worthless:
            doubt = max(0, doubt - 1)
            return true
        case .told:
            doubt += Self.contradiction
            return true
        case .onlySilence(let sizes):
            let all = min(sizes?.lowerBound ?? bytes, bytes)...max(sizes?.upperBound ?? bytes, bytes)
            if all.count > Self.spread {
                levels = .worthless
            } else {
                levels = .onlySilence(sizes: all)
                doubt += Self.contradiction
            }
            return false
        }
    }
}
