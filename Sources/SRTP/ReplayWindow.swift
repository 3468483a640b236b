/// Which of the last packets have been let through (RFC 3711 section 3.3.2): one bit for each, by index modulo the size.
struct ReplayWindow {
    private var highest: UInt64
    private var seen: [UInt64]

    /// Begins with the first packet, which counts as seen.
    ///
    /// - Parameter size: how far behind the highest a packet may be; a multiple of 64.
    init(first index: UInt64, size: Int) {
        highest = index
        seen = Array(repeating: 0, count: size / 64)
        mark(index)
    }

    private var size: UInt64 { UInt64(seen.count * 64) }

    /// Whether a packet was let through before, or is too old to tell.
    func contains(_ index: UInt64) -> Bool {
        guard index <= highest else { return false }
        return index + size <= highest || seen[Int(index % size / 64)] & (1 << (index % 64)) != 0
    }

    /// Notes a packet that is let through.
    mutating func insert(_ index: UInt64) {
        if index > highest {
            // What the window has moved over belongs to packets that are still to come.
            let first = max(highest + 1, index >= size ? index - size + 1 : 0)
            for passed in first..<index { seen[Int(passed % size / 64)] &= ~(1 << (passed % 64)) }
            highest = index
        }
        mark(index)
    }

    private mutating func mark(_ index: UInt64) {
        seen[Int(index % size / 64)] |= 1 << (index % 64)
    }
}
