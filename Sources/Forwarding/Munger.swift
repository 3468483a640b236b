package import Wire

/// Makes one continuous RTP stream of the sources that a subscriber is given one after the other: sequence numbers
/// without a gap, timestamps that go on by the time that passed (RFC 3550 section 5.1).
///
/// It remembers the last few sources, so that a number the subscriber asks for again leads back to the packet.
package struct Munger: Sendable {
    /// A stretch of the outgoing stream that came from one source.
    private struct Segment {
        let source: SourceReference
        /// The first sequence number, extended, on the way out.
        let start: Int64
        /// Outgoing minus arriving.
        let sequenceOffset: UInt16
        let timestampOffset: UInt32
    }

    /// A packet's numbers on the way out.
    package struct Numbers: Equatable, Sendable {
        package let sequenceNumber: UInt16
        package let timestamp: UInt32
    }

    /// Where an outgoing packet came from.
    package struct Origin: Equatable, Sendable {
        package let source: SourceReference
        package let sequenceNumber: UInt16
        package let timestampOffset: UInt32
    }

    /// After so many packets a late one from before the start is out of the question, and the comparison would wrap.
    private static let settledAfter: Int64 = 1000

    private var segments = InlineArray<4, Segment?>(repeating: nil)
    private var current = 0
    private let first: Int64
    private var highest: Int64
    private var lastTimestamp: UInt32
    private var lastArrival: Instant?

    /// - Parameters: where the stream begins; random, as RFC 3550 section 5.1 asks.
    package init(firstSequenceNumber: UInt16, firstTimestamp: UInt32) {
        first = 0x1_0000 + Int64(firstSequenceNumber)
        highest = first - 1
        lastTimestamp = firstTimestamp
    }

    /// How many packets lie between the first one sent and the one with this number.
    package func distanceFromStart(of outgoing: UInt16) -> Int64 {
        extend(outgoing) - first
    }

    /// What is added to the timestamps of the present source.
    package var timestampOffset: UInt32? { segments[current]?.timestampOffset }

    /// The highest sequence number sent, extended.
    package var highestSequenceNumber: Int64 { highest }

    /// Continues the stream with another source, whose first packet has these numbers.
    package mutating func begin(
        _ source: SourceReference, sequenceNumber: UInt16, timestamp: UInt32, clockRate: UInt32,
        at now: Instant
    ) {
        var next = lastTimestamp
        if let lastArrival {
            // At least one tick of the clock per millisecond that passed, so that frames stay apart.
            let elapsed = max((now - lastArrival).nanoseconds, 1_000_000)
            next &+= UInt32(truncatingIfNeeded: elapsed / 1000 * Int64(clockRate) / 1_000_000)
        }
        current = (current + 1) % segments.count
        segments[current] = Segment(
            source: source, start: highest + 1,
            sequenceOffset: UInt16(truncatingIfNeeded: highest + 1) &- sequenceNumber,
            timestampOffset: next &- timestamp)
    }

    /// The numbers of a packet of the present source on the way out; nil for one from before its first packet.
    package mutating func rewrite(sequenceNumber: UInt16, timestamp: UInt32, at now: Instant) -> Numbers? {
        guard let segment = segments[current] else { return nil }
        let outgoing = sequenceNumber &+ segment.sequenceOffset
        let extended = extend(outgoing)
        if extended < segment.start, highest - segment.start < Self.settledAfter { return nil }
        let newTimestamp = timestamp &+ segment.timestampOffset
        if extended > highest {
            highest = extended
            lastTimestamp = newTimestamp
            lastArrival = now
        }
        return Numbers(sequenceNumber: outgoing, timestamp: newTimestamp)
    }

    /// Where the packet with this outgoing number came from; nil if that is too long ago.
    package func origin(of outgoing: UInt16) -> Origin? {
        let extended = extend(outgoing)
        guard extended <= highest else { return nil }
        var index = current
        for _ in segments.indices {
            guard let segment = segments[index] else { return nil }
            if extended >= segment.start {
                return Origin(
                    source: segment.source, sequenceNumber: outgoing &- segment.sequenceOffset,
                    timestampOffset: segment.timestampOffset)
            }
            index = (index + segments.count - 1) % segments.count
        }
        return nil
    }

    /// The extended number nearest to the highest sent.
    private func extend(_ outgoing: UInt16) -> Int64 {
        highest + Int64(Int16(bitPattern: outgoing &- UInt16(truncatingIfNeeded: highest)))
    }
}
