import Congestion
import Forwarding
import Wire

/// The way to one subscriber: what it carries, which layers that buys, and the packets that wait for their turn.
///
/// What it carries is known from transport-wide feedback, or else from REMB and from what receiver reports say of losses.
struct SubscriberLink: ~Copyable {
    /// A packet that waits; its bytes are in its source's store.
    struct HeldPacket: BitwiseCopyable, Sendable {
        /// The slot number of the down track, and its SSRC, as slots are used again.
        var downTrack: Int32
        var ssrc: UInt32
        /// The number under which the subscriber knows it.
        var sequenceNumber: UInt16
        /// As it was decided; of a retransmission that is done when it leaves.
        var payloadType: UInt8
    }

    /// A packet that has waited, and what it is.
    struct HeldPacketOfKind {
        let packet: HeldPacket
        let kind: PacketKind
    }

    /// From one service of a link to the next.
    static let shortestStep = Duration.milliseconds(1)
    /// How often layers are chosen anew where nothing has changed.
    static let allocationInterval = Duration.milliseconds(200)
    /// For so long after the first packet a subscriber is given the smallest layers whatever the estimate, which has not
    /// had time to rise.
    static let benefitOfDoubt = Duration.seconds(3)

    /// How long what plays may overdraw a link while a lane begins.
    static let overdraft = Duration.seconds(1)

    /// A little more than what the allocator wants to see beyond what it gives away.
    static let allocatorHeadroom = 1.2

    /// What a lane is left beyond what it takes: it is allowed no peaks that matter.
    private static let laneHeadroom = 1.05
    /// Of each new budget for a lane, five times a second.
    private static let fallingWeight = 0.5
    private static let risingWeight = 0.1

    /// The slot number of the session.
    let session: Int
    var downlink: Downlink
    private var queue = PacingQueue<HeldPacket>()
    /// Whether packets wait. Kept beside the queue, which is generic code of another module: looking there takes its time.
    private(set) var isHolding = false
    var allocator = BitrateAllocator()
    /// The video down tracks, in the order of the allocator's slots, and the up track whose layers each was last given.
    let downTracks: [Int]
    var shown: [Int?]
    var since: Instant?
    /// When a link that cannot be probed is tried again.
    var trial = StarvationTrial()
    var nextAllocation: Instant?
    /// What a slot of lanes may take of it, on the wire, smoothed; nil until that is known.
    var laneBudget: Double?
    /// When what plays is given up for a lane that has not begun yet, since the link does not carry it.
    var cut: Instant?
    /// What the voices took when they were last forwarded one by one.
    var voiceBitsPerSecond = 0
    /// The most that it was asked to take.
    var limit: Int?

    /// - Parameters:
    ///   - hasFeedback: whether transport-wide feedback was agreed on. Without it nothing can be probed, so that the estimate
    ///     begins where an ordinary link is.
    ///   - canPad: whether any of the tracks has an RTX stream, on which padding goes.
    init(session: Int, downTracks: [Int], hasFeedback: Bool, canPad: Bool) {
        self.session = session
        self.downTracks = downTracks
        shown = Array(repeating: nil, count: downTracks.count)
        downlink = Downlink(
            limits: hasFeedback ? .init() : .init(start: 2_500_000), expectsFeedback: hasFeedback,
            canPad: canPad)
        for place in downTracks.indices {
            allocator.slots.append(
                AllocatedSlot(priority: place == 0 ? 1 : 0, wantedHeight: BitrateAllocator.anyHeight))
        }
    }

    /// Takes note of what may be sent of video: less at once, more over some seconds, since who watches a lane changes its rate.
    mutating func noteLaneBudget(_ bitsPerSecond: Int) {
        let new = Double(bitsPerSecond) / Self.laneHeadroom
        let former = laneBudget ?? new
        laneBudget = former + (new - former) * (new < former ? Self.fallingWeight : Self.risingWeight)
    }

    /// Whether a slot is paused because the link does not carry its smallest layer.
    var isStarving: Bool {
        mutating get { allocator.slots.contains { $0.choice == .paused && !$0.options.isEmpty } }
    }

    /// When a probe or a packet that waits is due; nil while there is neither.
    var deadline: Instant? { mutating get { downlink.deadline(isQueueEmpty: !isHolding) } }

    /// Begins and ends probes; see `Downlink.advance`.
    mutating func advance(to now: Instant) { downlink.advance(to: now, isQueueEmpty: !isHolding) }

    /// Whether something waits that a packet of this kind must not overtake.
    mutating func hasAhead(of kind: PacketKind) -> Bool { isHolding && queue.hasAhead(of: kind) }

    /// Lets a packet wait. Returns false if there is no room.
    mutating func hold(_ packet: QueuedPacket<HeldPacket>) -> Bool {
        guard queue.append(packet) else { return false }
        isHolding = true
        return true
    }

    /// A repair that waits; a probe wants something to be sent at once.
    mutating func nextRepair() -> HeldPacketOfKind? {
        isHolding && queue.first?.kind == .retransmission ? takeHeld() : nil
    }

    /// The packet whose turn has come.
    mutating func nextHeld(at now: Instant) -> HeldPacketOfKind? {
        isHolding && downlink.canSend(at: now) ? takeHeld() : nil
    }

    private mutating func takeHeld() -> HeldPacketOfKind? {
        guard let packet = queue.removeFirst() else {
            isHolding = false
            return nil
        }
        if queue.isEmpty { isHolding = false }
        return HeldPacketOfKind(packet: packet.reference, kind: packet.kind)
    }

    /// The slot to give up, if more waits than may; see `PacingQueue.slotToDrop`.
    mutating func slotToDrop(pacing bitsPerSecond: Int) -> UInt8? {
        isHolding ? queue.slotToDrop(pacing: bitsPerSecond) : nil
    }

    /// Gives up all packets of a slot, and returns how many there were.
    mutating func drop(slot: UInt8) -> Int {
        defer { isHolding = !queue.isEmpty }
        return queue.drop(slot: slot)
    }

    /// What the slot of a down track is sent; nil if it is no video slot.
    mutating func choice(of downTrack: Int) -> AllocatedSlot.Choice? {
        downTracks.firstIndex(of: downTrack).map { allocator.slots[$0].choice }
    }
}

extension BitrateAllocator {
    /// Higher than any picture: the best layer that there is.
    static let anyHeight = 4320
}

extension Layer {
    /// A number for a layer of one track: two bits of encoding, three each of spatial and temporal layer.
    var number: UInt8 { (encoding & 3) << 6 | (spatial & 7) << 3 | temporal & 7 }

    init(number: UInt8) {
        self.init(encoding: number >> 6, spatial: number >> 3 & 7, temporal: number & 7)
    }
}
