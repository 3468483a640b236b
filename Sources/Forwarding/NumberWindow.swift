/// The last positions of a numbered stream from which some were left out by choice, so that the others can be numbered
/// without a gap: what is missing because it was lost keeps its number, what was left out has none.
///
///     position   20  21  22  23  24  25  26
///     state       k   o   o   k   k   o   k        k: kept, o: omitted
///     number     20          21  22      23
///
/// A ring of two bits for each of the last 64 * `words` positions, and the count of all that were ever omitted. Numbers
/// are found by counting bits, in both directions; once given, a number never changes. `words` is a power of two.
struct NumberWindow<let words: Int>: Sendable {
    enum State: Sendable, Equatable {
        /// It has a number, whether it has arrived or not.
        case kept
        /// It has no number.
        case omitted
        /// As kept, with a mark.
        case marked
        /// It has a number, which stays empty: nobody knew in time that it was not wanted.
        case withheld
    }

    /// Omitted: low bit alone. Marked: high bit alone. Withheld: both.
    private var low = InlineArray<words, UInt64>(repeating: 0)
    private var high = InlineArray<words, UInt64>(repeating: 0)
    /// The highest position that has been noted.
    private(set) var highest: Int64
    /// How many positions up to `highest` were omitted.
    private var omissions: Int64 = 0

    static var size: Int64 { Int64(words) * 64 }

    /// - Parameter first: the first position, whose number is the same.
    init(first: Int64) {
        highest = first - 1
    }

    /// The number that the position after the highest gets.
    var next: Int64 { highest + 1 - omissions }

    /// What became of a position; nil for one that is not in the window.
    func state(at position: Int64) -> State? {
        guard contains(position) else { return nil }
        let (word, mask) = place(of: position)
        return switch (low[word] & mask != 0, high[word] & mask != 0) {
        case (false, false): .kept
        case (true, false): .omitted
        case (false, true): .marked
        case (true, true): .withheld
        }
    }

    /// The number of a position; nil for one that is not in the window.
    func number(of position: Int64) -> Int64? {
        guard contains(position) else { return nil }
        return position - (omissions - omissions(after: position))
    }

    /// The position that has a number; nil if it is not in the window.
    func position(of number: Int64) -> Int64? {
        var left = next - 1 - number
        guard left >= 0, left < Self.size else { return nil }
        var top = highest
        let bottom = highest - Self.size + 1
        while top >= bottom {
            let base = max(top & ~63, bottom)
            let word = place(of: top).word
            var kept = ~(low[word] & ~high[word]) & Self.mask(base...top)
            let count = Int64(kept.nonzeroBitCount)
            if left < count {
                for _ in 0..<left { kept &= ~(1 << UInt64(63 - kept.leadingZeroBitCount)) }
                return (top & ~63) + Int64(63 - kept.leadingZeroBitCount)
            }
            left -= count
            top = base - 1
        }
        return nil
    }

    /// Notes a position above the highest, and what is known of those between: they are kept unless they are surely not
    /// wanted.
    mutating func append(_ position: Int64, _ state: State, gapIsOmitted: Bool = false) {
        let gap = position - highest - 1
        guard gap >= 0 else { return }
        if gap > 0 {
            // More than the window holds need not be noted one by one.
            for between in max(highest + 1, position - Self.size)..<position {
                write(gapIsOmitted ? .omitted : .kept, at: between)
            }
            if gapIsOmitted { omissions += gap }
        }
        write(state, at: position)
        if state == .omitted { omissions += 1 }
        highest = position
    }

    /// Marks or withholds a position that has a number.
    mutating func change(_ position: Int64, to state: State) {
        guard contains(position), self.state(at: position) != .omitted, state != .omitted else { return }
        write(state, at: position)
    }

    // MARK: - Private

    private func contains(_ position: Int64) -> Bool {
        position <= highest && position > highest - Self.size
    }

    /// How many positions above this one, which is in the window, were omitted.
    private func omissions(after position: Int64) -> Int64 {
        var count: Int64 = 0
        var bottom = position + 1
        while bottom <= highest {
            let top = min(bottom | 63, highest)
            let word = place(of: bottom).word
            count += Int64((low[word] & ~high[word] & Self.mask(bottom...top)).nonzeroBitCount)
            bottom = top + 1
        }
        return count
    }

    private func place(of position: Int64) -> (word: Int, mask: UInt64) {
        (Int(position >> 6) & (words - 1), 1 << UInt64(position & 63))
    }

    /// The bits of positions that share a word.
    private static func mask(_ range: ClosedRange<Int64>) -> UInt64 {
        let above = UInt64.max << UInt64(range.lowerBound & 63)
        return above & (UInt64.max >> UInt64(63 - range.upperBound & 63))
    }

    private mutating func write(_ state: State, at position: Int64) {
        let (word, mask) = place(of: position)
        switch state {
        case .kept:
            low[word] &= ~mask
            high[word] &= ~mask
        case .omitted:
            low[word] |= mask
            high[word] &= ~mask
        case .marked:
            low[word] &= ~mask
            high[word] |= mask
        case .withheld:
            low[word] |= mask
            high[word] |= mask
        }
    }
}
