package import RTP
package import Wire

// What is decided about a packet.
extension DownTrack {
    /// What is done with one packet for one subscriber.
    package enum Decision: Sendable {
        case send(Rewrite)
        case drop(DropReason)
    }

    /// What changes in a packet on the way out: all that its writer needs to know of the down track, which is not looked at
    /// again.
    package struct Rewrite: Sendable {
        /// The slot number of the subscriber's session.
        package let session: Int
        package let ssrc: UInt32
        package let numbers: Munger.Numbers
        package let payloadType: UInt8
        package let hasMarker: Bool
        /// The source that was given up for this packet's, if it is the first of a new one.
        package let replaced: SourceReference?
        /// The section's name, if the packet is to carry it.
        package let mid: MIDText?
        package let identifiers: ExtensionIdentifiers
        /// What the receiver is told of the delay to play with, in place of what the publisher says.
        package let playoutDelay: PlayoutDelay?
        /// On the RTX stream: the number of the packet that is sent again (RFC 4588 section 4).
        package let originalSequenceNumber: UInt16?
        /// To be applied to the copy of the payload.
        package let patch: PayloadPatch
        /// What is added to the frame number of the dependency descriptor.
        package let frameNumberOffset: UInt16
        /// Whether it can be padded: not where the same bytes are sent again when it is lost.
        package let mayBePadded: Bool
    }
}
