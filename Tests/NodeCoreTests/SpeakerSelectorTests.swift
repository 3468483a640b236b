import Testing
import Wire

@testable import NodeCore

private func emptyRoom() throws -> Room {
    Room(id: try #require(RoomID("room")))
}

/// Speakers who send a packet every 20 ms.
private struct Conversation {
    var selector = SpeakerSelector()
    var room: Room
    private(set) var changes: [Int] = []
    private var now = Instant.milliseconds(0)

    init() throws {
        room = try emptyRoom()
    }

    /// - Parameter levels: by session, 0 loudest to 127 silent.
    mutating func run(_ milliseconds: Int, _ levels: [(session: Int, level: UInt8)]) {
        for _ in 0..<milliseconds / 20 {
            for (session, level) in levels {
                if selector.heard(session, level: level, at: now) { changes.append(session) }
                _ = room.heard(session, level: level, at: now)
            }
            now = now + .milliseconds(20)
        }
    }
}

@Suite struct SpeakerSelectorTests {
    @Test func `who speaks is the speaker`() throws {
        var conversation = try Conversation()
        conversation.run(1000, [(1, 127), (2, 30)])
        #expect(conversation.selector.current == 2)
        #expect(conversation.changes == [2])
    }

    @Test func `silence makes nobody the speaker`() throws {
        var conversation = try Conversation()
        conversation.run(10_000, [(1, 127), (2, 90)])
        #expect(conversation.selector.current == nil)
    }

    @Test func `a cough changes nothing`() throws {
        var conversation = try Conversation()
        conversation.run(5000, [(1, 30), (2, 127)])
        conversation.run(200, [(1, 30), (2, 10)])
        conversation.run(5000, [(1, 30), (2, 127)])
        #expect(conversation.changes == [1])
    }

    @Test func `equal voices do not take turns`() throws {
        var conversation = try Conversation()
        conversation.run(30_000, [(1, 30), (2, 30), (3, 27)])
        #expect(conversation.changes == [3])
    }

    @Test func `the next speaker takes over from one who falls silent`() throws {
        var conversation = try Conversation()
        conversation.run(5000, [(1, 30), (2, 127)])
        conversation.run(3000, [(1, 127), (2, 30)])
        #expect(conversation.changes == [1, 2])
    }

    @Test func `a speaker stays for two seconds at least`() throws {
        var conversation = try Conversation()
        conversation.run(500, [(1, 40)])
        conversation.run(1400, [(2, 0)])
        #expect(conversation.changes == [1])
        conversation.run(1000, [(2, 0)])
        #expect(conversation.changes == [1, 2])
    }

    @Test func `one of whom nothing comes any more has stopped`() throws {
        var conversation = try Conversation()
        conversation.run(5000, [(1, 20), (2, 40)])
        // Weaker than the first, who sends nothing at all now.
        conversation.run(600, [(2, 40)])
        #expect(conversation.changes == [1, 2])
    }

    @Test func `one who leaves is not the speaker any more`() throws {
        var conversation = try Conversation()
        conversation.run(3000, [(1, 30), (2, 40)])
        conversation.selector.remove(1)
        #expect(conversation.selector.current == nil)
        conversation.run(20, [(2, 40)])
        #expect(conversation.selector.current == 2)
    }

    @Test func `a level beyond 127 is silence`() {
        var selector = SpeakerSelector()
        for _ in 0..<1000 { _ = selector.heard(1, level: 255, at: .milliseconds(0)) }
        #expect(selector.current == nil)
    }
}

@Suite struct RoomTests {
    @Test func `those who came last are shown first`() throws {
        var room = try emptyRoom()
        room.publishers = [4, 2, 9]
        #expect(room.ranking == [9, 2, 4])
    }

    @Test func `who speaks is shown before all`() throws {
        var conversation = try Conversation()
        conversation.room.publishers = [4, 2, 9]
        conversation.run(1000, [(4, 30)])
        #expect(conversation.room.ranking == [4, 9, 2])
        conversation.room.remove(4)
        #expect(conversation.room.ranking == [9, 2])
    }

    @Test func `a speaker who does not publish is not shown`() throws {
        var conversation = try Conversation()
        conversation.room.publishers = [2]
        conversation.room.echoes = [4]
        conversation.run(1000, [(4, 30)])
        #expect(conversation.room.ranking == [2])
    }

    @Test func `sessions are counted until they go`() throws {
        var room = try emptyRoom()
        room.publishers = [1, 2]
        room.watchers = [3]
        room.echoes = [4]
        #expect(room.sessionCount == 4)
        for session in [1, 3, 4, 7] { room.remove(session) }
        #expect(room.sessionCount == 1)
        #expect(room.publishers == [2])
    }
}
