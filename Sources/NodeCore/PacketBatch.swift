import BasicContainers
import Congestion
import Forwarding
import RTP
import Wire

/// Packets that arrived together and wait to be offered to their subscribers, each with everything about it that is the
/// same for all of them.
///
/// They are kept until the socket is empty, so that each subscriber gets all of them one after the other: its state and
/// its cipher are fetched from memory once for a frame, and the frame lies in the outbox in one piece. The bytes are
/// copied, which costs little beside what is done for every subscriber.
struct PacketBatch: ~Copyable {
    /// One packet.
    struct Entry {
        let origin: SourceReference
        let header: RTPHeader
        let description: PacketDescription
        let extensions: ForwardedExtensions
        /// Whether its source goes on with other numbers from here on.
        let isRestart: Bool
        /// Where it lies in `bytes`.
        let place: Range<Int>
        /// What makes it as long as the longest packet of its frame, bytes; see `equalize`.
        fileprivate(set) var padding: UInt8 = 0
        /// The next packet of the same track.
        fileprivate(set) var next: Int?
    }

    /// The packets of one up track.
    struct Chain {
        let track: Int
        let generation: UInt32
        let kind: PacketKind
        let first: Int
        fileprivate var last: Int
        fileprivate(set) var count = 1
    }

    private static let packetLimit = 64
    private static let byteLimit = 64 << 10
    /// More padding than this costs a link more than it saves here.
    private static let paddingLimit = 16

    /// When the first of the packets came.
    private(set) var since = Instant(nanoseconds: .max)
    private(set) var entries: [Entry] = []
    private(set) var bytes = UniqueArray<UInt8>()
    private(set) var chains: [Chain] = []
    /// How far the offering has come: the chain, and the place among its subscribers.
    var chain = 0
    var subscriber = 0
    /// How urgently the subscribers so far wait for a key frame of each encoding.
    var waiting = InlineArray<4, KeyFrameUrgency?>(repeating: nil)
    /// How many of them wait.
    var waitingCounts = InlineArray<4, Int>(repeating: 0)

    /// One that takes no packets and no memory.
    init() {}

    /// One that takes packets without allocating.
    ///
    /// - Parameter largestPacket: bytes.
    init(largestPacket: Int) {
        entries.reserveCapacity(Self.packetLimit)
        chains.reserveCapacity(Self.packetLimit)
        bytes.reserveCapacity(Self.byteLimit + largestPacket)
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Whether it has to be offered before another packet comes.
    var isFull: Bool { entries.count >= Self.packetLimit || bytes.count >= Self.byteLimit }

    mutating func append(
        _ packet: Span<UInt8>, _ header: RTPHeader, _ description: PacketDescription,
        _ extensions: ForwardedExtensions, _ kind: PacketKind, from origin: SourceReference, isRestart: Bool,
        at now: Instant
    ) {
        let number = entries.count
        if number == 0 { since = now }
        let start = bytes.count
        bytes.append(copying: packet)
        entries.append(
            Entry(
                origin: origin, header: header, description: description, extensions: extensions,
                isRestart: isRestart, place: start..<bytes.count, next: nil))
        let track = Int(origin.track)
        for index in chains.indices
        where chains[index].track == track && chains[index].generation == origin.generation {
            entries[chains[index].last].next = number
            chains[index].last = number
            chains[index].count += 1
            return
        }
        chains.append(
            Chain(track: track, generation: origin.generation, kind: kind, first: number, last: number))
    }

    /// Whether the rest of a frame is missing from every chain. Sound is always whole.
    var isUnfinished: Bool {
        if isFull { return false }
        return chains.allSatisfy { chain in
            chain.kind != .audio && !entries[chain.last].header.hasMarker
        }
    }

    /// Finds the padding that gives all packets of a frame one length, but for the last: the kernel sends such a run at
    /// once, and an encoder that divides a frame evenly makes packets that differ by a byte.
    mutating func equalize(_ chain: Chain) {
        var start: Int? = chain.first
        while let first = start {
            var largest = 0
            var last = first
            var next: Int? = first
            while let number = next, entries[number].header.timestamp == entries[first].header.timestamp {
                largest = max(largest, entries[number].header.payload.count)
                last = number
                next = entries[number].next
            }
            start = next
            next = first
            while let number = next, number != last {
                let missing = largest - entries[number].header.payload.count
                entries[number].padding = missing <= Self.paddingLimit ? UInt8(missing) : 0
                next = entries[number].next
            }
        }
    }

    /// Begins with the next chain.
    mutating func endChain() {
        chain += 1
        subscriber = 0
        waiting = InlineArray(repeating: nil)
        waitingCounts = InlineArray(repeating: 0)
    }

    /// Forgets everything; the memory stays.
    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        chains.removeAll(keepingCapacity: true)
        since = Instant(nanoseconds: .max)
        chain = 0
        subscriber = 0
        waiting = InlineArray(repeating: nil)
        waitingCounts = InlineArray(repeating: 0)
    }
}
