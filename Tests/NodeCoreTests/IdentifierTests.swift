import Testing

@testable import NodeCore

@Suite struct IdentifierTests {
    @Test(arguments: ["a", "Room-1", "a.b_c", String(repeating: "x", count: 64)])
    func `names of letters, digits and a few signs are taken`(name: String) {
        #expect(RoomID(name)?.description == name)
        #expect(ParticipantID(name)?.description == name)
        #expect(SessionID(name)?.description == name)
    }

    @Test(arguments: [
        "", String(repeating: "x", count: 65), "a b", "a/b", "ä", "a\u{0}", "a%20", "a\n", "a+b", "a:b",
    ])
    func `other names are refused`(name: String) {
        #expect(RoomID(name) == nil)
        #expect(ParticipantID(name) == nil)
        #expect(SessionID(name) == nil)
    }

    @Test func `a part of a text is taken too`() {
        #expect(RoomID("rooms/lobby".split(separator: "/")[1])?.description == "lobby")
    }
}
