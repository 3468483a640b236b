import Logging
import NodeCore
import Wire

// Rooms that are wider than one worker: who goes where, the links between workers, and what goes beside them.
extension Relay {
    typealias Load = (room: Int, all: Int)

    /// The sessions of a room at each worker, and those of all rooms.
    func loads(of room: RoomID) async -> [Load] {
        var loads: [Load] = []
        for worker in workers { loads.append(await worker.load(of: room)) }
        return loads
    }

    /// The worker for a new session. Whoever sends is at home, so that there is one origin; so are the first watchers,
    /// since a small room is cheapest on one core. The others go where the fewest of the room are.
    func place(for role: SessionRole, home: Int, _ loads: [Load]) -> Int {
        guard case .watch = role, loads[home].room >= spreadThreshold else { return home }
        return loads.indices.min {
            // Home first among equals: it needs no link.
            (loads[$0].room, loads[$0].all, $0 == home ? 0 : 1)
                < (loads[$1].room, loads[$1].all, $1 == home ? 0 : 1)
        } ?? home
    }

    /// What home knows of a room, with the watchers of all workers.
    func description(of room: RoomID) async throws(SessionError) -> RoomDescription {
        let home = home(of: room)
        var watchers = 0
        for (number, worker) in workers.enumerated() where number != home {
            watchers += await worker.load(of: room).room
        }
        do {
            let described = try await workers[home].describe(room)
            return RoomDescription(
                participants: described.participants, watchers: described.watchers + watchers)
        } catch {
            // Home may not have heard yet that others watch.
            guard watchers > 0 else { throw error }
            return RoomDescription(participants: [], watchers: watchers)
        }
    }

    /// Carries messages from worker to worker, one after the other and so in order, until the relay is shut down.
    func carryLinkMessages() async {
        for await envelope in linkMessages {
            guard let from = index(of: envelope.from), let to = index(of: envelope.to), from != to else {
                continue
            }
            log(envelope)
            guard await link(from, to) else {
                logger.error(
                    "workers cannot be linked", metadata: ["worker": "\(from)", "other": "\(to)"])
                continue
            }
            await workers[to].receive(envelope.message, from: envelope.from)
        }
    }

    /// Makes sure that there is a link between two workers.
    private func link(_ first: Int, _ second: Int) async -> Bool {
        let names = (NodeID(worker: first), NodeID(worker: second))
        if await workers[first].hasLink(to: names.1), await workers[second].hasLink(to: names.0) {
            return true
        }
        var generator = SystemRandomNumberGenerator()
        let keys = LinkTerms.keys(using: &generator)
        // A worker that stands still for long is no reason to part: within a process there is no limit of silence.
        let there = LinkTerms(address: Self.linkAddress(port: udpPorts[second]), keys: keys.first)
        let back = LinkTerms(address: Self.linkAddress(port: udpPorts[first]), keys: keys.second)
        let isOpen = await workers[first].openLink(to: names.1, there)
        let isOpenBack = await workers[second].openLink(to: names.0, back)
        return isOpen && isOpenBack
    }

    /// A worker's port on the loopback interface, as the source of its datagrams looks to another worker.
    private static func linkAddress(port: UInt16) -> SocketAddress {
        var address = SocketAddress(ipv4: 0x7F00_0001, port: port)
        address.localHigh = address.high
        address.localLow = address.low
        return address
    }

    private func index(of node: NodeID) -> Int? {
        workers.indices.first { NodeID(worker: $0) == node }
    }

    private func log(_ envelope: LinkEnvelope) {
        switch envelope.message {
        case .watch(let room, _):
            logger.info(
                "room spread",
                metadata: ["room": "\(room)", "home": "\(envelope.to)", "to": "\(envelope.from)"])
        case .unwatch(let room, _):
            logger.info(
                "room no longer spread",
                metadata: ["room": "\(room)", "home": "\(envelope.to)", "to": "\(envelope.from)"])
        case .announce, .withdraw:
            break
        }
    }
}
