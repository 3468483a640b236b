import Testing

@testable import NodeCore

@Suite struct ReceiveBitrateAdviceTests {
    /// The advice after so many updates.
    private static func advice(_ updates: [(lossShare: Double, received: Int)]) -> Int {
        var advice = ReceiveBitrateAdvice()
        for update in updates {
            advice.update(lossShare: update.lossShare, receivedBitsPerSecond: update.received)
        }
        return Int(advice.bitsPerSecond.rounded())
    }

    @Test func `it begins with one megabit a second`() {
        #expect(Self.advice([]) == 1_000_000)
    }

    @Test func `without losses it grows by 15 percent`() {
        #expect(Self.advice([(0, 2_000_000)]) == 1_150_000)
        #expect(Self.advice([(0.019, 2_000_000), (0, 2_000_000)]) == 1_322_500)
    }

    @Test func `it grows to twice of what arrives`() {
        #expect(Self.advice(Array(repeating: (0, 1_500_000), count: 30)) == 3_000_000)
        #expect(Self.advice(Array(repeating: (0, 0), count: 30)) == 1_000_000)
    }

    @Test func `it does not fall because less arrives`() {
        let updates = Array(repeating: (lossShare: 0.0, received: 1_500_000), count: 30)
        #expect(Self.advice(updates + [(0, 0)]) == 3_000_000)
    }

    @Test(arguments: [0.02, 0.05, 0.1])
    func `few losses change nothing`(share: Double) {
        #expect(Self.advice([(share, 5_000_000)]) == 1_000_000)
    }

    @Test func `it falls by half of the losses`() {
        #expect(Self.advice([(0.2, 0)]) == 900_000)
        #expect(Self.advice([(1, 0)]) == 500_000)
    }

    @Test func `it stays between 100 kilobits and 20 megabits`() {
        #expect(Self.advice(Array(repeating: (1, 0), count: 30)) == 100_000)
        #expect(Self.advice(Array(repeating: (0, 50_000_000), count: 60)) == 20_000_000)
    }
}
