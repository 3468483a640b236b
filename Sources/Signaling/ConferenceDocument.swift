internal import NodeCore

/// The JSON of what is told of a conference. Members without a value are written as null, so that every object of a
/// kind has the same members.
enum ConferenceDocument {
    struct Snapshot: Encodable {
        @NullWhenAbsent var participant: String?
        let participants: [Participant]
        @NullWhenAbsent var speaker: String?
        let slots: [Slot]
        @NullWhenAbsent var bitsPerSecond: Int?
        @NullWhenAbsent var profile: Profile?

        init(_ snapshot: ConferenceSnapshot) {
            _participant = NullWhenAbsent(wrappedValue: snapshot.participant?.description)
            participants = snapshot.participants.map(Participant.init)
            _speaker = NullWhenAbsent(wrappedValue: snapshot.speaker?.description)
            slots = snapshot.slots.map(Slot.init)
            _bitsPerSecond = NullWhenAbsent(wrappedValue: snapshot.bitsPerSecond)
            _profile = NullWhenAbsent(wrappedValue: snapshot.profile.map(Profile.init))
        }
    }

    struct Participant: Encodable {
        let id: String
        let connected: Bool
        let tracks: [Track]

        init(_ participant: ConferenceSnapshot.Participant) {
            id = participant.id.description
            connected = participant.isConnected
            tracks = participant.tracks.map(Track.init)
        }
    }

    struct Track: Encodable {
        let mid: String
        let kind: String
        @NullWhenAbsent var label: String?
        @NullWhenAbsent var codec: String?
        let muted: Bool

        init(_ track: ConferenceSnapshot.Track) {
            mid = track.mid
            kind = track.kind
            _label = NullWhenAbsent(wrappedValue: track.label)
            _codec = NullWhenAbsent(wrappedValue: track.codec)
            muted = track.isMuted
        }
    }

    struct Slot: Encodable {
        let mid: String
        let kind: String
        let state: String
        @NullWhenAbsent var participant: String?
        @NullWhenAbsent var track: String?
        @NullWhenAbsent var width: Int?
        @NullWhenAbsent var height: Int?
        @NullWhenAbsent var tier: String?
        @NullWhenAbsent var reason: String?

        init(_ slot: ConferenceSnapshot.Slot) {
            mid = slot.mid
            kind = slot.kind
            state = slot.state.rawValue
            _participant = NullWhenAbsent(wrappedValue: slot.participant?.description)
            _track = NullWhenAbsent(wrappedValue: slot.track)
            _width = NullWhenAbsent(wrappedValue: slot.width)
            _height = NullWhenAbsent(wrappedValue: slot.height)
            _tier = NullWhenAbsent(wrappedValue: slot.tier)
            _reason = NullWhenAbsent(wrappedValue: slot.reason?.rawValue)
        }
    }

    /// `left` and `speaker`.
    struct Name: Encodable {
        @NullWhenAbsent var participant: String?

        init(_ participant: ParticipantID?) {
            _participant = NullWhenAbsent(wrappedValue: participant?.description)
        }
    }

    /// `track`
    struct ParticipantTrack: Encodable {
        let participant: String
        let track: Track
    }

    /// `bandwidth`
    struct Bandwidth: Encodable {
        let bitsPerSecond: Int
    }

    /// `profile`
    struct Profile: Encodable {
        let profile: String
        let reason: String
        let wish: String
        @NullWhenAbsent var grant: String?

        init(_ profile: ConferenceSnapshot.Profile) {
            _grant = NullWhenAbsent(wrappedValue: profile.grant?.rawValue)
            self.profile = profile.isWeak ? LinkProfile.Wish.weak.rawValue : LinkProfile.Wish.full.rawValue
            reason = profile.reason.rawValue
            wish = profile.wish.rawValue
        }
    }

    /// `layers`
    struct Layers: Encodable {
        let track: String
        let wanted: [String]
    }

    /// `move`
    struct Move: Encodable {
        let deadlineSeconds: Int64
        @NullWhenAbsent var url: String?

        init(deadlineSeconds: Int64, url: String?) {
            self.deadlineSeconds = deadlineSeconds
            _url = NullWhenAbsent(wrappedValue: url)
        }
    }

    /// `closed`
    struct Closed: Encodable {
        let reason: String
    }
}

/// A member that is written as null, and not left out, when it has no value.
@propertyWrapper struct NullWhenAbsent<Value: Encodable>: Encodable {
    var wrappedValue: Value?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}
