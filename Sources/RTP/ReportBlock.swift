import Wire

/// What a receiver says of one source (RFC 3550 section 6.4.1).
///
///     |                 SSRC of the source                            |
///     | fraction lost |       cumulative number of packets lost       |
///     |           extended highest sequence number received           |
///     |                      interarrival jitter                      |
///     |                         last SR (LSR)                         |
///     |                   delay since last SR (DLSR)                  |
package struct ReportBlock: Hashable, Sendable {
    /// The length in bytes of one block.
    package static let length = 24

    package var ssrc: UInt32
    /// Since the previous report, in 1/256.
    package var fractionLost: UInt8
    /// Since the beginning; 24 bits signed, below zero when duplicates outnumber losses.
    package var cumulativeLost: Int32
    /// The number of wraps in the upper 16 bits.
    package var extendedHighestSequenceNumber: UInt32
    /// In units of the RTP timestamp.
    package var jitter: UInt32
    /// The middle 32 bits of the last sender report's NTP timestamp, 0 if none arrived.
    package var lastSenderReport: UInt32
    /// In 1/65536 seconds, 0 if no sender report arrived.
    package var delaySinceLastSenderReport: UInt32

    package init(
        ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32, extendedHighestSequenceNumber: UInt32,
        jitter: UInt32, lastSenderReport: UInt32, delaySinceLastSenderReport: UInt32
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.extendedHighestSequenceNumber = extendedHighestSequenceNumber
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    /// Reads the block at `offset`, where 24 bytes are.
    init(parsing compound: Span<UInt8>, at offset: Int) {
        self.init(
            ssrc: compound.uint32(at: offset),
            fractionLost: compound[offset + 4],
            cumulativeLost: Int32(bitPattern: compound.uint24(at: offset + 5) << 8) >> 8,
            extendedHighestSequenceNumber: compound.uint32(at: offset + 8),
            jitter: compound.uint32(at: offset + 12),
            lastSenderReport: compound.uint32(at: offset + 16),
            delaySinceLastSenderReport: compound.uint32(at: offset + 20))
    }

    /// The round trip that the block shows at `now`, on the clock of our sender reports; `nil` before it has
    /// seen one.
    package func roundTrip(at now: NTPTime) -> Duration? {
        NTPTime.roundTrip(now: now, lastReference: lastSenderReport, delay: delaySinceLastSenderReport)
    }

    func write(into output: inout OutputSpan<UInt8>) {
        output.append(bigEndian: ssrc)
        output.append(fractionLost)
        let lost = min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)
        output.append(bigEndian24: UInt32(bitPattern: lost))
        output.append(bigEndian: extendedHighestSequenceNumber)
        output.append(bigEndian: jitter)
        output.append(bigEndian: lastSenderReport)
        output.append(bigEndian: delaySinceLastSenderReport)
    }
}

/// The report blocks of a sender or receiver report, as offsets into the compound that they were read from.
package struct ReportBlocks: Hashable, Sendable {
    package var range: Range<Int>
    /// 0...31.
    package var count: Int

    /// Block number `index`, which is below `count`.
    package func block(_ index: Int, in compound: Span<UInt8>) -> ReportBlock {
        precondition(index >= 0 && index < count, "a block of this report")
        return ReportBlock(parsing: compound, at: range.lowerBound + index * ReportBlock.length)
    }
}
