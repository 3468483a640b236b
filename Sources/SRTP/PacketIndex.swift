/// The 48-bit index of RTP packets (RFC 3711 section 3.3.1): a sequence number with the rollovers that it does not show.
struct PacketIndex {
    /// The highest so far; rollovers above the low 16 bits.
    private(set) var highest: UInt64

    /// Begins with the first packet of a source.
    init(first index: UInt64) {
        highest = index
    }

    /// The index nearest to the highest that has this sequence number; nil for one from before the first rollover
    /// counter.
    func estimate(_ sequenceNumber: UInt16) -> UInt64? {
        let distance = Int64(Int16(bitPattern: sequenceNumber &- UInt16(truncatingIfNeeded: highest)))
        let index = Int64(bitPattern: highest) + distance
        return index >= 0 ? UInt64(index) : nil
    }

    mutating func advance(to index: UInt64) {
        highest = max(highest, index)
    }
}
