import Wire

/// A packet that waits, by reference: its bytes stay in its source's retransmission store.
package struct QueuedPacket<Reference: BitwiseCopyable & Sendable>: BitwiseCopyable, Sendable {
    /// What the caller finds the packet by, such as a source and a sequence number.
    package var reference: Reference
    /// The UDP payload that it will make.
    package var bytes: UInt16
    /// The slot that it belongs to, below 64; retransmissions belong to their slot as well.
    package var slot: UInt8
    package var kind: PacketKind

    package init(reference: Reference, bytes: Int, slot: Int, kind: PacketKind) {
        self.reference = reference
        self.bytes = UInt16(clamping: bytes)
        self.slot = UInt8(clamping: slot)
        self.kind = kind
    }
}

/// The video packets and retransmissions of one subscriber that the pacer holds back. Audio does not come here.
///
/// Retransmissions leave first: whoever lost a packet shows nothing of what comes after it, so that it is worth more than
/// a new one. Among themselves both are first in, first out, and the numbers of a stream stay in order.
///
/// Drop policy: what takes longer than half a second at the pacing rate, or more than 1024 packets, is too much. The
/// slot with most bytes is dropped then, all of it, and the caller sends nothing more of it until its next key frame:
/// half of a frame or a frame without its predecessor cannot be decoded, so that anything less would make the others
/// wait for nothing. The other slots keep what they have. Of retransmissions 256 wait at most, and further ones are
/// refused: a subscriber that asks for more has lost more than repairs can mend.
package struct PacingQueue<Reference: BitwiseCopyable & Sendable>: ~Copyable {
    package static var capacity: Int { 1024 }
    package static var repairCapacity: Int { 256 }
    package static var longestWait: Duration { .milliseconds(500) }

    private var repairs = PacketRing<QueuedPacket<Reference>>()
    private var pictures = PacketRing<QueuedPacket<Reference>>()
    /// Of all packets, with headers.
    package private(set) var bytes = 0

    package init() {}

    package var count: Int { repairs.count + pictures.count }

    package var isEmpty: Bool { count == 0 }

    /// The packet to send next.
    package var first: QueuedPacket<Reference>? { repairs.first ?? pictures.first }

    /// Whether something waits that a packet of this kind must not overtake.
    package func hasAhead(of kind: PacketKind) -> Bool {
        kind == .retransmission ? repairs.count > 0 : !isEmpty
    }

    /// Appends a packet.
    ///
    /// - Returns: `false` if there is no room. Of video the caller drops the slot that `slotToDrop` names.
    package mutating func append(_ packet: QueuedPacket<Reference>) -> Bool {
        let isTaken =
            packet.kind == .retransmission
            ? repairs.append(packet, limit: Self.repairCapacity)
            : pictures.append(packet, limit: Self.capacity)
        guard isTaken else { return false }
        bytes += Self.size(of: packet)
        return true
    }

    package mutating func removeFirst() -> QueuedPacket<Reference>? {
        guard let packet = repairs.removeFirst() ?? pictures.removeFirst() else { return nil }
        bytes -= Self.size(of: packet)
        return packet
    }

    /// The slot to give up, if more waits than may.
    package func slotToDrop(pacing bitsPerSecond: Int) -> UInt8? {
        let bits = PacingQueue.longestWait.inSeconds * Double(bitsPerSecond)
        guard pictures.count >= Self.capacity || Double(bytes * 8) > bits else { return nil }
        var sums = InlineArray<64, Int>(repeating: 0)
        repairs.forEach { sums[Int($0.slot & 63)] += Int($0.bytes) }
        pictures.forEach { sums[Int($0.slot & 63)] += Int($0.bytes) }
        var heaviest = 0
        for slot in 1..<64 where sums[slot] > sums[heaviest] { heaviest = slot }
        return sums[heaviest] > 0 ? UInt8(heaviest) : nil
    }

    /// Removes all packets of a slot and returns how many there were.
    package mutating func drop(slot: UInt8) -> Int {
        let before = count
        repairs.filter { $0.slot != slot }
        pictures.filter { $0.slot != slot }
        var left = 0
        repairs.forEach { left += Self.size(of: $0) }
        pictures.forEach { left += Self.size(of: $0) }
        bytes = left
        return before - count
    }

    private static func size(of packet: QueuedPacket<Reference>) -> Int {
        Int(packet.bytes) + BandwidthEstimator.headerBytes
    }
}
