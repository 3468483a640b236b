/// An event of a conference and whom it is for.
package struct ConferenceNotice: Sendable {
    package let room: RoomID
    /// The one session that is told; nil for everybody in the room and those who observe it.
    package let session: SessionID?
    package let event: ConferenceEvent
}
