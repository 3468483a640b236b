import BasicContainers
package import Codecs
package import Wire

/// One room's voices and what is made of them: one mix of all for those who only listen, and for each who speaks one without its own
/// voice.
///
/// All mixes of a room have one clock: their packets come in the same step, with the same timestamps, so that a listener can be
/// given another mix between two packets.
package struct VoiceMixer: ~Copyable {
    /// More voices at a time nobody understands.
    package static let voiceLimit = 6

    struct Voice: ~Copyable {
        let id: UInt32
        var buffer: VoiceBuffer
        var loudness = Loudness()
        /// The present step.
        var samples = [Float](repeating: 0, count: VoiceBuffer.step)
        var isSounding = false
        var isLost = false
        /// Steps until it is heard, as its speaker is to be given a mix without it first; nil while nothing is known against its
        /// sender's levels.
        var stepsUntilHeard: Int?

        /// Fetches the next step.
        mutating func fetch(at now: Instant, clock: () -> Instant) {
            let start = clock()
            isSounding = buffer.pull(at: now, into: &samples)
            if isSounding { loudness.apply(to: &samples) }
            buffer.noteDecoding(clock() - start)
            isLost = buffer.isLost
            if isLost { isSounding = false }
            guard buffer.hasWorthlessLevels else { return }
            let steps = stepsUntilHeard ?? VoiceMixer.stepsToPrepare
            stepsUntilHeard = max(0, steps - 1)
            if steps > 0 { isSounding = false }
        }
    }

    struct Mix: ~Copyable {
        let id: UInt32
        let without: UInt32?
        var encoder: OpusEncoder
        var limiter = Limiter()
        /// What is there of the present frame.
        var frame: [Float] = []
        var isWoken = true
        var isPausing = false
        var statistics = MixStatistics()

        /// Appends the encoded frame to `payload`. Nil if nothing is heard in it.
        mutating func encode(into payload: inout [UInt8]) -> Int? {
            // Taken out while it is read from, so that its memory is kept and not copied.
            var samples: [Float] = []
            swap(&samples, &frame)
            let outcome = try? encoder.encode(samples.span, into: &payload)
            samples.removeAll(keepingCapacity: true)
            swap(&samples, &frame)
            guard case .packet(let bytes)? = outcome else { return nil }
            return bytes
        }
    }

    /// 100 ms.
    private static let stepsToPrepare = 5

    private var voices = UniqueArray<Voice>()
    private var mixes = UniqueArray<Mix>()
    /// All voices together, and one mix of them.
    private var sum = [Float](repeating: 0, count: VoiceBuffer.step)
    private var step = [Float](repeating: 0, count: VoiceBuffer.step)
    /// The timestamp of the present step.
    private var timestamp: UInt32 = 0
    /// Steps since the room began: frames begin at multiples of their length.
    private var number = 0

    package init() {}

    package var voiceCount: Int { voices.count }
    package var mixCount: Int { mixes.count }

    // MARK: - Voices

    package mutating func addVoice(_ id: UInt32) throws(CodecError) {
        guard voices.count < Self.voiceLimit, voice(id) == nil else { return }
        voices.append(Voice(id: id, buffer: try VoiceBuffer()))
    }

    package mutating func removeVoice(_ id: UInt32) {
        if let index = voice(id) { _ = voices.remove(at: index) }
    }

    package mutating func insert(_ packet: VoicePacket, of id: UInt32) {
        guard let index = voice(id), !voices[index].isLost else { return }
        voices[index].buffer.insert(packet)
    }

    // MARK: - Mixes

    /// Makes a mix of all voices but one. Its first packet comes with those of the others.
    package mutating func addMix(_ id: UInt32, without: UInt32?, _ encoding: VoiceEncoding) throws(CodecError)
    {
        guard mix(id) == nil else { return }
        var made = Mix(id: id, without: without, encoder: try OpusEncoder(encoding))
        made.frame = begunFrame(encoding.frameLength)
        mixes.append(made)
    }

    package mutating func removeMix(_ id: UInt32) {
        if let index = mix(id) { _ = mixes.remove(at: index) }
    }

    /// Changes how a mix is encoded. Frames of another length begin with the next one.
    package mutating func changeMix(_ id: UInt32, _ encoding: VoiceEncoding) {
        guard let index = mix(id) else { return }
        if encoding.frameLength != mixes[index].encoder.encoding.frameLength {
            mixes[index].frame = begunFrame(encoding.frameLength)
        }
        mixes[index].encoder.change(encoding)
    }

    package mutating func wake(_ id: UInt32) {
        if let index = mix(id) { mixes[index].isWoken = true }
    }

    // MARK: - Time

    /// Lets steps pass in which nobody mixed.
    package mutating func skip(_ steps: Int) {
        timestamp &+= UInt32(truncatingIfNeeded: steps * VoiceBuffer.step)
    }

    /// Makes the next 20 ms.
    ///
    /// - Parameters:
    ///   - clock: tells the time; it is asked before and after what takes long.
    ///   - tell: called with packets, and with voices that cannot be decoded.
    package mutating func advance(at now: Instant, clock: () -> Instant, tell: (MixReport) -> Void) {
        fetchVoices(at: now, clock: clock, tell: tell)
        for index in sum.indices { sum[index] = 0 }
        for voice in 0..<voices.count where voices[voice].isSounding {
            for index in sum.indices { sum[index] += voices[voice].samples[index] }
        }
        for mix in 0..<mixes.count {
            let start = clock()
            for index in step.indices { step[index] = sum[index] }
            if let own = mixes[mix].without.flatMap({ voice($0) }), voices[own].isSounding {
                for index in step.indices { step[index] -= voices[own].samples[index] }
            }
            mixes[mix].limiter.apply(to: &step)
            mixes[mix].frame.append(contentsOf: step)
            if mixes[mix].frame.count >= mixes[mix].encoder.encoding.frameLength.samples {
                send(mix, tell: tell)
            }
            mixes[mix].statistics.encodeTime += clock() - start
        }
        timestamp &+= UInt32(VoiceBuffer.step)
        number += 1
    }

    /// Tells how all voices and mixes do.
    package mutating func tellStatistics(_ tell: (MixReport) -> Void) {
        for index in 0..<voices.count {
            tell(.voiceStatistics(voices[index].id, voices[index].buffer.statistics))
            guard voices[index].isSounding, let next = voices[index].buffer.nextTimestamp else { continue }
            tell(.heard(voice: voices[index].id, timestamp: next, as: timestamp))
        }
        for index in 0..<mixes.count { tell(.mixStatistics(mixes[index].id, mixes[index].statistics)) }
    }

    // MARK: - Private

    private mutating func fetchVoices(
        at now: Instant, clock: () -> Instant, tell: (MixReport) -> Void
    ) {
        for index in 0..<voices.count where !voices[index].isLost {
            let isKnown = voices[index].stepsUntilHeard != nil
            voices[index].fetch(at: now, clock: clock)
            if !isKnown, voices[index].stepsUntilHeard != nil { tell(.unlevelled(voice: voices[index].id)) }
            if voices[index].isLost { tell(.undecodable(voice: voices[index].id)) }
        }
    }

    private mutating func send(_ mix: Int, tell: (MixReport) -> Void) {
        let samples = mixes[mix].frame.count
        var payload: [UInt8] = []
        if let bytes = mixes[mix].encode(into: &payload) {
            mixes[mix].statistics.packets &+= 1
            mixes[mix].statistics.bytes &+= UInt64(bytes)
        } else if mixes[mix].isWoken {
            payload = [Self.silence(mixes[mix].encoder.encoding.frameLength)]
        } else {
            mixes[mix].statistics.silentFrames &+= 1
            mixes[mix].isPausing = true
            return
        }
        // The frame began so much earlier than the present step ends.
        let start = timestamp &+ UInt32(VoiceBuffer.step) &- UInt32(truncatingIfNeeded: samples)
        tell(
            .packet(
                MixPacket(payload: payload, timestamp: start, endsPause: mixes[mix].isPausing),
                mix: mixes[mix].id))
        mixes[mix].isWoken = false
        mixes[mix].isPausing = false
    }

    /// A frame of SILK, wide band, one channel, with nothing in it: silence begins (RFC 6716 section 3.1).
    private static func silence(_ length: VoiceEncoding.FrameLength) -> UInt8 {
        switch length {
        case .milliseconds20: 9 << 3
        case .milliseconds40: 10 << 3
        case .milliseconds60: 11 << 3
        }
    }

    /// What there is of the present frame for a mix that begins now: what another mix has of it, else silence.
    private func begunFrame(_ length: VoiceEncoding.FrameLength) -> [Float] {
        let count = number % (length.samples / VoiceBuffer.step) * VoiceBuffer.step
        var frame: [Float] = []
        frame.reserveCapacity(length.samples)
        for index in 0..<mixes.count
        where mixes[index].frame.count == count && mixes[index].encoder.encoding.frameLength == length {
            frame.append(contentsOf: mixes[index].frame)
            return frame
        }
        frame.append(contentsOf: repeatElement(0, count: count))
        return frame
    }

    private func voice(_ id: UInt32) -> Int? {
        for index in 0..<voices.count where voices[index].id == id { return index }
        return nil
    }

    private func mix(_ id: UInt32) -> Int? {
        for index in 0..<mixes.count where mixes[index].id == id { return index }
        return nil
    }
}
