import HTTPTypes
import NodeCore
import Testing

@testable import Signaling

@Suite struct ControlDocumentTests {
    private static func name(_ name: String) throws -> ParticipantID { try #require(ParticipantID(name)) }

    @Test func `the page's example is read member by member`() throws {
        let control = try ControlDocument.parse(
            """
            {
              "slots": {
                "3": {"pin": {"participant": "alice", "track": "1"}, "height": 720},
                "4": {"pin": null, "height": 180},
                "5": {"paused": true}
              },
              "tracks": {"0": {"muted": true}, "2": {"label": "screen"}},
              "preferred": ["bob", "carol"],
              "lastN": 5
            }
            """)
        #expect(
            control
                == SessionControl(
                    slots: [
                        "3": .init(
                            pin: .some(.init(participant: try Self.name("alice"), track: "1")), height: 720),
                        "4": .init(pin: .some(nil), height: 180),
                        "5": .init(isPaused: true),
                    ],
                    tracks: ["0": .init(isMuted: true), "2": .init(label: "screen")],
                    preferred: [try Self.name("bob"), try Self.name("carol")], lastN: 5))
    }

    @Test func `what is null is not what is absent`() throws {
        let absent = try ControlDocument.parse(#"{"slots": {"3": {}}}"#)
        #expect(absent == SessionControl(slots: ["3": .init()]))
        let null = try ControlDocument.parse(#"{"slots": {"3": {"pin": null}}, "lastN": null}"#)
        #expect(null == SessionControl(slots: ["3": .init(pin: .some(nil))], lastN: .some(nil)))
        #expect(absent != null)
    }

    @Test(arguments: ["{}", " {\n} ", #"{"slots":{}}"#, #"{"tracks":{}}"#])
    func `nothing asked for changes nothing`(text: String) throws {
        #expect(try ControlDocument.parse(text) == SessionControl())
    }

    @Test func `empty lists and the ends of ranges are taken`() throws {
        #expect(try ControlDocument.parse(#"{"preferred": []}"#) == SessionControl(preferred: []))
        for (text, height) in [("0", 0), ("4320", 4320), ("720.0", 720), ("-0", 0)] {
            #expect(
                try ControlDocument.parse(#"{"slots": {"v": {"height": \#(text)}}}"#)
                    == SessionControl(slots: ["v": .init(height: height)]))
        }
        for count in [0, 64] {
            #expect(try ControlDocument.parse(#"{"lastN": \#(count)}"#) == SessionControl(lastN: count))
        }
        let label = String(repeating: "ß", count: 32)
        #expect(
            try ControlDocument.parse(#"{"tracks": {"a": {"label": "\#(label)"}}}"#)
                == SessionControl(tracks: ["a": .init(label: label)]))
        let pin = SessionControl.Pin(participant: try Self.name("ann"), track: nil)
        for text in [#"{"participant": "ann"}"#, #"{"participant": "ann", "track": null}"#] {
            #expect(
                try ControlDocument.parse(#"{"slots": {"v": {"pin": \#(text)}}}"#)
                    == SessionControl(slots: ["v": .init(pin: .some(pin))]))
        }
    }

    @Test(arguments: [
        ("", ""), ("{", ""), ("null", ""), ("[]", ""), ("5", ""), ("\"x\"", ""), ("{} {}", ""),
        ("{'a':1}", ""),
        ("{\"lastN\":05}", "/lastN"), ("{\"lastN\":NaN}", ""), ("{} // x", ""),
        (#"{"slot":{}}"#, "/slot"), (#"{"a/b~c":1}"#, "/a~1b~0c"), (#"{"":1}"#, "/"),
        (#"{"slots":null}"#, "/slots"), (#"{"slots":[]}"#, "/slots"), (#"{"slots":"3"}"#, "/slots"),
        (#"{"slots":{"3":null}}"#, "/slots/3"), (#"{"slots":{"3":5}}"#, "/slots/3"),
        (#"{"slots":{"a/b":[]}}"#, "/slots/a~1b"), (#"{"slots":{"3":{"pinned":{}}}}"#, "/slots/3/pinned"),
        (#"{"slots":{"3":{"pin":"ann"}}}"#, "/slots/3/pin"), (#"{"slots":{"3":{"pin":[]}}}"#, "/slots/3/pin"),
        (#"{"slots":{"3":{"pin":{}}}}"#, "/slots/3/pin/participant"),
        (#"{"slots":{"3":{"pin":{"participant":null}}}}"#, "/slots/3/pin/participant"),
        (#"{"slots":{"3":{"pin":{"participant":5}}}}"#, "/slots/3/pin/participant"),
        (#"{"slots":{"3":{"pin":{"participant":"a","track":1}}}}"#, "/slots/3/pin/track"),
        (#"{"slots":{"3":{"pin":{"participant":"a","mid":"1"}}}}"#, "/slots/3/pin/mid"),
        (#"{"slots":{"3":{"height":null}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":"720"}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":true}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":0.5}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":1e99}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":1e999}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":99999999999999999999}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"paused":1}}}"#, "/slots/3/paused"),
        (#"{"slots":{"3":{"paused":null}}}"#, "/slots/3/paused"),
        (#"{"slots":{"3":{"paused":"true"}}}"#, "/slots/3/paused"),
        (#"{"tracks":true}"#, "/tracks"), (#"{"tracks":{"0":{"mute":true}}}"#, "/tracks/0/mute"),
        (#"{"tracks":{"0":{"muted":0}}}"#, "/tracks/0/muted"),
        (#"{"tracks":{"0":{"label":null}}}"#, "/tracks/0/label"),
        (#"{"tracks":{"0":{"label":7}}}"#, "/tracks/0/label"),
        (#"{"preferred":null}"#, "/preferred"), (#"{"preferred":"ann"}"#, "/preferred"),
        (#"{"preferred":{"0":"ann"}}"#, "/preferred"), (#"{"preferred":["ann",5]}"#, "/preferred/1"),
        (#"{"preferred":[null]}"#, "/preferred/0"), (#"{"lastN":"5"}"#, "/lastN"),
        (#"{"lastN":false}"#, "/lastN"), (#"{"lastN":2.5}"#, "/lastN"), (#"{"lastN":[]}"#, "/lastN"),
    ])
    func `another shape is malformed, and the place is named`(text: String, pointer: String) throws {
        let problem = try #require(Self.problem(of: text))
        #expect(problem.status == .badRequest)
        #expect(problem.slug == "malformed-json")
        #expect(problem.pointer == pointer)
        #expect(problem.detail.hasPrefix(pointer.isEmpty ? "The body must be " : "\(pointer) "))
    }

    @Test(arguments: [
        (#"{"slots":{"3":{"height":-1}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":4321}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"height":9223372036854775807}}}"#, "/slots/3/height"),
        (#"{"slots":{"3":{"pin":{"participant":""}}}}"#, "/slots/3/pin/participant"),
        (#"{"slots":{"3":{"pin":{"participant":"a b"}}}}"#, "/slots/3/pin/participant"),
        (#"{"tracks":{"0":{"label":""}}}"#, "/tracks/0/label"),
        (#"{"tracks":{"0":{"label":"123456789012345678901234567890123"}}}"#, "/tracks/0/label"),
        (#"{"tracks":{"0":{"label":"a\nb"}}}"#, "/tracks/0/label"),
        (#"{"tracks":{"0":{"label":"\u202e"}}}"#, "/tracks/0/label"),
        (#"{"preferred":["ann","../x"]}"#, "/preferred/1"), (#"{"lastN":-1}"#, "/lastN"),
        (#"{"lastN":65}"#, "/lastN"),
    ])
    func `a value of the right type that cannot be is unacceptable, and the place is named`(
        text: String, pointer: String
    ) throws {
        let problem = try #require(Self.problem(of: text))
        #expect(problem.status == .unprocessableContent)
        #expect(problem.slug == "unacceptable-control")
        #expect(problem.pointer == pointer)
        #expect(problem.detail.hasPrefix("\(pointer) "))
    }

    @Test func `what would be right is said`() {
        #expect(
            Self.problem(of: #"{"slots":{"3":{"height":"720"}}}"#)?.detail
                == "/slots/3/height must be a whole number from 0 to 4320.")
        #expect(
            Self.problem(of: #"{"slots":{"3":{"pin":7}}}"#)?.detail
                == #"/slots/3/pin must be null or an object with the member "participant" and, optional, "track"."#
        )
        #expect(
            Self.problem(of: #"{"lastM":5}"#)?.detail
                == #"/lastM is not known; expected is an object with the members "slots", "tracks", "preferred","#
                + #" "lastN" and "profile", all optional."#)
    }

    @Test func `one request with two faults always gets the same answer`() {
        for _ in 0..<20 {
            #expect(Self.problem(of: #"{"z":1,"a":1,"m":1,"q":1}"#)?.pointer == "/a")
        }
    }

    @Test func `no more names are kept than allowed`() {
        let names = { (count: Int) in
            "{\"preferred\":[\(Array(repeating: "\"ann\"", count: count).joined(separator: ","))]}"
        }
        #expect(Self.problem(of: names(256)) == nil)
        #expect(Self.problem(of: names(257))?.pointer == "/preferred")
    }

    @Test(arguments: ["[", "{\"slots\":", "{\"slots\":{\"3\":{\"pin\":"])
    func `nesting costs no stack`(opening: String) {
        let text = String(repeating: opening, count: 60_000 / opening.count)
        #expect(Self.problem(of: text)?.status == .badRequest)
        let depth = 400 / opening.filter { "[{".contains($0) }.count
        let closing = String(opening.reversed().compactMap { $0 == "[" ? "]" : $0 == "{" ? "}" : nil })
        let complete =
            String(repeating: opening, count: depth) + "0" + String(repeating: closing, count: depth)
        #expect(Self.problem(of: complete)?.status == .badRequest)
        #expect(Self.problem(of: "{\"lastN\":\(complete)}")?.pointer == "/lastN")
    }

    private static func problem(of text: String) -> Problem? {
        do throws(Problem) {
            _ = try ControlDocument.parse(text)
            return nil
        } catch {
            return error
        }
    }
}
