/// What a packet is to the budget. All kinds count against the estimate; only video waits for the pacer and is
/// allocated.
package enum PacketKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case audio, video, retransmission, padding
}

/// One sent packet in eight bytes.
///
///     | spare 1 | fate 2 | cluster 5 | kind 2 | bytes 12 | microseconds 42 |
struct SentPacket: BitwiseCopyable {
    /// What is known of the packet's arrival.
    enum Fate: UInt8 {
        case inFlight, missing
        /// No report told of it, but one told of later packets: the report was lost, not the packet.
        case assumed
        case arrived
    }

    static let maximumBytes = 4095
    static let maximumCluster: UInt8 = 31
    private static let timeMask: UInt64 = 1 << 42 - 1

    private var bits: UInt64

    init(at microseconds: Int64, bytes: Int, kind: PacketKind, cluster: UInt8) {
        bits =
            UInt64(truncatingIfNeeded: microseconds) & Self.timeMask
            | UInt64(min(max(bytes, 0), Self.maximumBytes)) << 42
            | UInt64(kind.rawValue) << 54 | UInt64(cluster & Self.maximumCluster) << 56
    }

    var bytes: Int { Int(bits >> 42 & 0xFFF) }

    var kind: PacketKind { PacketKind(rawValue: UInt8(bits >> 54 & 3)) ?? .padding }

    /// The probe that the packet is part of, 1...31, or 0.
    var cluster: UInt8 { UInt8(bits >> 56 & 0x1F) }

    var fate: Fate {
        get { Fate(rawValue: UInt8(bits >> 61 & 3)) ?? .arrived }
        set { bits = bits & ~(3 << 61) | UInt64(newValue.rawValue) << 61 }
    }

    /// When it was sent, in microseconds on the clock of `now`, which is later by 50 days at most.
    func time(before now: Int64) -> Int64 {
        now &- Int64((UInt64(truncatingIfNeeded: now) &- bits) & Self.timeMask)
    }
}

/// The recent packets of one transport by transport-wide sequence number.
///
/// A ring that begins with 256 packets (2 kB) and doubles, up to 4096 (32 kB), while it would have to forget
/// packets younger than `span`: 1 Mbit/s needs 2 kB, 3 Mbit/s 4 kB, 20 Mbit/s 32 kB.
struct SentPacketHistory: ~Copyable {
    static let initialCapacity = 256
    static let maximumCapacity = 4096
    /// In microseconds: a long round trip and several lost reports.
    static let span: Int64 = 1_500_000

    private var entries: [SentPacket]
    /// The number of the next packet, never wrapping; the lower 16 bits go on the wire.
    private(set) var next: Int64 = 1

    /// - Parameter isUsed: whether packets are remembered at all; without, every one has the number 0.
    init(isUsed: Bool = true) {
        entries = Array(
            repeating: SentPacket(at: 0, bytes: 0, kind: .padding, cluster: 0),
            count: isUsed ? Self.initialCapacity : 0)
    }

    var capacity: Int { entries.count }

    /// The oldest number that is remembered.
    var oldest: Int64 { max(1, next - Int64(entries.count)) }

    /// Notes a packet and returns its number.
    ///
    /// - Parameter mayGrow: whether it is worthwhile to remember more, because reports come.
    mutating func append(
        bytes: Int, kind: PacketKind, cluster: UInt8, at microseconds: Int64, mayGrow: Bool
    ) -> UInt16 {
        guard !entries.isEmpty else { return 0 }
        let index = Int(next) & (entries.count - 1)
        if mayGrow, next > Int64(entries.count), entries.count < Self.maximumCapacity,
            microseconds - entries[index].time(before: microseconds) < Self.span
        {
            grow()
        }
        entries[Int(next) & (entries.count - 1)] = SentPacket(
            at: microseconds, bytes: bytes, kind: kind, cluster: cluster)
        defer { next &+= 1 }
        return UInt16(truncatingIfNeeded: next)
    }

    /// The number that a report means by `sequenceNumber`: the latest sent one with these 16 bits, remembered
    /// or not; `nil` if none was sent.
    func position(of sequenceNumber: UInt16) -> Int64? {
        let position = next - 1 - Int64(UInt16(truncatingIfNeeded: next - 1) &- sequenceNumber)
        return position >= 1 ? position : nil
    }

    /// The packet at `position`, which is remembered: at least `oldest`, below `next`.
    subscript(position: Int64) -> SentPacket {
        get { entries[Int(position) & (entries.count - 1)] }
        set { entries[Int(position) & (entries.count - 1)] = newValue }
    }

    private mutating func grow() {
        let old = entries
        entries = Array(
            repeating: SentPacket(at: 0, bytes: 0, kind: .padding, cluster: 0), count: old.count * 2)
        for position in next - Int64(old.count)..<next {
            entries[Int(position) & (entries.count - 1)] = old[Int(position) & (old.count - 1)]
        }
    }
}
