import Wire

/// Who speaks in a room, by the audio levels that clients send along (RFC 6464), smoothed and with hysteresis so that a
/// cough changes nothing.
struct SpeakerSelector {
    private struct Voice {
        let session: Int
        /// 0 silent to 127 loudest, smoothed over about a second.
        var activity: Double
        var lastHeard: Instant
    }

    private static let smoothing = 0.04
    /// How much louder than the present speaker the next one must be, in dB.
    private static let margin = 6.0
    /// Below this nobody is taken for speaking.
    private static let threshold = 40.0
    private static let minimumHold = Duration.seconds(2)
    /// A voice of which nothing comes has stopped (discontinuous transmission).
    private static let silence = Duration.milliseconds(500)

    private var voices: [Voice] = []
    private(set) var current: Int?
    private var since: Instant?

    mutating func heard(_ session: Int, level: UInt8, at now: Instant) -> Bool {
        let loudness = Double(127 - min(level, 127))
        let index: Int
        if let known = voices.firstIndex(where: { $0.session == session }) {
            index = known
            voices[index].activity += Self.smoothing * (loudness - voices[index].activity)
            voices[index].lastHeard = now
        } else {
            index = voices.count
            voices.append(Voice(session: session, activity: 0, lastHeard: now))
        }
        guard session != current, voices[index].activity > Self.threshold else { return false }
        if let current, let since, let speaking = voices.first(where: { $0.session == current }) {
            let isSilent = speaking.lastHeard + Self.silence < now
            let isLouder = voices[index].activity > speaking.activity + Self.margin
            guard now >= since + Self.minimumHold, isSilent || isLouder else { return false }
        }
        current = session
        since = now
        return true
    }

    mutating func remove(_ session: Int) {
        voices.removeAll { $0.session == session }
        if current == session {
            current = nil
            since = nil
        }
    }
}
