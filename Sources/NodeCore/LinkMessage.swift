package import DTLS
package import SDP
package import Wire

// What two linked nodes tell each other about rooms: values that somebody above carries from one to the other, in
// order. Media and RTCP go over the link itself.

/// The name of one node among those that may be linked: of one worker within a process.
package struct NodeID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ name: String) {
        description = name
    }

    /// The name of a worker among those of its process.
    package init(worker: Int) {
        description = "\(worker)"
    }
}

/// How one end of a link reaches the other: agreed on by whoever sets the link up.
package struct LinkTerms: Sendable {
    /// Where the other end's datagrams come from and ours go to.
    package var address: SocketAddress
    /// Fresh keys of AES-GCM that no other link has: as seen from this end.
    package var keys: SRTPKeyingMaterial
    /// After how much silence the link counts as lost; nil: never, as within one process.
    package var silenceLimit: Duration?

    package init(address: SocketAddress, keys: SRTPKeyingMaterial, silenceLimit: Duration? = nil) {
        self.address = address
        self.keys = keys
        self.silenceLimit = silenceLimit
    }

    /// The keys of both ends of a new link.
    ///
    /// - Parameter generator: cryptographically secure.
    package static func keys(
        using generator: inout some RandomNumberGenerator
    ) -> (first: SRTPKeyingMaterial, second: SRTPKeyingMaterial) {
        let profile = SRTPProfile.aeadAES128GCM
        let length = profile.keyLength + profile.saltLength
        let there = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let back = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return (
            SRTPKeyingMaterial(profile: profile, local: there, remote: back),
            SRTPKeyingMaterial(profile: profile, local: back, remote: there)
        )
    }
}

/// One publisher of a mirrored room as its origin describes it. A later one with the same `publisher` takes its place.
package struct LinkAnnouncement: Sendable {
    /// One RTP stream on the link.
    package struct Encoding: Hashable, Sendable {
        /// The RID of a simulcast layer, or a stand-in that is as stable: it names the encoding within its track.
        package let label: String
        /// Unique on the link in this direction, and never used again.
        package let ssrc: UInt32
    }

    package struct Track: Sendable {
        /// What the origin agreed on with the publisher: MID, codecs by payload type, header extensions by identifier.
        package let section: NegotiatedSection
        package let encodings: [Encoding]
    }

    /// Who the publisher's own node is. A node refuses what claims to come from itself.
    package let origin: NodeID
    /// How many links lie between the publisher's node and the receiver.
    package let hops: Int
    /// Tells a publisher from a former one of the same name.
    package let publisher: UInt64
    package let participant: ParticipantID?
    /// Those of a publisher never change, but for their encodings.
    package let tracks: [Track]
}

/// What goes from one node to another about one room.
package enum LinkMessage: Sendable {
    /// From an edge: somebody watches the room here. What is told of it from now on bears this number.
    case watch(RoomID, subscription: UInt32)
    /// From an edge: nobody does any more.
    case unwatch(RoomID, subscription: UInt32)
    /// From an origin: a publisher that came, or whose streams have changed.
    case announce(RoomID, subscription: UInt32, LinkAnnouncement)
    /// From an origin: a publisher that has left.
    case withdraw(RoomID, subscription: UInt32, publisher: UInt64)
}

/// A message with its way.
package struct LinkEnvelope: Sendable {
    package let from: NodeID
    package let to: NodeID
    package let message: LinkMessage

    package init(from: NodeID, to: NodeID, message: LinkMessage) {
        self.from = from
        self.to = to
        self.message = message
    }
}
