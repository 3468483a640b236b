import Forwarding
package import Wire

/// What one node has counted since it was made.
package struct NodeCounters: Sendable {
    package var packetsReceived: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// All that went between this node and the remotes of its sessions: IP and UDP headers, STUN and DTLS included.
    package var wireBytesReceived: UInt64 = 0
    package var wireBytesSent: UInt64 = 0
    package var packetsForwarded: UInt64 = 0
    package var bytesForwarded: UInt64 = 0
    package var drops = DropCounters()
    package var nacksReceived: UInt64 = 0
    package var nacksSent: UInt64 = 0
    package var retransmissionsReceived: UInt64 = 0
    package var retransmissionsSent: UInt64 = 0
    package var keyFrameRequestsReceived: UInt64 = 0
    package var keyFrameRequestsSent: UInt64 = 0
    package var keyFramesReceived: UInt64 = 0
    /// By `KeyFrameCause`.
    package var keyFrameCauses = [UInt64](repeating: 0, count: KeyFrameCause.allCases.count)
    /// Transport-wide feedback of subscribers, and padding sent to probe their links.
    package var feedbackReceived: UInt64 = 0
    package var paddingSent: UInt64 = 0
    package var sessionsOpened: UInt64 = 0
    package var sessionsConnected: UInt64 = 0
    /// By the reason's label.
    package var sessionsClosed: [String: UInt64] = [:]
    package var addressChanges: UInt64 = 0
    package var linkPacketsSent: UInt64 = 0
    package var linkPacketsReceived: UInt64 = 0
    package var linkPacketsLost: UInt64 = 0
    package var linksLost: UInt64 = 0
    package var lanesOpened: UInt64 = 0
    package var lanesRefused: UInt64 = 0
    package var lanePicturesDamaged: UInt64 = 0
    package var mixesOpened: UInt64 = 0
    package var mixVoicesRefused: UInt64 = 0
    package var mixFailures: UInt64 = 0

    package init() {}

    package mutating func add(_ other: NodeCounters) {
        linkPacketsSent += other.linkPacketsSent
        linkPacketsReceived += other.linkPacketsReceived
        linkPacketsLost += other.linkPacketsLost
        linksLost += other.linksLost
        packetsReceived += other.packetsReceived
        bytesReceived += other.bytesReceived
        wireBytesReceived += other.wireBytesReceived
        wireBytesSent += other.wireBytesSent
        packetsForwarded += other.packetsForwarded
        bytesForwarded += other.bytesForwarded
        drops.add(other.drops)
        nacksReceived += other.nacksReceived
        nacksSent += other.nacksSent
        retransmissionsReceived += other.retransmissionsReceived
        retransmissionsSent += other.retransmissionsSent
        keyFrameRequestsReceived += other.keyFrameRequestsReceived
        keyFrameRequestsSent += other.keyFrameRequestsSent
        keyFramesReceived += other.keyFramesReceived
        for cause in keyFrameCauses.indices { keyFrameCauses[cause] += other.keyFrameCauses[cause] }
        feedbackReceived += other.feedbackReceived
        paddingSent += other.paddingSent
        sessionsOpened += other.sessionsOpened
        sessionsConnected += other.sessionsConnected
        sessionsClosed.merge(other.sessionsClosed, uniquingKeysWith: +)
        addressChanges += other.addressChanges
        lanesOpened += other.lanesOpened
        lanesRefused += other.lanesRefused
        lanePicturesDamaged += other.lanePicturesDamaged
        mixesOpened += other.mixesOpened
        mixVoicesRefused += other.mixVoicesRefused
        mixFailures += other.mixFailures
    }
}

/// What one node holds at the moment.
package struct NodeGauges: Sendable {
    package var publishers = 0
    package var participants = 0
    package var watchers = 0
    package var echoes = 0
    /// Sessions by what they are served, and why; the echo test's are not among them.
    package var profiles: [LinkProfile.Kind: Int] = [:]
    package var connecting = 0
    package var rooms = 0
    package var upTracks = 0
    package var downTracks = 0
    /// Ends of links to other nodes.
    package var links = 0
    /// Rooms of this node that other nodes follow.
    package var roomsSpread = 0
    /// Tracks that arrive over links; they are not among `upTracks`.
    package var mirroredTracks = 0

    package init() {}

    package mutating func add(_ other: NodeGauges) {
        publishers += other.publishers
        participants += other.participants
        watchers += other.watchers
        echoes += other.echoes
        profiles.merge(other.profiles, uniquingKeysWith: +)
        connecting += other.connecting
        rooms += other.rooms
        upTracks += other.upTracks
        downTracks += other.downTracks
        links += other.links
        roomsSpread += other.roomsSpread
        mirroredTracks += other.mirroredTracks
    }
}
