/// Brings a voice slowly to the loudness that all voices of a mix have.
///
/// The level of a voice is the power of what it says, pauses left out: it follows within a fifth of a second when the voice gets
/// louder, within two when it gets quieter. The gain goes to what is missing, at most 10 dB a second up and 40 down, and is never more
/// than 12 dB nor less than -20: a murmur stays quieter than a voice.
package struct Loudness: Sendable {
    /// The common level, as the mean square of samples of full scale 1: -26 dB.
    package static let target: Float = 0.002_511_9
    package static let gains: ClosedRange<Float> = 0.1...3.981
    /// Below it nothing is said: -55 dB; nor 20 dB below the voice's level.
    private static let floor: Float = 3.16e-6
    private static let pauseRatio: Float = 0.01
    private static let attack: Float = 0.1
    private static let release: Float = 0.01
    /// Of a step of 20 ms: 0.2 dB and -0.8 dB.
    private static let rise: Float = 1.0233
    private static let fall: Float = 0.912

    private var level: Float?
    package private(set) var gain: Float = 1

    package init() {}

    /// Applies the gain to a step of 20 ms, without a jump at its beginning.
    package mutating func apply(to samples: inout [Float]) {
        var sum: Float = 0
        for sample in samples { sum += sample * sample }
        let power = sum / Float(samples.count)
        let former = gain
        if power > Self.floor, power > (level ?? 0) * Self.pauseRatio {
            let present = level ?? power
            level = present + (power - present) * (power > present ? Self.attack : Self.release)
            follow()
        }
        guard former != 1 || gain != 1 else { return }
        let slope = (gain - former) / Float(samples.count)
        for index in samples.indices { samples[index] *= former + slope * Float(index) }
    }

    private mutating func follow() {
        guard let level else { return }
        let wanted = (Self.target / level).squareRoot()
        let limited = min(max(wanted, Self.gains.lowerBound), Self.gains.upperBound)
        gain = min(max(limited, gain * Self.fall), gain * Self.rise)
    }
}
