import Congestion
import Impairment
import RTP
import Wire

/// The relay's side towards one subscriber, as Downlink's documentation tells callers to do it.
final class ModelSender {
    /// What the SRTP tag adds to an RTP packet.
    static let tag = 16
    static let audioBytes = 100

    var downlink: Downlink
    var allocator = BitrateAllocator()
    private var queue = PacingQueue<UInt32>()
    private(set) var sources: [ModelSource]
    private var sizes: [UInt32: Int] = [:]
    private var nextNumber: UInt32 = 0
    private var nextAudio: Instant
    private var generator: SplitMix64
    private let flow: UInt16
    private let paddingWorks: Bool
    private(set) var sentBytes = 0
    private(set) var paddingBytes = 0
    private(set) var queueDrops = 0
    private(set) var switches: [(time: Instant, slot: Int, choice: AllocatedSlot.Choice)] = []
    /// Between two calls of `advance`.
    private var outgoing: [Datagram] = []

    init(
        flow: UInt16, slots: [[ModelSource.Layer]], limits: BandwidthEstimator.Limits,
        paddingWorks: Bool = true,
        start: Instant, seed: UInt64
    ) {
        self.flow = flow
        self.paddingWorks = paddingWorks
        downlink = Downlink(limits: limits)
        generator = SplitMix64(seed: seed)
        nextAudio = start
        sources = slots.map { ModelSource(layers: $0, start: start) }
        allocator.slots = sources.enumerated().map { index, source in
            AllocatedSlot(
                priority: UInt8(100 - index), wantedHeight: source.layers.last?.height ?? 0,
                options: source.options)
        }
    }

    /// The height of the layer of each slot; 0 when paused.
    var heights: [Int] {
        zip(allocator.slots, sources).map { slot, source in
            if case .layer(let id) = slot.choice { source.layers[Int(id)].height } else { 0 }
        }
    }

    func advance(to now: Instant) -> [Datagram] {
        downlink.advance(to: now, isQueueEmpty: queue.isEmpty)
        while now >= nextAudio {
            send(.audio, number: 0, bytes: Self.audioBytes + Self.tag, at: now)
            nextAudio = nextAudio + .milliseconds(20)
        }
        for slot in sources.indices {
            for size in sources[slot].frame(at: now, using: &generator) {
                let number = nextNumber
                nextNumber += 1
                sizes[number] = size
                sizes[number &- 2000] = nil
                enqueue(.video, number: number, bytes: size + Self.tag, slot: slot, at: now)
            }
        }
        while downlink.canSend(at: now), let entry = queue.removeFirst() {
            send(entry.kind, number: entry.reference, bytes: Int(entry.bytes), at: now)
        }
        while paddingWorks, let bytes = downlink.padding(at: now) {
            send(.padding, number: 0, bytes: bytes, at: now)
        }
        defer { outgoing.removeAll() }
        return outgoing
    }

    func receive(compound: [UInt8], at now: Instant) {
        var headers: [TransportFeedbackHeader] = []
        _ = RTCPReader.forEachPacket(in: compound.span) { packet in
            if case .transportFeedback(let header) = packet { headers.append(header) }
        }
        for header in headers { downlink.receive(header, in: compound.span, at: now) }
        allocate(at: now)
    }

    func receive(requests: [UInt32], at now: Instant) {
        for number in requests {
            guard let size = sizes[number] else { continue }
            enqueue(.retransmission, number: number, bytes: size + 2 + Self.tag, slot: 0, at: now)
        }
    }

    func allocate(at now: Instant) {
        let summary = allocator.allocate(downlink.videoBitsPerSecond(at: now), at: now)
        downlink.wish(for: summary, at: now)
        guard summary.hasChanged else { return }
        for index in sources.indices {
            let choice = allocator.slots[index].choice
            if switches.last(where: { $0.slot == index })?.choice != choice {
                switches.append((now, index, choice))
            }
            if case .layer(let id) = choice {
                sources[index].select(Int(id), at: now)
            } else {
                sources[index].select(nil, at: now)
            }
        }
    }

    private func enqueue(_ kind: PacketKind, number: UInt32, bytes: Int, slot: Int, at now: Instant) {
        if queue.isEmpty, downlink.canSend(at: now) {
            send(kind, number: number, bytes: bytes, at: now)
            return
        }
        let packet = QueuedPacket(
            reference: number, bytes: bytes, slot: slot, kind: kind)
        let isQueued = queue.append(packet)
        if let heaviest = queue.slotToDrop(pacing: downlink.pacingBitsPerSecond) ?? (isQueued ? nil : 0) {
            queueDrops += queue.drop(slot: heaviest)
            sources[Int(heaviest)].freeze(at: now)
        }
    }

    private func send(_ kind: PacketKind, number: UInt32, bytes: Int, at now: Instant) {
        let transportNumber = downlink.sent(bytes: bytes, kind: kind, at: now)
        sentBytes += bytes + BandwidthEstimator.headerBytes
        if kind == .padding { paddingBytes += bytes + BandwidthEstimator.headerBytes }
        outgoing.append(
            ModelPacket(kind: kind, transportNumber: transportNumber, number: number, sentAt: now)
                .datagram(size: bytes, flow: flow))
    }
}
