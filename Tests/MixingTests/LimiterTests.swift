import Mixing
import Testing

@Suite struct LimiterTests {
    @Test func `what is quiet passes as it is`() {
        var limiter = Limiter()
        for step in 0..<50 {
            let tone = Signals.tone(700, amplitude: 0.7, from: step * 960, count: 960)
            var samples = tone
            limiter.apply(to: &samples)
            #expect(samples == tone)
        }
    }

    @Test(arguments: [1, 2, 6, 100] as [Float]) func `nothing ever reaches full scale`(amplitude: Float) {
        var limiter = Limiter()
        for step in 0..<50 {
            var samples = Signals.tone(
                700, amplitude: step % 10 < 5 ? amplitude : 0.1, from: step * 960, count: 960)
            limiter.apply(to: &samples)
            #expect(samples.allSatisfy { abs($0) < Limiter.highest })
        }
    }

    @Test func `a loud tone is turned down, not bent`() {
        var limiter = Limiter()
        var samples: [Float] = []
        for step in 0..<20 {
            samples = Signals.tone(700, amplitude: 3, from: step * 960, count: 960)
            limiter.apply(to: &samples)
        }
        // Its third overtone is 35 dB below at least.
        let fundamental = Signals.power(of: 700, in: samples)
        #expect(Signals.power(of: 2100, in: samples) < fundamental / 3000)
    }

    @Test func `the gain comes back within a second`() {
        var limiter = Limiter()
        for step in 0..<60 {
            var samples = Signals.tone(
                700, amplitude: step < 10 ? 6 : 0.1, from: step * 960, count: 960)
            limiter.apply(to: &samples)
        }
        #expect(limiter.gain > 0.99)
    }
}
