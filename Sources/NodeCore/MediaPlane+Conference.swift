// What a participant of a conference asks for and is told: values that cross from signaling to the media side and back.

/// A change that a participant asks for. Only what is set changes; the change takes effect as a whole or not at all.
package struct SessionControl: Sendable, Equatable {
    /// What one receive slot is asked for.
    package struct Slot: Sendable, Equatable {
        /// The source that the slot keeps to; `.some(nil)` lets the node choose again.
        package var pin: Pin??
        /// The height in pixels at which the slot is shown, 0 to 4320: no layer higher than needed is sent. 0 stands for
        /// "not shown": the slot keeps its source and receives nothing.
        package var height: Int?
        package var isPaused: Bool?

        package init(pin: Pin?? = nil, height: Int? = nil, isPaused: Bool? = nil) {
            self.pin = pin
            self.height = height
            self.isPaused = isPaused
        }
    }

    /// A source by name: a participant, and the MID of one of its tracks; without one the first of the slot's kind.
    package struct Pin: Sendable, Hashable {
        package let participant: ParticipantID
        package let track: String?

        package init(participant: ParticipantID, track: String?) {
            self.participant = participant
            self.track = track
        }
    }

    /// What the participant says of one of its own tracks.
    package struct Track: Sendable, Equatable {
        /// A muted track is received and forwarded to nobody.
        package var isMuted: Bool?
        /// What the track shows, in the participant's words (`camera`, `screen`), 1 to 32 characters.
        package var label: String?

        package init(isMuted: Bool? = nil, label: String? = nil) {
            self.isMuted = isMuted
            self.label = label
        }
    }

    /// By the MID of the section in the participant's offer.
    package var slots: [String: Slot]
    package var tracks: [String: Track]
    /// Who is shown before others where neither pins nor speakers decide; first is best.
    package var preferred: [ParticipantID]?
    /// At most so many video slots are filled; `.some(nil)` lifts the limit.
    package var lastN: Int??
    /// How much is served: everything, or what a weak link carries.
    package var profile: LinkProfile.Wish?

    package init(
        slots: [String: Slot] = [:], tracks: [String: Track] = [:], preferred: [ParticipantID]? = nil,
        lastN: Int?? = nil, profile: LinkProfile.Wish? = nil
    ) {
        self.slots = slots
        self.tracks = tracks
        self.preferred = preferred
        self.lastN = lastN
        self.profile = profile
    }
}

