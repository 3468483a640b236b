import Impairment
import Testing

@Suite struct SplitMix64Tests {
    @Test func `the numbers are those of the published algorithm`() {
        // The output of the authors' C program for this seed.
        var generator = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in generator.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func `fractions are evenly spread from 0 to below 1`() {
        var generator = SplitMix64(seed: 7)
        let fractions = (0..<100_000).map { _ in generator.nextFraction() }
        #expect(fractions.allSatisfy { (0..<1).contains($0) })
        #expect(abs(fractions.reduce(0, +) / 100_000 - 0.5) < 0.005)
        for tenth in 0..<10 {
            let count = fractions.count { Int($0 * 10) == tenth }
            #expect(abs(count - 10_000) < 500)
        }
    }
}
