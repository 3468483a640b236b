import NIOCore
import NodeCore
import Testing

@testable import Signaling

/// The rows of the table in Conferences.md.
@Suite struct ServerSentEventTests {
    private static func text(_ kind: ConferenceEvent.Kind) -> String {
        String(buffer: ServerSentEvent.bytes(ConferenceEvent(number: 7, kind: kind)))
    }

    private let ann: ParticipantID
    private let bob: ParticipantID
    private let camera = ConferenceSnapshot.Track(
        mid: "0", kind: "video", label: "camera", codec: "VP8", isMuted: false)
    private let microphone = ConferenceSnapshot.Track(
        mid: "1", kind: "audio", label: nil, codec: nil, isMuted: true)

    init() throws {
        ann = try #require(ParticipantID("ann"))
        bob = try #require(ParticipantID("bob"))
    }

    private static let cameraJSON =
        #"{"codec":"VP8","kind":"video","label":"camera","mid":"0","muted":false}"#
    private static let microphoneJSON =
        #"{"codec":null,"kind":"audio","label":null,"mid":"1","muted":true}"#

    @Test func `a snapshot tells all that a participant knows`() {
        let snapshot = ConferenceSnapshot(
            number: 7, participant: bob,
            participants: [.init(id: ann, tracks: [camera, microphone], isConnected: true)], speaker: ann,
            slots: [
                .init(
                    mid: "3", kind: "video", state: .active, participant: ann, track: "0", width: 640,
                    height: 360)
            ], bitsPerSecond: 1_500_000)
        #expect(
            Self.text(.snapshot(snapshot))
                == #"""
                id: 7
                event: snapshot
                data: {"bitsPerSecond":1500000,"participant":"bob","participants":[{"connected":true,"id":"ann",\#
                "tracks":[\#(Self.cameraJSON),\#(Self.microphoneJSON)]}],"profile":null,"slots":[{"height":360,"kind":"video",\#
                "mid":"3","participant":"ann","reason":null,"state":"active","tier":null,"track":"0","width":640}],\#
                "speaker":"ann"}


                """#)
    }

    @Test func `a snapshot of an empty room has null for what is not known`() {
        let snapshot = ConferenceSnapshot(
            number: 7, participant: nil, participants: [], speaker: nil, slots: [], bitsPerSecond: nil)
        #expect(
            Self.text(.snapshot(snapshot))
                == #"""
                id: 7
                event: snapshot
                data: {"bitsPerSecond":null,"participant":null,"participants":[],"profile":null,"slots":[],\#
                "speaker":null}


                """#)
    }

    @Test func `joined carries the participant and left the name`() {
        #expect(
            Self.text(.joined(.init(id: ann, tracks: [camera], isConnected: false)))
                == "id: 7\nevent: joined\ndata: {\"connected\":false,\"id\":\"ann\",\"tracks\":[\(Self.cameraJSON)]}\n\n"
        )
        #expect(Self.text(.left(ann)) == "id: 7\nevent: left\ndata: {\"participant\":\"ann\"}\n\n")
    }

    @Test func `track carries the participant and the track`() {
        #expect(
            Self.text(.track(ann, microphone))
                == "id: 7\nevent: track\ndata: {\"participant\":\"ann\",\"track\":\(Self.microphoneJSON)}\n\n"
        )
    }

    @Test func `speaker carries a name, or null when nobody speaks`() {
        #expect(Self.text(.speaker(bob)) == "id: 7\nevent: speaker\ndata: {\"participant\":\"bob\"}\n\n")
        #expect(Self.text(.speaker(nil)) == "id: 7\nevent: speaker\ndata: {\"participant\":null}\n\n")
    }

    @Test(arguments: [
        (ConferenceSnapshot.Slot.State.empty, "empty"), (.waiting, "waiting"), (.active, "active"),
        (.paused, "paused"), (.starved, "starved"), (.muted, "muted"),
    ])
    func `slot has every member in every state`(state: ConferenceSnapshot.Slot.State, name: String) {
        #expect(
            Self.text(.slot(.init(mid: "3", kind: "audio", state: state)))
                == #"""
                id: 7
                event: slot
                data: {"height":null,"kind":"audio","mid":"3","participant":null,"reason":null,\#
                "state":"\#(name)","tier":null,"track":null,"width":null}


                """#)
    }

    @Test func `a slot tells the tier of a lane, or why it shows none`() {
        #expect(
            Self.text(.slot(.init(mid: "3", kind: "video", state: .active, tier: "144p"))).contains(
                #""tier":"144p""#))
        #expect(
            Self.text(.slot(.init(mid: "3", kind: "video", state: .starved, reason: .noCPU))).contains(
                #""reason":"no-cpu""#))
    }

    @Test func `profile tells what is served, why, and what was asked for`() {
        #expect(
            Self.text(.profile(.init(isWeak: true, reason: .estimate, wish: .automatic)))
                == "id: 7\nevent: profile\n"
                + "data: {\"grant\":null,\"profile\":\"3g\",\"reason\":\"estimate\",\"wish\":\"auto\"}\n\n")
        #expect(
            Self.text(.profile(.init(isWeak: false, reason: .granted, wish: .full, grant: .full)))
                == "id: 7\nevent: profile\n"
                + "data: {\"grant\":\"full\",\"profile\":\"full\",\"reason\":\"granted\",\"wish\":\"full\"}\n\n"
        )
    }

    @Test func `bandwidth, layers and closed carry what their row says`() {
        #expect(
            Self.text(.bandwidth(96_000)) == "id: 7\nevent: bandwidth\ndata: {\"bitsPerSecond\":96000}\n\n")
        #expect(
            Self.text(.layers(track: "0", wanted: ["l", "h"]))
                == "id: 7\nevent: layers\ndata: {\"track\":\"0\",\"wanted\":[\"l\",\"h\"]}\n\n")
        #expect(
            Self.text(.layers(track: "0", wanted: []))
                == "id: 7\nevent: layers\ndata: {\"track\":\"0\",\"wanted\":[]}\n\n")
        #expect(
            Self.text(.closed(reason: "left")) == "id: 7\nevent: closed\ndata: {\"reason\":\"left\"}\n\n")
    }

    @Test(arguments: [
        (Duration.seconds(30), 30), (.milliseconds(1999), 1), (.zero, 0), (.seconds(-5), 0),
        (.milliseconds(-500), 0),
    ])
    func `move tells whole seconds, never more than there are`(deadline: Duration, seconds: Int) {
        #expect(
            Self.text(.move(deadline: deadline, target: nil))
                == "id: 7\nevent: move\ndata: {\"deadlineSeconds\":\(seconds),\"url\":null}\n\n")
    }

    @Test func `move tells where to go, if that is known`() {
        #expect(
            Self.text(.move(deadline: .seconds(3), target: "https://b.example/relay"))
                == "id: 7\nevent: move\ndata: {\"deadlineSeconds\":3,\"url\":\"https://b.example/relay\"}\n\n"
        )
    }

    @Test func `what a client wrote cannot break the lines of a stream`() {
        var track = camera
        track.label = "a\r\nevent: x\n\n\u{2028}\u{0}\"\\"
        let lines = Self.text(.track(ann, track)).split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" })
        #expect(lines.count == 5)
        #expect(lines[2].hasPrefix("data: {") && lines[2].hasSuffix("}"))
        #expect(lines[3].isEmpty && lines[4].isEmpty)
    }

    @Test func `the largest number is an id like others`() {
        let event = ConferenceEvent(number: .max, kind: .speaker(nil))
        #expect(String(buffer: ServerSentEvent.bytes(event)).hasPrefix("id: 18446744073709551615\n"))
    }
}
