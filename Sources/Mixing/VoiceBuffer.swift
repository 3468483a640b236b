package import Codecs
import RTP
package import Wire

/// One source from its packets to sound without gaps: puts packets in order, waits as long as their arrival is uneven, decodes,
/// and makes up what is missing.
///
///     silent --a packet whose time has come--> playing --nothing in it, or nothing comes--> silent
///
/// While it plays, what is missing is taken from the copy in the packet after it, or made up. When nothing comes at all the sound
/// is made up for a moment, without going on in the source's time: what comes late is still heard, and the delay has grown.
/// Pauses of speech are cut when the delay is longer than need be, and drawn out when it is shorter.
package struct VoiceBuffer: ~Copyable {
    /// Samples of one step: 20 ms.
    package static let step = 960
    /// Packets that may wait.
    private static let packetLimit = 64
    /// A source whose times jump by more begins anew: 2 s.
    private static let longestJump: Int64 = 96_000
    /// So much is made up in a row; then it is silent.
    private static let longestConcealment = 2880
    /// Timestamps that are so much later than they should be are no pause: 10 ms.
    private static let roughness: Int64 = 480
    /// The delay may be so much longer than need be before pauses are cut, and before more than pauses is: 40 and 160 ms.
    private static let slack: Int64 = 1920
    private static let longestSlack: Int64 = 7680
    /// A packet below this power is a pause: -55 dB of full scale.
    private static let pausePower: Float = 3e-6

    private struct Waiting {
        let sequence: Int64
        /// Unwrapped timestamp.
        let position: Int64
        let description: OpusPacket
        let packet: VoicePacket
    }

    private enum State {
        /// The number of the packet that was decoded last, if there was one.
        case silent(last: Int64?)
        /// The timestamp of the sample that is to be decoded next, and the number of the packet that was decoded last.
        case playing(next: Int64, last: Int64)
    }

    private var decoder: OpusDecoder
    private var state = State.silent(last: nil)
    /// By number.
    private var waiting: [Waiting] = []
    private var sequences = SequenceUnwrapper()
    /// The packet that came last: its number, timestamp and samples.
    private var latest: (sequence: Int64, position: Int64, samples: Int)?
    private var arrivals = ArrivalDelay()
    private var trust = SourceTrust()
    private var queue = SampleQueue()
    private var scratch = [Float](repeating: 0, count: OpusPacket.longest)
    /// Samples that were made up in a row.
    private var madeUp = 0
    /// The samples of the packet decoded last.
    private var usualSamples = VoiceBuffer.step
    private var endsInSilence = false
    package private(set) var statistics = VoiceStatistics()

    package init() throws(CodecError) {
        decoder = try OpusDecoder()
    }

    /// Whether the source turned out not to be Opus that can be decoded: it may be encrypted for others.
    package var isLost: Bool { trust.isLost }

    /// Whether it sounds although its sender always says that it is silent.
    package var hasWorthlessLevels: Bool { trust.hasWorthlessLevels }

    /// The timestamp of the sample that is heard next; nil while it is silent.
    package var nextTimestamp: UInt32? {
        guard case .playing(let next, _) = state else { return nil }
        return UInt32(truncatingIfNeeded: next - Int64(queue.count))
    }

    /// Takes a packet. Those that are late, there already, or broken are counted.
    package mutating func insert(_ packet: VoicePacket) {
        statistics.packets &+= 1
        guard let description = OpusPacket(parsing: packet.payload.span) else {
            noteDamage()
            return
        }
        var sequence = sequences.unwrap(packet.sequenceNumber)
        var position = unwrap(packet.timestamp)
        let arrival = packet.arrival.samples
        if let base = arrivals.base, abs(arrival - position - base) > Self.longestJump {
            restart()
            sequence = sequences.unwrap(packet.sequenceNumber)
            position = unwrap(packet.timestamp)
        }
        arrivals.note(arrival: arrival, position: position)
        // Clocks of senders may be rough, but not by half a packet.
        if let latest, sequence == latest.sequence + 1,
            (position - latest.position) * 2 <= Int64(latest.samples)
        {
            trust.overlapped()
        }
        latest = (sequence, position, description.samples)
        switch state {
        case .playing(let next, let last):
            if sequence <= last || position + Int64(description.samples) <= next {
                statistics.latePackets &+= 1
                return
            }
        case .silent(let last?):
            if sequence <= last {
                statistics.latePackets &+= 1
                return
            }
        case .silent(nil):
            break
        }
        let place = waiting.lastIndex { $0.sequence <= sequence }.map { $0 + 1 } ?? 0
        if place > 0, waiting[place - 1].sequence == sequence { return }
        waiting.insert(
            Waiting(sequence: sequence, position: position, description: description, packet: packet),
            at: place)
        if waiting.count > Self.packetLimit { waiting.removeFirst() }
    }

    /// Fetches the next step of sound.
    ///
    /// - Parameter output: `step` samples, full scale being 1.
    /// - Returns: whether there is something to hear in it.
    package mutating func pull(at now: Instant, into output: inout [Float]) -> Bool {
        let time = now.samples
        while queue.count < output.count, produce(at: time) {}
        let isSounding = queue.count > 0
        queue.take(into: &output)
        return isSounding
    }

    // MARK: - Making sound

    /// Decodes or makes up some more. Returns false if there is to be silence.
    private mutating func produce(at time: Int64) -> Bool {
        switch state {
        case .silent:
            guard let first = waiting.first, let base = arrivals.base,
                first.position + base + arrivals.target <= time
            else { return false }
            madeUp = 0
            // What is lost before it is not missed.
            state = .playing(next: first.position, last: first.sequence - 1)
            return true
        case .playing(let next, let last):
            guard let first = waiting.first else { return bridge(after: last) }
            let gap = first.position - next
            let missing = first.sequence - last - 1
            if gap <= 0 || missing <= 0 && gap <= Self.roughness {
                waiting.removeFirst()
                play(first, at: time)
                return true
            }
            let lost = min(gap, missing * Int64(usualSamples))
            guard lost >= Int64(OpusDecoder.step), madeUp < Self.longestConcealment, !endsInSilence else {
                // A pause of the sender, or more than can be made up.
                state = .silent(last: last)
                return first.position + (arrivals.base ?? 0) + arrivals.target <= time
            }
            repair(Int(lost), before: first, isLast: gap == lost, from: next, last)
            return true
        }
    }

    /// Decodes a packet whose turn it is.
    private mutating func play(_ item: Waiting, at time: Int64) {
        let count: Int
        do {
            count = try decoder.decode(item.packet.payload.span, into: &scratch)
        } catch {
            noteDamage()
            let count = min(item.description.samples, Self.step)
            decoder.conceal(count, into: &scratch)
            noteConcealment(count)
            queue.append(scratch, count)
            state = .playing(next: item.position + Int64(item.description.samples), last: item.sequence)
            return
        }
        madeUp = 0
        usualSamples = count
        state = .playing(next: item.position + Int64(count), last: item.sequence)
        var power: Float = 0
        for index in 0..<count { power += scratch[index] * scratch[index] }
        power /= Float(count)
        endsInSilence = item.description.isSilence || power < Self.pausePower
        let mayBeHeard = trust.decoded(
            power: power, level: item.packet.level, bytes: item.packet.payload.count)
        if !mayBeHeard {
            for index in 0..<count { scratch[index] = 0 }
        }
        // How long this packet's first sample will have taken, and how long it has to.
        let delay = time + Int64(queue.count) - item.position - (arrivals.base ?? 0)
        statistics.delay = .nanoseconds(delay * 1_000_000 / 48)
        let excess = delay - arrivals.target
        if excess > Self.longestSlack || excess > Self.slack && power < Self.pausePower {
            statistics.shortened += Self.duration(count)
            return
        }
        queue.append(scratch, count)
        if excess < -Self.slack, power < Self.pausePower { queue.append(scratch, count) }
    }

    /// Makes something of packets that are missing before one that is there.
    ///
    /// - Parameters:
    ///   - count: samples that are missing.
    ///   - isLast: whether the missing end where `following` begins.
    private mutating func repair(
        _ count: Int, before following: Waiting, isLast: Bool, from next: Int64, _ last: Int64
    ) {
        let copied = min(count, following.description.frameSamples, usualSamples)
        let hasCopy = isLast && following.description.hasRecovery
        // The copy is of the last frame that is missing.
        let isRecovery = hasCopy && count <= copied
        let wanted = hasCopy && count > copied ? count - copied : count
        let step = min(wanted, Self.longestConcealment) / OpusDecoder.step * OpusDecoder.step
        guard step > 0 else {
            state = .playing(next: following.position, last: following.sequence - 1)
            return
        }
        var isRepaired = false
        if isRecovery {
            isRepaired =
                (try? decoder.recover(step, from: following.packet.payload.span, into: &scratch)) != nil
        }
        if isRepaired {
            statistics.recoveredPackets &+= 1
            madeUp = 0
        } else {
            decoder.conceal(step, into: &scratch)
            noteConcealment(step)
        }
        queue.append(scratch, step)
        state = .playing(next: next + Int64(step), last: step == count ? following.sequence - 1 : last)
    }

    /// Bridges the time until the next packet comes. Returns false once there is to be silence.
    private mutating func bridge(after last: Int64) -> Bool {
        guard !endsInSilence, madeUp < Self.longestConcealment else {
            state = .silent(last: last)
            return false
        }
        decoder.conceal(Self.step, into: &scratch)
        noteConcealment(Self.step)
        queue.append(scratch, Self.step)
        return true
    }

    // MARK: - Private

    private mutating func noteDamage() {
        statistics.damagedPackets &+= 1
        trust.decodingFailed()
    }

    private mutating func noteConcealment(_ count: Int) {
        madeUp += count
        statistics.concealed += Self.duration(count)
    }

    package mutating func noteDecoding(_ duration: Duration) { statistics.decodeTime += duration }

    private func unwrap(_ timestamp: UInt32) -> Int64 {
        guard let latest else { return Int64(timestamp) }
        return latest.position
            + Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: latest.position)))
    }

    private mutating func restart() {
        state = .silent(last: nil)
        waiting.removeAll(keepingCapacity: true)
        sequences = SequenceUnwrapper()
        latest = nil
        arrivals = ArrivalDelay()
        queue.removeAll()
        decoder.reset()
        endsInSilence = false
    }

    private static func duration(_ samples: Int) -> Duration { .nanoseconds(Int64(samples) * 1_000_000 / 48) }
}
