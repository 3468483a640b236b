/// Why something that arrived was not passed on. Every drop has one of these, and each is a counter on `/metrics`.
package enum DropReason: Int, CaseIterable, Sendable {
    // Arriving datagrams
    /// From an address that no peer has proven to be its own.
    case unknownAddress
    /// Neither STUN nor DTLS nor RTP by its first byte (RFC 7983).
    case unknownProtocol
    /// STUN that cannot be parsed or has a wrong FINGERPRINT.
    case malformedSTUN
    /// A STUN user name that no peer has.
    case unknownUsername
    /// STUN without or with a wrong MESSAGE-INTEGRITY.
    case unauthenticSTUN
    /// A STUN message that an ICE-lite agent has no use for.
    case unexpectedSTUN
    /// DTLS from an address or in a state in which it is not taken.
    case unexpectedDTLS
    /// A datagram larger than any that WebRTC sends.
    case oversizedDatagram
    // Arriving packets
    /// Media before the handshake has ended.
    case notConnected
    /// SRTP that was seen before.
    case replayed
    /// SRTP that fails authentication.
    case unauthenticSRTP
    /// A peer has used more SSRCs than it can need.
    case tooManySources
    /// An RTP header that cannot be parsed.
    case malformedRTP
    /// An RTCP packet that cannot be parsed.
    case malformedRTCP
    /// A source that no section of the offer explains.
    case unknownSource
    /// Over a link between nodes: a source that its announcement has not reached yet, or that was withdrawn.
    case unannouncedSource
    /// A payload type that was not agreed on.
    case unknownPayloadType
    /// RTX of a source or a packet that is not known.
    case unusableRetransmission
    /// Nothing but padding: a publisher probing its path.
    case padding
    /// A packet that had arrived before.
    case duplicate
    /// Sent by somebody whose session is for watching.
    case notPublishing
    /// Of a track that its participant has muted.
    case muted
    // Forwarding decisions
    /// A simulcast layer that nobody is given.
    case inactiveLayer
    /// Of a lane: for subscribers who join at this moment, or for those who do not.
    case forOthers
    /// The subscriber did not negotiate the source's codec.
    case codecNotNegotiated
    /// The subscriber's picture starts at the next key frame.
    case waitingForKeyFrame
    /// Of a temporal layer that the subscriber is to get, and can begin with at a later picture only.
    case waitingForLayerSwitch
    /// Of a spatial or temporal layer that the subscriber is not to get.
    case layerNotWanted
    /// The subscriber wants nothing at present.
    case paused
    /// Older than what the subscriber's stream began with.
    case beforeStart
    /// The subscriber's transport is not up.
    case subscriberNotConnected
    // Sending
    /// A retransmission that was asked for is no longer stored.
    case retransmissionUnavailable
    /// A packet was asked for again before the answer to the last request can have arrived.
    case retransmissionPending
    /// Retransmissions have used up their share of the subscriber's bits.
    case retransmissionBudget
    /// On a weak link: a packet that was asked for again would come after its picture's turn, or is replaced by what comes.
    case retransmissionTooLate
    /// More waited for a subscriber's narrow link than it takes in half a second.
    case pacingQueueFull
    /// The send slab was full.
    case outboxFull
    /// SRTP refused to protect a packet.
    case unprotectable
    /// The kernel did not take a datagram.
    case socketRefused

    /// Snake case, as on `/metrics`.
    package var label: String {
        var text = ""
        var previousWasUpper = true
        for character in "\(self)" {
            if character.isUppercase, !previousWasUpper { text.append("_") }
            previousWasUpper = character.isUppercase
            text += character.lowercased()
        }
        return text
    }
}

/// One counter per reason.
package struct DropCounters: Sendable {
    private var counts = [UInt64](repeating: 0, count: DropReason.allCases.count)

    package init() {}

    package subscript(reason: DropReason) -> UInt64 {
        get { counts[reason.rawValue] }
        set { counts[reason.rawValue] = newValue }
    }

    package mutating func add(_ other: DropCounters) {
        for reason in DropReason.allCases {
            self[reason] += other[reason]
        }
    }
}
