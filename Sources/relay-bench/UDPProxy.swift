import BasicContainers
import Impairment
import NodeIO
import Wire

/// Carries datagrams between clients and one target, each client over a link of its own.
///
///     client <--> listener <-- up and down emulator --> the client's own socket <--> target
actor UDPProxy {
    /// Where datagrams come from and go, and over what.
    struct Settings: Sendable {
        var listen: SocketAddress
        var target: SocketAddress
        /// From the client to the target.
        var up: LinkSettings
        var down: LinkSettings
        var seed: UInt64
        /// A client from and to which nothing has gone for so long is forgotten.
        var idleLimit: Duration
        var clientLimit: Int
    }

    private struct Client: ~Copyable {
        let number: UInt64
        let address: SocketAddress
        var socket: UDPSocket
        var up: LinkEmulator
        var down: LinkEmulator
        var lastActive: Instant

        var deadline: Instant? {
            switch (up.deadline, down.deadline) {
            case (.some(let up), .some(let down)): min(up, down)
            case (.some(let only), nil), (nil, .some(let only)): only
            case (nil, nil): nil
            }
        }
    }

    private static let listenerTag: UInt64 = 0
    private static let expiryInterval = Duration.seconds(1)

    private var settings: Settings
    private let loop: EventLoop
    private var listener: UDPSocket
    private var clients = UniqueArray<Client>()
    /// Where in `clients` a number is.
    private var positions: [UInt64: Int] = [:]
    private var numbers: [SocketAddress: UInt64] = [:]
    private var lastNumber = listenerTag
    /// What those have seen that were forgotten.
    private var departed = ProxyTraffic()
    private var traffic = ProxyTraffic()
    private var inbox = Inbox()
    private var outbox = Outbox(bytes: 2 << 20, entryLimit: 1024)
    private var nextExpiry: Instant

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Where it listens, with the port that was chosen.
    let address: SocketAddress

    init(_ settings: Settings) throws(RelayError) {
        self.settings = settings
        loop = try EventLoop(name: "impair", isPreferred: true)
        listener = try UDPSocket(
            address: settings.listen, port: settings.listen.port, answersFromSameAddress: true)
        address = settings.listen.with(port: listener.port)
        nextExpiry = MonotonicClock.now() + Self.expiryInterval
        outbox.reservePeers(1)
        try loop.add(listener.descriptor, tag: Self.listenerTag)
    }

    nonisolated func start() throws(RelayError) {
        try loop.start(
            EventLoop.Handlers(
                readable: { tag in self.assumeIsolated { $0.drain(tag) } },
                idle: { self.assumeIsolated { $0.turn() } }))
    }

    func stop() {
        loop.stop()
    }

    /// Changes all links that there are, and those to come; what is to be dropped is dropped on each that there is.
    func change(_ change: LinkChange) {
        let now = MonotonicClock.now()
        change.apply(to: &settings.up, of: .up)
        change.apply(to: &settings.down, of: .down)
        for index in 0..<clients.count {
            clients[index].up.change(settings.up, at: now)
            clients[index].down.change(settings.down, at: now)
            if let count = change.drops(of: .up) { clients[index].up.dropNext(count) }
            if let count = change.drops(of: .down) { clients[index].down.dropNext(count) }
        }
    }

    /// What has gone through so far.
    func counters() -> ProxyTraffic {
        var all = traffic
        all.add(departed)
        for index in 0..<clients.count {
            all.up.add(clients[index].up.counters)
            all.down.add(clients[index].down.counters)
        }
        all.clients = clients.count
        return all
    }

    // MARK: - The thread's turn

    private func drain(_ tag: UInt64) {
        let now = MonotonicClock.now()
        if tag == Self.listenerTag {
            _ = inbox.receive(from: listener.descriptor) { datagram, source in
                takeUp(datagram.span, from: source, at: now)
            }
        } else if let index = positions[tag] {
            _ = inbox.receive(from: clients[index].socket.descriptor) { datagram, source in
                guard source == settings.target else {
                    traffic.strays += 1
                    return
                }
                takeDown(datagram.span, to: index, at: now)
            }
        }
    }

    private func turn() -> Duration? {
        let now = MonotonicClock.now()
        if now >= nextExpiry {
            nextExpiry = now + Self.expiryInterval
            forgetIdle(at: now)
        }
        var next = nextExpiry
        for index in 0..<clients.count {
            if let due = clients[index].deadline, due <= now { deliver(index, at: now) }
            if let due = clients[index].deadline { next = min(next, due) }
        }
        return max(next - now, .zero)
    }

    private func takeUp(_ datagram: Span<UInt8>, from source: SocketAddress, at now: Instant) {
        guard let index = index(of: source, at: now) else {
            traffic.refused += 1
            return
        }
        traffic.up.bytesIn += datagram.count + settings.up.headerBytes
        clients[index].lastActive = now
        clients[index].up.send(Self.copy(datagram, from: source, to: settings.target), at: now)
    }

    private func takeDown(_ datagram: Span<UInt8>, to index: Int, at now: Instant) {
        traffic.down.bytesIn += datagram.count + settings.down.headerBytes
        clients[index].lastActive = now
        let copy = Self.copy(datagram, from: settings.target, to: clients[index].address)
        clients[index].down.send(copy, at: now)
    }

    /// Sends on what has arrived at the far end of a client's links.
    private func deliver(_ index: Int, at now: Instant) {
        while let datagram = clients[index].up.receive(at: now) {
            traffic.up.bytesOut += datagram.bytes.count + settings.up.headerBytes
            if !append(datagram) {
                _ = clients[index].socket.flush(&outbox)
                _ = append(datagram)
            }
        }
        _ = clients[index].socket.flush(&outbox)
        while let datagram = clients[index].down.receive(at: now) {
            traffic.down.bytesOut += datagram.bytes.count + settings.down.headerBytes
            if !append(datagram) {
                _ = listener.flush(&outbox)
                _ = append(datagram)
            }
        }
        _ = listener.flush(&outbox)
    }

    private func append(_ datagram: Datagram) -> Bool {
        outbox.append(to: datagram.destination, peer: 0, capacity: datagram.bytes.count) { output in
            output.append(copying: datagram.bytes.span, 0..<datagram.bytes.count)
            return true
        }
    }

    // MARK: - Clients

    /// The client of an address, a new one if need be; nil if there are too many.
    private func index(of address: SocketAddress, at now: Instant) -> Int? {
        if let number = numbers[address], let index = positions[number] { return index }
        guard clients.count < settings.clientLimit else { return nil }
        do throws(RelayError) {
            let socket = try UDPSocket(port: 0, batch: 16)
            let number = lastNumber + 1
            try loop.add(socket.descriptor, tag: number)
            lastNumber = number
            clients.append(
                Client(
                    number: number, address: address, socket: socket,
                    up: LinkEmulator(settings.up, seed: settings.seed &+ 2 &* number),
                    down: LinkEmulator(settings.down, seed: settings.seed &+ 2 &* number &+ 1),
                    lastActive: now))
            numbers[address] = number
            positions[number] = clients.count - 1
            return clients.count - 1
        } catch {
            return nil
        }
    }

    private func forgetIdle(at now: Instant) {
        var index = 0
        while index < clients.count {
            guard now - clients[index].lastActive >= settings.idleLimit else {
                index += 1
                continue
            }
            departed.up.add(clients[index].up.counters)
            departed.down.add(clients[index].down.counters)
            numbers[clients[index].address] = nil
            _ = clients.remove(at: index)
        }
        positions = [:]
        for index in 0..<clients.count { positions[clients[index].number] = index }
    }

    private static func copy(
        _ datagram: Span<UInt8>, from source: SocketAddress, to destination: SocketAddress
    ) -> Datagram {
        let bytes = [UInt8](capacity: datagram.count) { output in
            output.append(copying: datagram, 0..<datagram.count)
        }
        return Datagram(source: source, destination: destination, bytes: bytes)
    }
}
