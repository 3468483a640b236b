import Testing
import Wire

@testable import Forwarding

@Suite struct RetransmissionBudgetTests {
    /// How many of 1000 packets of 1000 bytes are allowed at `now`.
    private static func packets(_ budget: inout RetransmissionBudget, at now: Instant) -> Int {
        (0..<1000).count { _ in budget.take(bytes: 1000, at: now) }
    }

    @Test func `a new stream may repair 24 kilobytes`() {
        var budget = RetransmissionBudget()
        let count = Self.packets(&budget, at: .milliseconds(0))
        #expect(count == 24)
    }

    @Test func `a quarter of what is forwarded may be sent again`() {
        var budget = RetransmissionBudget()
        _ = Self.packets(&budget, at: .milliseconds(0))
        for _ in 0..<40 { budget.forwarded(bytes: 1000) }
        let count = Self.packets(&budget, at: .milliseconds(0))
        #expect(count == 10)
    }

    @Test func `a quiet stream gets 8 kilobytes a second`() {
        var budget = RetransmissionBudget()
        _ = Self.packets(&budget, at: .milliseconds(0))
        let counts = [500, 1500].map { Self.packets(&budget, at: .milliseconds($0)) }
        #expect(counts == [4, 8])
    }

    @Test func `no more is saved up than 96 kilobytes`() {
        var budget = RetransmissionBudget()
        budget.forwarded(bytes: 10_000_000)
        let count = Self.packets(&budget, at: .milliseconds(0))
        #expect(count == 96)
        let later = Self.packets(&budget, at: .milliseconds(1_000_000))
        #expect(later == 96)
    }

    @Test func `on a weak link a tenth is sent again, and little is saved up`() {
        var budget = RetransmissionBudget()
        budget.isTight = true
        let count = Self.packets(&budget, at: .milliseconds(0))
        #expect(count == 6)
        for _ in 0..<40 { budget.forwarded(bytes: 1000) }
        let more = Self.packets(&budget, at: .milliseconds(0))
        #expect(more == 4)
        let later = Self.packets(&budget, at: .milliseconds(2000))
        #expect(later == 2)
    }

    @Test func `a refused packet costs nothing`() {
        var budget = RetransmissionBudget()
        let results = [30_000, 24_000, 1].map { budget.take(bytes: $0, at: .milliseconds(0)) }
        #expect(results == [false, true, false])
    }
}
