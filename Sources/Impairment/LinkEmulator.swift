package import Wire

/// One direction of a link as a value: datagrams and times go in, datagrams come out, and the same seed does
/// the same to the same datagrams.
///
///     send -> queue -> transmission at the link's rate -> loss -> delay, jitter, reordering -> receive
///               |                                          |
///            tail drop                                    lost
///
/// Losses come behind the transmission: what a radio loses has used its capacity all the same. Times must not
/// go backwards from call to call.
package struct LinkEmulator: Sendable {
    /// What happened so far, in datagrams. `sent + duplicated` is `delivered + lost + droppedByQueue` and
    /// what is still inside.
    package struct Counters: Hashable, Sendable {
        package fileprivate(set) var sent = 0
        package fileprivate(set) var delivered = 0
        package fileprivate(set) var lost = 0
        package fileprivate(set) var droppedByQueue = 0
        package fileprivate(set) var duplicated = 0
        /// Delivered after one that was sent later.
        package fileprivate(set) var reordered = 0
    }

    /// On its way to the receiver. `order` tells apart what is due at the same time.
    private struct Arrival {
        let due: Instant
        let order: Int
        /// The position in the order of sending.
        let number: Int
        let datagram: Datagram

        func isBefore(_ other: Arrival) -> Bool {
            (due, order) < (other.due, other.order)
        }
    }

    package private(set) var settings: LinkSettings
    package private(set) var counters = Counters()
    private var generator: SplitMix64
    private var loss: LossProcess
    private var queue = TransmissionQueue()
    /// When the datagram at the head of the queue has left, if there is one.
    private var departure: Instant?
    /// Sorted, the next one last.
    private var arrivals: [Arrival] = []
    /// The latest arrival that was not held back: nothing may arrive before it, unless reordering is asked
    /// for.
    private var lastDue = Instant(nanoseconds: .min)
    private var arrivalCount = 0
    /// So many are lost, whatever the model says.
    private var dropsLeft = 0
    private var lastDelivered = -1

    package init(_ settings: LinkSettings, seed: UInt64) {
        self.settings = settings
        generator = SplitMix64(seed: seed)
        loss = LossProcess(settings.loss)
    }

    /// When `receive` should be called next: nothing is delivered earlier, but nothing need be delivered
    /// then, either. Each call moves it on. nil: the link is empty.
    package var deadline: Instant? {
        let departing = departure.map { $0 + settings.delay }
        guard let next = arrivals.last?.due else { return departing }
        return departing.map { min($0, next) } ?? next
    }

    /// Takes a datagram.
    package mutating func send(_ datagram: Datagram, at now: Instant) {
        advance(to: now)
        let number = counters.sent
        counters.sent += 1
        guard hasRoom(for: datagram, at: now) else {
            counters.droppedByQueue += 1
            return
        }
        queue.append(datagram, number: number)
        if departure == nil { departure = now + transmissionTime(of: datagram.bytes.count) }
        advance(to: now)
    }

    /// The next datagram that has arrived by `now`; call it until there is none.
    package mutating func receive(at now: Instant) -> Datagram? {
        advance(to: now)
        guard let next = arrivals.last, next.due <= now else { return nil }
        arrivals.removeLast()
        counters.delivered += 1
        if next.number < lastDelivered { counters.reordered += 1 }
        lastDelivered = max(lastDelivered, next.number)
        return next.datagram
    }

    /// Changes the link while it runs. What waits is transmitted at the new rate; what was transmitted before
    /// `now` arrives as planned.
    package mutating func change(_ settings: LinkSettings, at now: Instant) {
        advance(to: now)
        if let departure, let rate = self.settings.bitsPerSecond {
            let bitsLeft = (departure - now).inSeconds * Double(max(rate, 1))
            self.departure = now + Self.time(ofBits: bitsLeft, at: settings.bitsPerSecond)
        }
        self.settings = settings
        loss.model = settings.loss
        advance(to: now)
    }

    /// Loses the next datagrams that are transmitted; what was to be lost before and was not yet is forgotten.
    package mutating func dropNext(_ count: Int) {
        dropsLeft = count
    }

    // MARK: - Queue

    private func hasRoom(for datagram: Datagram, at now: Instant) -> Bool {
        guard let departure else { return true }
        switch settings.queueLimit {
        case .time(let limit):
            let behindHead = queue.bytesBehindHead + (queue.count - 1) * settings.headerBytes
            let bits = Double(behindHead) * 8
            return departure - now + Self.time(ofBits: bits, at: settings.bitsPerSecond) <= limit
        case .bytes(let limit):
            return queue.bytes + datagram.bytes.count <= limit
        }
    }

    private func transmissionTime(of bytes: Int) -> Duration {
        Self.time(ofBits: Double(bytes + settings.headerBytes) * 8, at: settings.bitsPerSecond)
    }

    private static func time(ofBits bits: Double, at bitsPerSecond: Int?) -> Duration {
        guard let bitsPerSecond else { return .zero }
        // A link of no rate at all is one of a bit in a second: its queue fills up, and nothing comes out.
        return .nanoseconds(Int64((min(bits / Double(max(bitsPerSecond, 1)), 1e9) * 1e9).rounded()))
    }

    // MARK: - Way

    /// Transmits what has left the queue by `now`.
    private mutating func advance(to now: Instant) {
        while let left = departure, left <= now, let (datagram, number) = queue.removeFirst() {
            departure = queue.first.map { left + transmissionTime(of: $0.bytes.count) }
            carry(datagram, number: number, from: left)
        }
    }

    private mutating func carry(_ datagram: Datagram, number: Int, from left: Instant) {
        let isDropped = dropsLeft > 0
        if isDropped { dropsLeft -= 1 }
        guard !isDropped, !isBlocked(datagram), !loss.loses(using: &generator) else {
            counters.lost += 1
            return
        }
        var due = left + settings.delay + settings.jitter * generator.nextFraction()
        if generator.nextFraction() < settings.reorder {
            due = due + settings.reorderDelay
        } else {
            due = max(due, lastDue)
            lastDue = due
        }
        let isDuplicate = generator.nextFraction() < settings.duplicate
        for _ in 0..<(isDuplicate ? 2 : 1) {
            insert(Arrival(due: due, order: arrivalCount, number: number, datagram: datagram))
            arrivalCount += 1
        }
        if isDuplicate { counters.duplicated += 1 }
    }

    /// Whether it is RTP (RFC 3550 section 5.1) of the blocked payload type. DTLS, STUN and RTCP look otherwise (RFC 7983
    /// section 7, RFC 5761 section 4).
    private func isBlocked(_ datagram: Datagram) -> Bool {
        guard let type = settings.blockedPayloadType, datagram.bytes.count >= 12 else { return false }
        return datagram.bytes[0] >> 6 == 2 && datagram.bytes[1] & 0x7F == type
    }

    private mutating func insert(_ arrival: Arrival) {
        // Most arrive last of all, which is the front: the search is long only for those that are held back.
        let index = arrivals.firstIndex { !arrival.isBefore($0) } ?? arrivals.endIndex
        arrivals.insert(arrival, at: index)
    }
}
