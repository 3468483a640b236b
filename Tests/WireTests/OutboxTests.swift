import Testing

@testable import Wire

@Suite struct OutboxTests {
    private static let alice = SocketAddress(ipv4: 0xC000_0201, port: 1000)
    private static let bob = SocketAddress(ipv4: 0xC000_0202, port: 2000)

    /// Appends `bytes` with just the room that they need and says whether there was any.
    @discardableResult
    private static func append(
        _ bytes: [UInt8], to address: SocketAddress = alice, peer: Int?, into outbox: inout Outbox
    ) -> Bool {
        outbox.append(to: address, peer: peer, capacity: bytes.count) { output in
            for byte in bytes { output.append(byte) }
            return true
        }
    }

    private static func datagrams(_ outbox: borrowing Outbox) -> [[UInt8]] {
        var all: [[UInt8]] = []
        outbox.forEachDatagram { _, bytes in
            all.append([UInt8](capacity: bytes.count) { $0.append(copying: bytes, 0..<bytes.count) })
        }
        return all
    }

    private static func addresses(_ outbox: borrowing Outbox) -> [SocketAddress] {
        var all: [SocketAddress] = []
        outbox.forEachDatagram { address, _ in all.append(address) }
        return all
    }

    /// The entries of the chain that begins at `start`.
    private static func chain(from start: Int, _ outbox: borrowing Outbox) -> [Int] {
        var chain = [start]
        while let next = outbox.entries[chain[chain.count - 1]].next { chain.append(next) }
        return chain
    }

    @Test func `datagrams come out as they went in`() {
        var outbox = Outbox(bytes: 4096, entryLimit: 8)
        outbox.reservePeers(2)
        #expect(outbox.isEmpty == true)
        Self.append([1, 2, 3], peer: 0, into: &outbox)
        Self.append([4], to: Self.bob, peer: 1, into: &outbox)
        Self.append([5, 6], peer: 0, into: &outbox)
        let datagrams = Self.datagrams(outbox)
        let addresses = Self.addresses(outbox)
        #expect(datagrams == [[1, 2, 3], [4], [5, 6]])
        #expect(addresses == [Self.alice, Self.bob, Self.alice])
        #expect(outbox.isEmpty == false)
    }

    @Test func `each peer has a chain in the order of appending`() {
        var outbox = Outbox(bytes: 4096, entryLimit: 16)
        outbox.reservePeers(3)
        for peer in [2, 0, 2, 1, 0, 2] { Self.append([UInt8(peer)], peer: peer, into: &outbox) }
        let starts = outbox.entries.map(\.startsChain)
        let chains = [0, 1, 3].map { Self.chain(from: $0, outbox) }
        #expect(starts == [true, true, false, true, false, false])
        #expect(chains == [[0, 2, 5], [1, 4], [3]])
    }

    @Test func `datagrams to nobody's slot stand alone`() {
        var outbox = Outbox(bytes: 4096, entryLimit: 16)
        outbox.reservePeers(1)
        for peer in [nil, 0, nil, 5, 0, 5] { Self.append([1], peer: peer, into: &outbox) }
        let starts = outbox.entries.map(\.startsChain)
        let chains = [0, 1, 2, 3, 5].map { Self.chain(from: $0, outbox) }
        #expect(starts == [true, true, true, true, false, true])
        #expect(chains == [[0], [1, 4], [2], [3], [5]])
    }

    @Test func `every datagram begins on a cache line`() {
        var outbox = Outbox(bytes: 4096, entryLimit: 16)
        for length in [1, 64, 65, 128, 3] {
            Self.append([UInt8](repeating: 7, count: length), peer: nil, into: &outbox)
        }
        #expect(outbox.entries.map(\.offset) == [0, 64, 128, 256, 384])
        #expect(outbox.entries.map(\.length) == [1, 64, 65, 128, 3])
        #expect(outbox.byteCount == 448)
    }

    @Test func `a full slab refuses and counts`() {
        var outbox = Outbox(bytes: 200, entryLimit: 16)
        let results = [100, 72, 73, 8].map { length in
            Self.append([UInt8](repeating: 1, count: length), peer: nil, into: &outbox)
        }
        // 128 bytes are used after the first, and the second fills up to the end.
        #expect(results == [true, true, false, false])
        #expect(outbox.refusals == 2)
        #expect(outbox.entries.map(\.length) == [100, 72])
    }

    @Test func `no more entries are taken than were asked for`() {
        var outbox = Outbox(bytes: 4096, entryLimit: 2)
        let results = (0..<3).map { _ in Self.append([1], peer: nil, into: &outbox) }
        #expect(results == [true, true, false])
        #expect(outbox.refusals == 1)
        outbox.removeAll()
        let isTaken = Self.append([1], peer: nil, into: &outbox)
        #expect(isTaken)
        #expect(outbox.refusals == 1)
    }

    @Test func `a datagram that is taken back leaves nothing`() {
        var outbox = Outbox(bytes: 4096, entryLimit: 4)
        outbox.reservePeers(1)
        Self.append([1], peer: 0, into: &outbox)
        let isTaken = outbox.append(to: Self.alice, peer: 0, capacity: 10) { output in
            output.append(9)
            return false
        }
        let isEmptyTaken = outbox.append(to: Self.alice, peer: 0, capacity: 10) { _ in true }
        Self.append([2], peer: 0, into: &outbox)
        let datagrams = Self.datagrams(outbox)
        let chain = Self.chain(from: 0, outbox)
        #expect(!isTaken)
        #expect(!isEmptyTaken)
        #expect(outbox.refusals == 0)
        #expect(datagrams == [[1], [2]])
        #expect(chain == [0, 1])
        #expect(outbox.byteCount == 128)
    }

    @Test func `a new batch knows nothing of the one before`() {
        var outbox = Outbox(bytes: 256, entryLimit: 4)
        outbox.reservePeers(1)
        for _ in 0..<100 {
            Self.append([1], peer: 0, into: &outbox)
            Self.append([2], peer: 0, into: &outbox)
            let starts = outbox.entries.map(\.startsChain)
            #expect(starts == [true, false])
            outbox.removeAll()
            #expect(outbox.isEmpty == true)
            #expect(outbox.byteCount == 0)
        }
        #expect(outbox.refusals == 0)
    }
}
