import Forwarding
import Wire

/// What a node knows of other nodes: its links, the rooms that it follows from elsewhere, and those that it mirrors.
struct Cascade: ~Copyable {
    /// A room whose publishers are at another node.
    struct FollowedRoom {
        let origin: NodeID
        var subscription: UInt32
    }

    /// A room of ours that another node follows.
    struct Mirroring {
        let link: Int
        let subscription: UInt32
        /// What the other node was told last, by publisher.
        var told: [UInt64: [[LinkAnnouncement.Encoding]]] = [:]
    }

    /// How one up track goes over one link: what the packet path needs, by the number of the encoding.
    struct TrackMirror {
        let link: Int
        /// 0: not sent.
        var ssrcs = InlineArray<4, UInt32>(repeating: 0)
        /// Packets and payload bytes, modulo 2^32.
        var packets = InlineArray<4, UInt32>(repeating: 0)
        var bytes = InlineArray<4, UInt32>(repeating: 0)
        /// Announced before their first packet.
        var expected: [LinkAnnouncement.Encoding] = []
        /// All that is announced, in the order of announcing.
        var announced: [LinkAnnouncement.Encoding] = []
    }

    var links = SlotTable<CascadeLink>()
    var linksByAddress: [SocketAddress: Int] = [:]
    var linksByNode: [NodeID: Int] = [:]
    /// By the slot number of the room.
    var followed: [Int: FollowedRoom] = [:]
    var mirrored: [Int: [Mirroring]] = [:]
    /// By the slot number of the up track.
    var mirrors: [[TrackMirror]] = []
    var messages: [LinkEnvelope] = []
    /// Sessions that stand for publishers elsewhere.
    var mirroredSessions = 0
    private var lastSubscription: UInt32 = 0

    mutating func newSubscription() -> UInt32 {
        lastSubscription &+= 1
        return lastSubscription
    }

    /// Makes room for the mirrors of a track.
    mutating func reserveMirrors(of track: Int) {
        while mirrors.count <= track { mirrors.append([]) }
    }

    /// Ends the sending of a track over one link, or all.
    mutating func dropMirrors(of track: Int, link: Int? = nil) {
        guard track < mirrors.count else { return }
        for mirror in mirrors[track] where link == nil || mirror.link == link {
            for encoding in mirror.announced { links[mirror.link]?.closeStream(encoding.ssrc) }
        }
        mirrors[track].removeAll { link == nil || $0.link == link }
    }
}