/// What a participant knows of its room at one moment.
package struct ConferenceSnapshot: Sendable, Equatable {
    /// One source of a participant.
    package struct Track: Sendable, Equatable {
        /// The MID in the participant's own offer; it names the track in pins.
        package var mid: String
        package var kind: String
        package var label: String?
        /// nil until the first packet shows it.
        package var codec: String?
        package var isMuted: Bool

        package init(mid: String, kind: String, label: String?, codec: String?, isMuted: Bool) {
            self.mid = mid
            self.kind = kind
            self.label = label
            self.codec = codec
            self.isMuted = isMuted
        }
    }

    package struct Participant: Sendable, Equatable {
        package var id: ParticipantID
        package var tracks: [Track]
        package var isConnected: Bool

        package init(id: ParticipantID, tracks: [Track], isConnected: Bool) {
            self.id = id
            self.tracks = tracks
            self.isConnected = isConnected
        }
    }

    /// What a slot shows.
    package struct Slot: Sendable, Equatable {
        package enum State: String, Sendable {
            /// No source is meant for it.
            case empty
            /// The source is chosen; its key frame has not come yet.
            case waiting
            case active
            /// The client paused it, or asked for height 0.
            case paused
            /// The smallest layer does not fit into what the link carries.
            case starved
            /// The source has muted the track.
            case muted
        }

        /// Why a slot does not show what it would on another link or in another profile.
        package enum Reason: String, Sendable {
            /// The link is served one picture, and that is another slot's.
            case profile
            /// There is no CPU for a lane.
            case noCPU = "no-cpu"
            /// Lanes are made of VP8 and VP9 alone, and for receivers of those.
            case codec
            /// The source cannot be decoded: it may be encrypted end to end.
            case undecodable
        }

        /// The MID of the receiving section.
        package var mid: String
        package var kind: String
        package var state: State
        package var participant: ParticipantID?
        /// The MID of the participant's track.
        package var track: String?
        /// Of the layer that is being sent, where known.
        package var width: Int?
        package var height: Int?
        /// What is sent is made by a lane: `144p` and so on, or `still` for a picture every few seconds.
        package var tier: String?
        package var reason: Reason?

        package init(
            mid: String, kind: String, state: State, participant: ParticipantID? = nil, track: String? = nil,
            width: Int? = nil, height: Int? = nil, tier: String? = nil, reason: Reason? = nil
        ) {
            self.mid = mid
            self.kind = kind
            self.state = state
            self.participant = participant
            self.track = track
            self.width = width
            self.height = height
            self.tier = tier
            self.reason = reason
        }
    }

    /// What a participant is served, and why.
    package struct Profile: Sendable, Equatable {
        package let isWeak: Bool
        package let reason: LinkProfile.Reason
        package let wish: LinkProfile.Wish
        /// What the room's controller has granted, if it has.
        package let grant: LinkProfile.Wish?

        package init(
            isWeak: Bool, reason: LinkProfile.Reason, wish: LinkProfile.Wish, grant: LinkProfile.Wish? = nil
        ) {
            self.isWeak = isWeak
            self.reason = reason
            self.wish = wish
            self.grant = grant
        }

        package init(_ profile: LinkProfile) {
            self.init(
                isWeak: profile.isWeak, reason: profile.reason, wish: profile.wish, grant: profile.grant)
        }
    }

    /// The number of the last event that this snapshot contains.
    package var number: UInt64
    /// The participant itself; nil for an observer of the room.
    package var participant: ParticipantID?
    package var participants: [Participant]
    package var speaker: ParticipantID?
    /// In the order of the offer; empty for an observer.
    package var slots: [Slot]
    /// What the link to this participant carries, bits per second; nil while unknown.
    package var bitsPerSecond: Int?
    /// nil for an observer.
    package var profile: Profile?

    package init(
        number: UInt64, participant: ParticipantID?, participants: [Participant], speaker: ParticipantID?,
        slots: [Slot], bitsPerSecond: Int?, profile: Profile? = nil
    ) {
        self.number = number
        self.participant = participant
        self.participants = participants
        self.speaker = speaker
        self.slots = slots
        self.bitsPerSecond = bitsPerSecond
        self.profile = profile
    }
}

/// Something that participants or observers of a room are told.
package struct ConferenceEvent: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The state as a whole: what a reader gets first, or when it was away for too long.
        case snapshot(ConferenceSnapshot)
        case joined(ConferenceSnapshot.Participant)
        case left(ParticipantID)
        /// A track was published, has shown its codec, was muted, unmuted or named.
        case track(ParticipantID, ConferenceSnapshot.Track)
        case speaker(ParticipantID?)
        /// To one participant: what a slot of its own shows now.
        case slot(ConferenceSnapshot.Slot)
        /// To one participant: what its link carries, bits per second.
        case bandwidth(Int)
        /// To one participant: what it is served from now on.
        case profile(ConferenceSnapshot.Profile)
        /// To one participant: which encodings (RIDs) of its own track are wanted by anybody; the others may be
        /// switched off until the next such event.
        case layers(track: String, wanted: [String])
        /// The node is being drained: open a session within the time at another node, then close this one. `target` is the
        /// URL under which the other one answers; nil if that is the address at which this one was found.
        case move(deadline: Duration, target: String?)
        /// To one participant: its session has ended.
        case closed(reason: String)
    }

    /// Grows by at least one from event to event of a room.
    package let number: UInt64
    package let kind: Kind

    package init(number: UInt64, kind: Kind) {
        self.number = number
        self.kind = kind
    }
}
