import Testing

@testable import Congestion

@Suite struct LossShareTests {
    /// Reports of packets that were sent evenly, one each tenth of a second, from `start` tenths on.
    private static func add(
        _ tenths: Int, of packets: Int, lost: Int = 0, from start: Int, to share: inout LossShare
    ) {
        for tenth in start..<start + tenths {
            share.add(arrived: packets - lost, missing: lost, at: Int64(tenth) * 100_000)
        }
    }

    @Test func `of many packets a second tells`() throws {
        var share = LossShare()
        Self.add(20, of: 20, from: 0, to: &share)
        Self.add(5, of: 20, lost: 4, from: 20, to: &share)
        #expect(try #require(share.share) == 0.1)
        Self.add(10, of: 20, from: 25, to: &share)
        #expect(share.share == 0)
    }

    @Test func `of few packets a single burst is weighed against some seconds`() throws {
        var share = LossShare()
        Self.add(30, of: 3, from: 0, to: &share)
        // Six of the last thirty.
        Self.add(2, of: 3, lost: 3, from: 30, to: &share)
        let told = try #require(share.share)
        #expect(told > 0.05 && told < 0.07)
    }

    @Test func `few packets that are lost all the time are noticed`() throws {
        var share = LossShare()
        Self.add(20, of: 3, lost: 1, from: 0, to: &share)
        #expect(try #require(share.share) > 0.3)
    }

    @Test func `too few tell nothing, nor does what was answered`() {
        var share = LossShare()
        Self.add(6, of: 3, lost: 3, from: 0, to: &share)
        #expect(share.share == nil)
        Self.add(6, of: 3, lost: 3, from: 6, to: &share)
        #expect(share.share == 1)
        share.restart()
        #expect(share.share == nil)
    }
}
