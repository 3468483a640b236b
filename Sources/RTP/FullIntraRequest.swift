import Wire

/// A demand for key frames (RFC 5104 section 4.3.1).
///
///     |                              SSRC                             |
///     | Seq nr.       |    Reserved                                   |
package struct FullIntraRequest: Hashable, Sendable {
    package var sender: UInt32
    /// The entries, as offsets in the compound.
    package var range: Range<Int>

    /// Calls `body` with the source that shall send a key frame, and the number of the command: a repeated
    /// number is a retransmission, not a new command.
    package func forEachEntry(
        in compound: Span<UInt8>, _ body: (_ ssrc: UInt32, _ sequenceNumber: UInt8) -> Void
    ) {
        var offset = range.lowerBound
        while offset + 8 <= range.upperBound {
            body(compound.uint32(at: offset), compound[offset + 4])
            offset += 8
        }
    }
}
