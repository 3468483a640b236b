/// Keeps a mix below full scale: turns it down while it is too loud, and bends what is above the ceiling all the same, so that
/// nothing is ever cut off.
package struct Limiter: Sendable {
    /// Peaks are turned down to it: -2 dB of full scale, as an encoder may overshoot.
    private static let ceiling: Float = 0.79
    /// What bending leaves room for.
    package static let highest: Float = 0.97
    /// 5 ms.
    private static let block = 240
    /// What is missing of the gain comes back by this share in a block: within about a fifth of a second.
    private static let release: Float = 0.03

    package private(set) var gain: Float = 1

    package init() {}

    /// Limits a step, whose length is a multiple of 5 ms.
    package mutating func apply(to samples: inout [Float]) {
        var start = 0
        while start < samples.count {
            let end = min(start + Self.block, samples.count)
            var peak: Float = 0
            for index in start..<end { peak = max(peak, abs(samples[index])) }
            let wanted = peak > Self.ceiling ? Self.ceiling / peak : 1
            let former = gain
            gain = wanted < gain ? wanted : gain + (wanted - gain) * Self.release
            if former != 1 || gain != 1 || peak > Self.ceiling {
                // Down within a millisecond, up over the whole block.
                let length = gain < former ? 48 : end - start
                for index in start..<end {
                    let share = min(Float(index - start) / Float(length), 1)
                    samples[index] = Self.bend(samples[index] * (former + (gain - former) * share))
                }
            }
            start = end
        }
    }

    /// Straight up to the ceiling, from there on ever flatter towards `highest`.
    private static func bend(_ sample: Float) -> Float {
        let size = abs(sample)
        guard size > ceiling else { return sample }
        let above = (size - ceiling) / (highest - ceiling)
        let bent = ceiling + (highest - ceiling) * above / (1 + above)
        return sample < 0 ? -bent : bent
    }
}
