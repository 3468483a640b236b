import Testing

@testable import Impairment

@Suite struct LossModelTests {
    private func losses(_ model: LossModel, count: Int, seed: UInt64 = 5) -> [Bool] {
        var generator = SplitMix64(seed: seed)
        var process = LossProcess(model)
        return (0..<count).map { _ in process.loses(using: &generator) }
    }

    private func runs(of losses: [Bool]) -> [Int] {
        losses.split(separator: false).map(\.count)
    }

    @Test func `without loss nothing is lost`() {
        #expect(!losses(.none, count: 1000).contains(true))
        #expect(!losses(.random(0), count: 1000).contains(true))
        #expect(!losses(.burst(averageLoss: 0, averageLength: 4), count: 1000).contains(true))
    }

    @Test func `with full loss everything is lost`() {
        #expect(!losses(.random(1), count: 1000).contains(false))
        #expect(!losses(.burst(averageLoss: 1, averageLength: 4), count: 1000).contains(false))
    }

    @Test(arguments: [0.01, 0.1, 0.5])
    func `random loss has its probability and no longer runs than chance gives`(probability: Double) {
        let losses = losses(.random(probability), count: 200_000)
        let share = Double(losses.count { $0 }) / 200_000
        #expect(abs(share - probability) < 0.1 * probability)
        let runs = runs(of: losses)
        let length = Double(runs.reduce(0, +)) / Double(runs.count)
        #expect(abs(length - 1 / (1 - probability)) < 0.05)
    }

    @Test(arguments: [(0.02, 3.0), (0.1, 5.0), (0.3, 10.0), (0.05, 1.0)])
    func `burst loss has its average share and its average length`(share: Double, length: Double) {
        let losses = losses(.burst(averageLoss: share, averageLength: length), count: 500_000)
        #expect(abs(Double(losses.count { $0 }) / 500_000 - share) < 0.1 * share)
        let runs = runs(of: losses)
        #expect(abs(Double(runs.reduce(0, +)) / Double(runs.count) - length) < 0.1 * length)
    }
}
