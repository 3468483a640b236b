/// One statement of an extended report (RFC 3611); `sender` is who made it.
package enum ExtendedReportBlock: Hashable, Sendable {
    /// The clock of a receiver, so that it learns the round trip without sending media (section 4.4).
    case receiverReferenceTime(sender: UInt32, ntpTimestamp: UInt64)
    /// The answer to it for the receiver `ssrc` (section 4.5): the middle 32 bits of its time, 0 if none
    /// arrived, and how long ago it came in 1/65536 seconds.
    case delaySinceLastReference(sender: UInt32, ssrc: UInt32, lastReceiverReference: UInt32, delay: UInt32)
    /// A block type that a relay has no use for.
    case other(blockType: UInt8)
}
