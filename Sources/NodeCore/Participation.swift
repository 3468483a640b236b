import SDP
import Wire

/// What makes a session a participant of a conference: its slots, what it asked for, and what it was told.
struct Participation {
    /// A receiving section of its offer, whose source changes.
    struct ReceiveSlot {
        /// The slot number of the down track.
        let downTrack: Int
        let kind: MediaKind
        /// What the participant was told last, MID included.
        var told: ConferenceSnapshot.Slot
        var pin: SessionControl.Pin?
        /// In pixels; nil until the participant says what it needs.
        var height: Int?
        var isPausedByClient = false
        /// The up track that is meant for it.
        var track: Int?

        init(downTrack: Int, kind: MediaKind, mid: String) {
            self.downTrack = downTrack
            self.kind = kind
            told = ConferenceSnapshot.Slot(mid: mid, kind: kind.rawValue, state: .empty)
        }

        /// Whether nothing is to be sent although there is a source.
        var isPaused: Bool { isPausedByClient || height == 0 }
    }

    var slots: [ReceiveSlot] = []
    var preferred: [ParticipantID] = []
    var lastN: Int?
    /// The estimate that the participant was told last, bits per second.
    var toldBitsPerSecond: Int?
    var nextBandwidth: Instant?
}

/// One track that a session sends, as others are told of it.
struct Publication {
    /// The slot number of the up track.
    let track: Int
    let kind: MediaKind
    /// What others were told last, MID included.
    var told: ConferenceSnapshot.Track
    /// The encodings that its sender was told are wanted; nil before it was told.
    var toldWanted: [String]?
    /// When an encoding was last found to be wanted, by RID.
    var lastWanted: [String: Instant] = [:]

    init(of section: NegotiatedSection, track: Int) {
        self.track = track
        kind = section.kind
        told = ConferenceSnapshot.Track(
            mid: section.mid, kind: section.kind.rawValue, label: nil, codec: nil, isMuted: false)
    }
}
