import Forwarding
import Peering
import RTP
import SDP
package import Wire

// Rooms that are wider than one node: links, who follows which room, and what is told of its publishers. The page
// Cascade of the documentation has the picture.
extension Node {
    package static let linkLimit = 256
    /// Publishers are announced by their own node only: a mirrored track is never mirrored again.
    private static let hopLimit = 1

    /// The number of peers whose datagrams the outbox has to chain: sessions, sessions behind links, links.
    package static func peerCount(_ limits: NodeConfiguration.Limits) -> Int {
        2 * limits.sessions + linkLimit
    }

    // MARK: - Links

    /// Whether there is a link to another node.
    package func hasLink(to remote: NodeID) -> Bool { cascade.linksByNode[remote] != nil }

    /// Makes this node's end of a link, in place of a former one. Returns false when OpenSSL fails or there are too many.
    package mutating func openLink(to remote: NodeID, _ terms: LinkTerms, at now: Instant) -> Bool {
        if let former = cascade.linksByNode[remote] { closeLink(former, at: now) }
        let slot = cascade.links.nextSlot
        guard slot < Self.linkLimit,
            let peer = Peer(
                slot: 2 * configuration.limits.sessions + slot, linkTo: terms.address, keys: terms.keys,
                silenceLimit: terms.silenceLimit, at: now)
        else { return false }
        cascade.links.insert(CascadeLink(remote: remote, address: terms.address, peer: peer, at: now))
        cascade.linksByNode[remote] = slot
        cascade.linksByAddress[terms.address] = slot
        wake(at: now)
        return true
    }

    /// Ends a link. Rooms that are followed over it are asked for again, so that their watchers go on over the next one.
    mutating func closeLink(_ link: Int, at now: Instant) {
        guard let remote = cascade.links[link]?.remote, let address = cascade.links[link]?.address else {
            return
        }
        for (_, session) in cascade.links[link]?.publishers ?? [:] { removeMirrored(session) }
        for room in Array(cascade.mirrored.keys) { stopMirroring(room, on: link) }
        cascade.linksByNode[remote] = nil
        cascade.linksByAddress[address] = nil
        cascade.links.remove(link)
        for (room, follow) in cascade.followed where follow.origin == remote {
            guard let id = rooms[room]?.id else { continue }
            let subscription = cascade.newSubscription()
            cascade.followed[room] = .init(origin: remote, subscription: subscription)
            tell(.watch(id, subscription: subscription), to: remote)
        }
    }

    /// Ends all links for good.
    mutating func closeLinks(at now: Instant) {
        cascade.followed = [:]
        for link in 0..<cascade.links.slotCount where cascade.links.isOccupied(link) {
            closeLink(link, at: now)
        }
        cascade.messages = []
    }

    /// What other nodes have to be told, oldest first.
    package mutating func takeLinkMessages() -> [LinkEnvelope] {
        guard !cascade.messages.isEmpty else { return [] }
        defer { cascade.messages.removeAll(keepingCapacity: true) }
        return cascade.messages
    }

    /// Takes what another node tells.
    package mutating func receive(_ message: LinkMessage, from remote: NodeID, at now: Instant) {
        guard let link = cascade.linksByNode[remote] else { return }
        switch message {
        case .watch(let room, let subscription):
            mirror(room, on: link, subscription)
        case .unwatch(let room, let subscription):
            guard let place = roomsByID[room],
                cascade.mirrored[place]?.contains(where: {
                    $0.link == link && $0.subscription == subscription
                }) == true
            else { return }
            stopMirroring(place, on: link)
        case .announce(let room, let subscription, let announcement):
            guard let place = followedRoom(room, from: remote, subscription), announcement.hops > 0,
                announcement.hops <= Self.hopLimit, announcement.origin != configuration.id
            else { return }
            show(announcement, in: place, from: link, at: now)
        case .withdraw(let room, let subscription, let publisher):
            guard followedRoom(room, from: remote, subscription) != nil,
                let session = cascade.links[link]?.publishers[publisher]
            else { return }
            removeMirrored(session)
        }
        wake(at: now)
    }

    mutating func tell(_ message: LinkMessage, to remote: NodeID) {
        cascade.messages.append(LinkEnvelope(from: configuration.id, to: remote, message: message))
    }
}
