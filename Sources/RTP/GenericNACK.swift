import Wire

/// A request to send packets again (RFC 4585 section 6.2.1).
///
///     |            PID                |             BLP               |
package struct GenericNACK: Hashable, Sendable {
    package var sender: UInt32
    /// The source whose packets are missing.
    package var media: UInt32
    /// The pairs of packet identifier and bitmask, as offsets in the compound.
    package var range: Range<Int>

    /// Calls `body` for every number asked for, in the order of the packet. At most 17 times per four bytes.
    package func forEachSequenceNumber(in compound: Span<UInt8>, _ body: (UInt16) -> Void) {
        var offset = range.lowerBound
        while offset + 4 <= range.upperBound {
            let first = compound.uint16(at: offset)
            var following = compound.uint16(at: offset + 2)
            offset += 4
            body(first)
            var number = first
            while following != 0 {
                number &+= 1
                if following & 1 != 0 { body(number) }
                following >>= 1
            }
        }
    }
}
