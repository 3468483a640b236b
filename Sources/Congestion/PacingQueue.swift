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

/// The video packets and retransmissions of one subscriber that the pacer holds back, first in, first out. Audio does
/// not come here.
///
/// Drop policy: what takes longer than half a second at the pacing rate, or more than 1024 packets, is too much. The
/// slot with most bytes is dropped then, all of it, and the caller sends nothing more of it until its next key frame:
/// half of a frame or a frame without its predecessor cannot be decoded, so that anything less would make the others
/// wait for nothing. The other slots keep what they have.
package struct PacingQueue<Reference: BitwiseCopyable & Sendable>: ~Copyable {
    package static var capacity: Int { 1024 }
    package static var longestWait: Duration { .milliseconds(500) }

    private var ring: [QueuedPacket<Reference>] = []
    private var head = 0
    package private(set) var count = 0
    /// Of all packets, with headers.
    package private(set) var bytes = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// The packet to send next.
    package var first: QueuedPacket<Reference>? { count > 0 ? ring[head] : nil }

    /// Appends a packet.
    ///
    /// - Returns: `false` if there is no room: the caller drops the slot that `slotToDrop` names.
    package mutating func append(_ packet: QueuedPacket<Reference>) -> Bool {
        if count == ring.count {
            guard count < Self.capacity else { return false }
            grow(with: packet)
        }
        ring[(head + count) & (ring.count - 1)] = packet
        count += 1
        bytes += Int(packet.bytes) + BandwidthEstimator.headerBytes
        return true
    }

    package mutating func removeFirst() -> QueuedPacket<Reference>? {
        guard count > 0 else { return nil }
        let packet = ring[head]
        head = (head + 1) & (ring.count - 1)
        count -= 1
        bytes -= Int(packet.bytes) + BandwidthEstimator.headerBytes
        return packet
    }

    /// The slot to give up, if more waits than may.
    package func slotToDrop(pacing bitsPerSecond: Int) -> UInt8? {
        let bits = PacingQueue.longestWait.inSeconds * Double(bitsPerSecond)
        guard count >= Self.capacity || Double(bytes * 8) > bits else { return nil }
        var sums = InlineArray<64, Int>(repeating: 0)
        for offset in 0..<count {
            let packet = ring[(head + offset) & (ring.count - 1)]
            sums[Int(packet.slot & 63)] += Int(packet.bytes)
        }
        var heaviest = 0
        for slot in 1..<64 where sums[slot] > sums[heaviest] { heaviest = slot }
        return sums[heaviest] > 0 ? UInt8(heaviest) : nil
    }

    /// Removes all packets of a slot and returns how many there were.
    package mutating func drop(slot: UInt8) -> Int {
        var kept = 0
        var keptBytes = 0
        for offset in 0..<count {
            let packet = ring[(head + offset) & (ring.count - 1)]
            guard packet.slot != slot else { continue }
            ring[(head + kept) & (ring.count - 1)] = packet
            kept += 1
            keptBytes += Int(packet.bytes) + BandwidthEstimator.headerBytes
        }
        defer {
            count = kept
            bytes = keptBytes
        }
        return count - kept
    }

    /// Doubles the room; `filler` takes the places that are not used yet.
    private mutating func grow(with filler: QueuedPacket<Reference>) {
        var larger: [QueuedPacket<Reference>] = []
        larger.reserveCapacity(max(16, ring.count * 2))
        for offset in 0..<count { larger.append(ring[(head + offset) & (ring.count - 1)]) }
        while larger.count < max(16, ring.count * 2) { larger.append(filler) }
        ring = larger
        head = 0
    }
}
