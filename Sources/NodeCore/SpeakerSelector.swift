import Wire

/// Who speaks in a room and who is loudest, by the audio levels that clients send along (RFC 6464), smoothed and with
/// hysteresis so that a cough changes nothing.
struct SpeakerSelector {
    private struct Voice {
        let session: Int
        /// 0 silent to 127 loudest, smoothed over about a second.
        var activity: Double
        var lastHeard: Instant
        /// When it last changed its place among the voices.
        var placed: Instant
    }

    private static let smoothing = 0.04
    /// How much louder than the present speaker the next one must be, in dB.
    private static let margin = 6.0
    /// How much louder than the voice before it one must be to take its place, in dB: less than `margin`, since a voice
    /// that is not carried is missed more than a picture.
    private static let placeMargin = 3.0
    /// Below this nobody is taken for speaking.
    private static let threshold = 40.0
    private static let minimumHold = Duration.seconds(2)
    private static let minimumPlaceHold = Duration.milliseconds(500)
    /// A voice of which nothing comes has stopped (discontinuous transmission).
    private static let silence = Duration.milliseconds(500)
    /// Places beyond are of no interest: no client has so many audio slots.
    private static let audiblePlaces = 16

    /// Loudest first, as far as hysteresis lets them be.
    private var voices: [Voice] = []
    private(set) var current: Int?
    private var since: Instant?
    /// Those who have spoken, the latest first; the present speaker leads.
    private(set) var history: [Int] = []
    private var isReordered = false

    /// All who were heard, loudest first.
    var order: [Int] { voices.map(\.session) }

    /// Whether the order of the audible voices has changed since the last call.
    mutating func takeReordering() -> Bool {
        defer { isReordered = false }
        return isReordered
    }

    /// Takes one packet's audio level, 0 loudest to 127 silent. Returns whether another participant speaks now.
    mutating func heard(_ session: Int, level: UInt8, at now: Instant) -> Bool {
        let loudness = Double(127 - min(level, 127))
        var index: Int
        if let known = voices.firstIndex(where: { $0.session == session }) {
            index = known
            voices[index].activity += Self.smoothing * (loudness - voices[index].activity)
            voices[index].lastHeard = now
        } else {
            index = voices.count
            voices.append(Voice(session: session, activity: 0, lastHeard: now, placed: now))
            isReordered = isReordered || index < Self.audiblePlaces
        }
        index = advance(index, at: now)
        guard session != current, voices[index].activity > Self.threshold else { return false }
        if let current, let since, let speaking = voices.first(where: { $0.session == current }) {
            let isSilent = speaking.lastHeard + Self.silence < now
            let isLouder = voices[index].activity > speaking.activity + Self.margin
            guard now >= since + Self.minimumHold, isSilent || isLouder else { return false }
        }
        current = session
        since = now
        history.removeAll { $0 == session }
        history.insert(session, at: 0)
        return true
    }

    mutating func remove(_ session: Int) {
        if let index = voices.firstIndex(where: { $0.session == session }) {
            voices.remove(at: index)
            isReordered = isReordered || index < Self.audiblePlaces
        }
        history.removeAll { $0 == session }
        if current == session {
            current = nil
            since = nil
        }
    }

    /// Moves a voice one place forward if it is clearly louder than the one before it. Returns its place.
    private mutating func advance(_ index: Int, at now: Instant) -> Int {
        guard index > 0 else { return index }
        let before = voices[index - 1]
        let isSilent = before.lastHeard + Self.silence < now
        let isLouder = voices[index].activity > (isSilent ? 0 : before.activity) + Self.placeMargin
        guard isLouder, now >= before.placed + Self.minimumPlaceHold || isSilent else { return index }
        voices[index].placed = now
        voices[index - 1].placed = now
        voices.swapAt(index, index - 1)
        isReordered = isReordered || index <= Self.audiblePlaces
        return index - 1
    }
}
