import Mixing
import Testing

@Suite struct LoudnessTests {
    private func tone(amplitude: Float, step: Int) -> [Float] {
        Signals.tone(500, amplitude: amplitude, from: step * 960, count: 960)
    }

    @Test(arguments: [0.5, 0.2, 0.05, 0.02] as [Float]) func `voices of any level come to the same`(
        amplitude: Float
    ) {
        var loudness = Loudness()
        var power: Float = 0
        for step in 0..<200 {
            var samples = tone(amplitude: amplitude, step: step)
            loudness.apply(to: &samples)
            power = Signals.power(samples)
        }
        #expect(abs(Signals.decibels(power) + 26) < 0.5)
    }

    @Test func `a murmur stays quieter than a voice`() {
        var loudness = Loudness()
        for step in 0..<500 {
            var samples = tone(amplitude: 0.005, step: step)
            loudness.apply(to: &samples)
        }
        #expect(loudness.gain <= Loudness.gains.upperBound)
        #expect(loudness.gain > 3.9)
    }

    @Test func `a pause changes nothing`() {
        var loudness = Loudness()
        for step in 0..<200 {
            var samples = tone(amplitude: 0.2, step: step)
            loudness.apply(to: &samples)
        }
        let before = loudness.gain
        for _ in 0..<500 {
            var samples = [Float](repeating: 0.0001, count: 960)
            loudness.apply(to: &samples)
        }
        #expect(loudness.gain == before)
    }

    @Test func `the gain changes by a decibel in a step at most`() {
        var loudness = Loudness()
        var former = loudness.gain
        for step in 0..<300 {
            var samples = tone(amplitude: step % 100 < 50 ? 0.9 : 0.01, step: step)
            loudness.apply(to: &samples)
            #expect((0.89...1.122).contains(loudness.gain / former))
            former = loudness.gain
        }
    }
}
