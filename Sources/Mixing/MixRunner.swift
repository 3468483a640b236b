import BasicContainers
package import Wire

/// All mixes of one thread: carries out orders, and makes 20 ms of every room's sound whenever 20 ms have passed.
///
/// It reads no clock and has no thread; whoever runs it brings both.
package struct MixRunner: ~Copyable {
    private static let interval = Duration.milliseconds(20)
    /// Steps that are made up for at once when the thread was kept from running; more are left out.
    private static let catchUpLimit = 5
    private static let statisticsInterval = Duration.seconds(1)
    /// Steps left out in a second that are too many, and for how many seconds in a row that may be so.
    private static let missedLimit = 5
    private static let strainLimit = 3

    struct Entry: ~Copyable {
        let room: UInt32
        var mixer: VoiceMixer
    }

    private var entries = UniqueArray<Entry>()
    /// When the next step is due.
    private var next: Instant?
    private var nextStatistics = Instant(nanoseconds: .min)
    /// Steps that were left out since the last statistics, and seconds in a row in which there were too many.
    private var missed = 0
    private var strain = 0

    package init() {}

    /// When `advance` wants to be called next; nil while there is no room.
    package var deadline: Instant? { next }

    /// Encoders at present.
    package var mixCount: Int {
        var count = 0
        for index in 0..<entries.count { count += entries[index].mixer.mixCount }
        return count
    }

    /// Carries out one order.
    ///
    /// - Parameter tell: called with what came of it.
    package mutating func run(_ order: MixOrder, at now: Instant, tell: (MixReport) -> Void) {
        switch order {
        case .openRoom(let room):
            guard index(of: room) == nil else { return }
            entries.append(Entry(room: room, mixer: VoiceMixer()))
            if next == nil { next = now + Self.interval }
        case .closeRoom(let room):
            guard let index = index(of: room) else { return }
            _ = entries.remove(at: index)
            if entries.count == 0 { next = nil }
        case .addVoice(let voice, let room):
            guard let index = index(of: room) else { return }
            do {
                try entries[index].mixer.addVoice(voice)
            } catch {
                tell(.failed(room: room, reason: "\(error)"))
            }
        case .removeVoice(let voice, let room):
            guard let index = index(of: room) else { return }
            entries[index].mixer.removeVoice(voice)
        case .packet(let packet, let voice, let room):
            guard let index = index(of: room) else { return }
            entries[index].mixer.insert(packet, of: voice)
        case .addMix(let mix, let room, let without, let encoding):
            guard let index = index(of: room) else { return }
            do {
                try entries[index].mixer.addMix(mix, without: without, encoding)
            } catch {
                tell(.failed(room: room, reason: "\(error)"))
            }
        case .removeMix(let mix, let room):
            guard let index = index(of: room) else { return }
            entries[index].mixer.removeMix(mix)
        case .changeMix(let mix, let room, let encoding):
            guard let index = index(of: room) else { return }
            entries[index].mixer.changeMix(mix, encoding)
        case .wake(let mix, let room):
            guard let index = index(of: room) else { return }
            entries[index].mixer.wake(mix)
        }
    }

    /// Makes the steps that are due.
    ///
    /// - Parameters:
    ///   - clock: tells the time; it is asked before and after what takes long.
    ///   - tell: called with what came of them.
    package mutating func advance(to now: Instant, clock: () -> Instant, tell: (MixReport) -> Void) {
        guard var due = next else { return }
        if due + Self.interval * Self.catchUpLimit <= now {
            let skipped = Int((now - due).nanoseconds / Self.interval.nanoseconds)
            for index in 0..<entries.count { entries[index].mixer.skip(skipped) }
            due = due + Self.interval * skipped
            missed += skipped
        }
        while due <= now {
            for index in 0..<entries.count {
                entries[index].mixer.advance(at: due, clock: clock, tell: tell)
            }
            due = due + Self.interval
        }
        next = due
        guard now >= nextStatistics else { return }
        nextStatistics = now + Self.statisticsInterval
        for index in 0..<entries.count { entries[index].mixer.tellStatistics(tell) }
        giveWay(tell)
    }

    /// Where there is not time enough for all, the room that came last goes without a mix.
    private mutating func giveWay(_ tell: (MixReport) -> Void) {
        strain = missed >= Self.missedLimit ? strain + 1 : 0
        missed = 0
        guard strain >= Self.strainLimit, entries.count > 0 else { return }
        strain = 0
        let last = entries.remove(at: entries.count - 1)
        tell(.failed(room: last.room, reason: "the thread of mixes has no time"))
        if entries.count == 0 { next = nil }
    }

    private func index(of room: UInt32) -> Int? {
        for index in 0..<entries.count where entries[index].room == room { return index }
        return nil
    }
}
