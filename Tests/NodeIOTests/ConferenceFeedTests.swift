import Testing

@testable import NodeCore
@testable import NodeIO

@Suite struct ConferenceFeedTests {
    private static func room() throws -> RoomID { try #require(RoomID("room")) }

    private static func snapshot(_ number: UInt64) -> ConferenceSnapshot {
        ConferenceSnapshot(
            number: number, participant: nil, participants: [], speaker: nil, slots: [], bitsPerSecond: nil)
    }

    /// A feed whose room has had an observer from the start, and the events 1 to `count`.
    private static func feed(_ count: UInt64) throws -> ConferenceFeed {
        var feed = ConferenceFeed()
        _ = feed.read(try room(), of: nil, after: nil, snapshot: snapshot(0))
        for number in 1...count {
            feed.publish(
                ConferenceNotice(
                    room: try room(), session: nil,
                    event: ConferenceEvent(number: number, kind: .bandwidth(Int(number)))))
        }
        return feed
    }

    /// What a reader gets at once.
    private static func told(
        _ feed: inout ConferenceFeed, after last: UInt64?, at present: UInt64
    ) async throws -> [ConferenceEvent] {
        let stream = feed.read(try room(), of: nil, after: last, snapshot: snapshot(present))
        feed.closeAll()
        var events: [ConferenceEvent] = []
        for await event in stream { events.append(event) }
        return events
    }

    @Test func `who comes back gets what it missed, and nothing twice`() async throws {
        var feed = try Self.feed(20)
        let events = try await Self.told(&feed, after: 17, at: 20)
        #expect(events.map(\.number) == [18, 19, 20])
    }

    @Test(arguments: [
        nil, UInt64(0), 21, 1_000_000, .max,
    ])
    func `who is new, or tells a number that is not known any more or was never given out, gets the state`(
        last: UInt64?
    ) async throws {
        // More than is remembered, so that the first ones are forgotten.
        var feed = try Self.feed(600)
        let stale = try await Self.told(&feed, after: last, at: 600)
        #expect(stale.count == 1)
        guard case .snapshot(let snapshot) = stale.first?.kind else {
            Issue.record("told \(stale)")
            return
        }
        #expect(snapshot.number == 600)
    }

    @Test func `who is up to date is told nothing until something happens`() async throws {
        var feed = try Self.feed(5)
        let events = try await Self.told(&feed, after: 5, at: 5)
        #expect(events.isEmpty)
    }
}
