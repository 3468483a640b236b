package import Wire

/// Which packets of one received source are missing, and when to ask for them (RFC 4585 section 6.2.1).
///
/// Packets sent again are given to `receive` like any other, under their original number. Nothing is
/// allocated while nothing is missing.
package struct NACKGenerator: Sendable {
    /// What a packet turned out to be.
    package enum Reception: Hashable, Sendable {
        /// The first packet, or the one after the highest.
        case inOrder
        /// So many before it are missing now.
        case gap(missing: Int)
        /// It was missing; it may have been given up already.
        case recovered
        case duplicate
        /// From before the first packet, or from before the window.
        case tooOld
        /// The numbers jumped, or too many are missing: nothing before this packet will be asked for, so the
        /// stream needs a key frame.
        case reset
    }

    /// The most numbers that may be missing at once, and the length of the window.
    package static let maximumMissing = 1000
    private static let maximumTries = 10
    private static let minimumInterval = Duration.milliseconds(50)
    private static let maximumAge = Duration.seconds(1)
    /// Bits in `received`: a power of two above `maximumMissing`.
    private static let windowSize: Int64 = 1024

    private struct Missing {
        let sequence: Int64
        let since: Instant
        var next: Instant
        var tries = 0
    }

    private let reorderingDelay: Duration
    private var unwrapper = SequenceUnwrapper()
    private var first: Int64 = 0
    /// One bit for each of the last numbers, by number modulo the window.
    private var received = InlineArray<16, UInt64>(repeating: 0)
    /// Sorted by number.
    private var missing: [Missing] = []
    /// What follows the last number that was too old: two such in a row mean that the source began anew.
    private var restart: UInt16?
    /// When `dueRequests` wants to be called next.
    package private(set) var deadline: Instant?

    /// - Parameter reorderingDelay: how long a packet may be late before it is asked for.
    package init(reorderingDelay: Duration = .milliseconds(10)) {
        self.reorderingDelay = reorderingDelay
    }

    /// How many packets are being asked for.
    package var missingCount: Int { missing.count }

    /// Notes a packet, be it new, late or sent again.
    package mutating func receive(_ sequenceNumber: UInt16, at now: Instant) -> Reception {
        guard let highest = unwrapper.highest else {
            begin(at: sequenceNumber)
            return .inOrder
        }
        let distance = SequenceUnwrapper.distance(
            from: UInt16(truncatingIfNeeded: highest), to: sequenceNumber)
        let sequence = highest + distance
        if distance > 0 {
            let gap = Int(distance) - 1
            guard missing.count + gap <= Self.maximumMissing else {
                begin(at: sequenceNumber)
                return .reset
            }
            restart = nil
            _ = unwrapper.unwrap(sequenceNumber)
            guard gap > 0 else {
                markReceived(sequence)
                return .inOrder
            }
            let next = now + reorderingDelay
            for lost in highest + 1..<sequence {
                clearReceived(lost)
                missing.append(Missing(sequence: lost, since: now, next: next))
            }
            markReceived(sequence)
            deadline = min(deadline ?? next, next)
            return .gap(missing: gap)
        }
        if distance <= -Int64(Self.maximumMissing) {
            if restart == sequenceNumber {
                begin(at: sequenceNumber)
                return .reset
            }
            restart = sequenceNumber &+ 1
            return .tooOld
        }
        guard sequence >= first else { return .tooOld }
        guard !wasReceived(sequence) else { return .duplicate }
        markReceived(sequence)
        if let index = index(of: sequence) {
            missing.remove(at: index)
            if missing.isEmpty { deadline = nil }
        }
        return .recovered
    }

    /// Appends the numbers to ask for now to `list`, sorted along the sequence: each once after the
    /// reordering delay, then every `roundTrip`, but not within 50 ms, up to ten times and for one second.
    ///
    /// - Returns: how many were given up.
    @discardableResult
    package mutating func dueRequests(
        at now: Instant, roundTrip: Duration, into list: inout [UInt16]
    ) -> Int {
        guard let deadline, let highest = unwrapper.highest, now >= deadline else { return 0 }
        let interval = max(roundTrip, Self.minimumInterval)
        var kept = 0
        var earliest: Instant?
        for index in missing.indices {
            var entry = missing[index]
            let expiry = entry.since + Self.maximumAge
            let isLost = now >= expiry || entry.sequence <= highest - Int64(Self.maximumMissing)
            if isLost || (now >= entry.next && entry.tries == Self.maximumTries) { continue }
            if now >= entry.next {
                list.append(UInt16(truncatingIfNeeded: entry.sequence))
                entry.tries += 1
                entry.next = now + interval
            }
            let wake = min(entry.next, expiry)
            earliest = min(earliest ?? wake, wake)
            missing[kept] = entry
            kept += 1
        }
        let givenUp = missing.count - kept
        missing.removeLast(givenUp)
        self.deadline = earliest
        return givenUp
    }

    /// Lets a packet that is missing not be asked for before `time`: who would be asked misses it, too.
    package mutating func postpone(_ sequenceNumber: UInt16, until time: Instant) {
        guard let highest = unwrapper.highest else { return }
        let distance = SequenceUnwrapper.distance(
            from: UInt16(truncatingIfNeeded: highest), to: sequenceNumber)
        guard let index = index(of: highest + distance) else { return }
        missing[index].next = max(missing[index].next, time)
    }

    // MARK: - Private

    private mutating func begin(at sequenceNumber: UInt16) {
        unwrapper = SequenceUnwrapper()
        first = unwrapper.unwrap(sequenceNumber)
        missing.removeAll(keepingCapacity: true)
        deadline = nil
        restart = nil
        markReceived(first)
    }

    private func index(of sequence: Int64) -> Int? {
        var low = 0
        var high = missing.count
        while low < high {
            let middle = (low + high) / 2
            if missing[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low < missing.count && missing[low].sequence == sequence ? low : nil
    }

    private func position(_ sequence: Int64) -> (word: Int, mask: UInt64) {
        let bit = Int(sequence & (Self.windowSize - 1))
        return (bit / 64, 1 << UInt64(bit % 64))
    }

    private func wasReceived(_ sequence: Int64) -> Bool {
        let (word, mask) = position(sequence)
        return received[word] & mask != 0
    }

    private mutating func markReceived(_ sequence: Int64) {
        let (word, mask) = position(sequence)
        received[word] |= mask
    }

    private mutating func clearReceived(_ sequence: Int64) {
        let (word, mask) = position(sequence)
        received[word] &= ~mask
    }
}
