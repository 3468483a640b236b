/// The send slab of one worker: datagrams are written straight into it, and one flush after a receive batch hands
/// all of them to the kernel.
///
/// Memory is reserved once. Datagrams to one peer are chained in the order in which they were appended, so that the
/// flush finds runs of equal size that can leave as one segmented send (`UDP_SEGMENT`) although other peers'
/// datagrams lie between them.
@safe
package struct Outbox: ~Copyable {
    /// Where one datagram lies in the slab and where it goes.
    package struct Entry {
        package let address: SocketAddress
        package let offset: Int
        package let length: Int
        /// The next datagram of the same peer, if any.
        package fileprivate(set) var next: Int?
        /// Whether no earlier datagram of this batch goes to the same peer.
        package let startsChain: Bool
    }

    /// The last entry of a peer's chain, valid for one batch only.
    private struct Tail {
        var batch: UInt64
        var entry: Int
    }

    private let slab: UnsafeMutableRawBufferPointer
    private let size: Int
    private let entryLimit: Int
    private var used = 0
    private var batch: UInt64 = 1
    private var tails: [Tail] = []
    package private(set) var entries: [Entry] = []

    /// Datagrams that found no room since the outbox was made.
    package private(set) var refusals = 0

    /// - Parameters:
    ///   - bytes: the size of the slab; untouched pages cost no memory.
    ///   - entryLimit: how many datagrams fit between two flushes.
    package init(bytes: Int, entryLimit: Int) {
        unsafe slab = .allocate(byteCount: bytes, alignment: 64)
        size = bytes
        self.entryLimit = entryLimit
        entries.reserveCapacity(entryLimit)
    }

    deinit {
        unsafe slab.deallocate()
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// The bytes that wait for the flush.
    package var byteCount: Int { used }

    /// Makes room for the chains of `count` peers, so that appending never allocates.
    package mutating func reservePeers(_ count: Int) {
        while tails.count < count {
            tails.append(Tail(batch: 0, entry: 0))
        }
    }

    /// Appends one datagram of at most `capacity` bytes, which `write` fills in.
    ///
    /// - Parameters:
    ///   - peer: the slot number of the receiving peer, below the count given to `reservePeers`; nil for somebody
    ///     who is none.
    ///   - write: returns false to take the datagram back.
    /// - Returns: whether a datagram was appended.
    @discardableResult
    package mutating func append(
        to address: SocketAddress, peer: Int?, capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Bool
    ) -> Bool {
        guard used + capacity <= size, entries.count < entryLimit else {
            refusals += 1
            return false
        }
        let region = unsafe UnsafeMutableBufferPointer(
            rebasing: slab.bindMemory(to: UInt8.self)[used..<used + capacity])
        var output = unsafe OutputSpan(buffer: region, initializedCount: 0)
        let isWanted = write(&output)
        let length = unsafe output.finalize(for: region)
        guard isWanted, length > 0 else { return false }

        let index = entries.count
        var startsChain = true
        if let peer, peer < tails.count {
            if tails[peer].batch == batch {
                entries[tails[peer].entry].next = index
                startsChain = false
            }
            tails[peer] = Tail(batch: batch, entry: index)
        }
        entries.append(
            Entry(address: address, offset: used, length: length, next: nil, startsChain: startsChain))
        // Datagrams start on cache lines.
        used = (used + length + 63) & ~63
        return true
    }

    /// Forgets all datagrams after they were sent.
    package mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        used = 0
        batch &+= 1
    }

    /// Calls `body` for every datagram in the order of appending: for simulations, which have no socket.
    package func forEachDatagram(_ body: (SocketAddress, Span<UInt8>) -> Void) {
        for entry in entries {
            body(
                entry.address,
                unsafe slab.bindMemory(to: UInt8.self).span.extracting(
                    entry.offset..<entry.offset + entry.length))
        }
    }

    /// The slab for the gathering send; offsets are those of the entries.
    package func withSlab<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(slab))
    }
}

extension OutputSpan<UInt8> {
    /// Appends a copy of `source[range]` in one move.
    package mutating func append(copying source: Span<UInt8>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= source.count, "range outside of the source")
        precondition(range.count <= freeCapacity, "the output has no room")
        unsafe withUnsafeMutableBufferPointer { buffer, count in
            unsafe source.withUnsafeBufferPointer { bytes in
                guard let target = buffer.baseAddress, let from = bytes.baseAddress else { return }
                unsafe (target + count).update(from: from + range.lowerBound, count: range.count)
            }
            count += range.count
        }
    }
}
