import RTP
package import Wire

/// Makes one continuous RTP stream of the sources that a subscriber is given one after the other: sequence numbers and
/// picture identifiers without a gap where packets were left out by choice, timestamps that go on by the time that passed
/// (RFC 3550 section 5.1).
///
/// Every source packet has a position; positions of one source follow those of the one before. What was lost on the way
/// here keeps its number, so that the subscriber asks for it; what was left out has none. Where that cannot be told, the
/// number stays empty: it is not answered when the subscriber asks for it.
///
/// It remembers the last few sources and the last 1024 positions, as many as a source's store of packets, so that a number
/// the subscriber asks for again leads back to the packet.
package struct Munger: Sendable {
    /// A stretch of the outgoing stream that came from one source.
    private struct Segment {
        let source: SourceReference
        /// The first position.
        let start: Int64
        /// Position minus arriving sequence number.
        let sequenceOffset: UInt16
        let timestampOffset: UInt32
        let pictures: PictureNumbers.Offsets
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
        /// Whether the marker was set on the way out.
        package let isMarked: Bool
        let pictures: PictureNumbers.Offsets
    }

    /// Where a packet stands among those that came before.
    enum Place: Equatable {
        /// Above all others.
        case newest(Int64)
        /// It was missing.
        case late(Int64)
        /// It was left out, or its number is empty.
        case leftOut
        /// From before the source's first packet, or too long ago.
        case outside
    }

    private var window: NumberWindow<16>
    private var pictures = PictureNumbers()
    /// Kept apart from the former ones, as copying all of them for every packet would be seen.
    private var present: Segment?
    /// A ring.
    private var formers = InlineArray<3, Segment?>(repeating: nil)
    private var lastFormer = 0
    private let first: Int64
    private(set) var lastTimestamp: UInt32
    private var lastArrival: Instant?
    /// Up to this position nothing leads back any more.
    private var forgotten: Int64 = 0

    /// - Parameters: where the stream begins; random, as RFC 3550 section 5.1 asks.
    package init(firstSequenceNumber: UInt16, firstTimestamp: UInt32) {
        first = 0x1_0000 + Int64(firstSequenceNumber)
        window = NumberWindow(first: first)
        lastTimestamp = firstTimestamp
    }

    /// How many packets lie between the first one sent and the one with this number.
    package func distanceFromStart(of outgoing: UInt16) -> Int64 {
        extend(outgoing) - first
    }

    /// What is added to the timestamps of the present source.
    package var timestampOffset: UInt32? { present?.timestampOffset }

    /// The highest sequence number sent, extended.
    package var highestSequenceNumber: Int64 { window.next - 1 }

    /// When the last new packet was sent.
    package var lastSent: Instant? { lastArrival }

    /// Continues the stream with another source, whose first packet has these numbers.
    mutating func begin(
        _ source: SourceReference, sequenceNumber: UInt16, timestamp: UInt32,
        _ packet: PacketDescription, clockRate: UInt32, at now: Instant
    ) {
        var next = lastTimestamp
        if let lastArrival {
            // At least one tick of the clock per millisecond that passed, so that frames stay apart.
            let elapsed = max((now - lastArrival).nanoseconds, 1_000_000)
            next &+= UInt32(truncatingIfNeeded: elapsed / 1000 * Int64(clockRate) / 1_000_000)
        }
        lastFormer = (lastFormer + 1) % formers.count
        formers[lastFormer] = present
        present = Segment(
            source: source, start: window.highest + 1,
            sequenceOffset: UInt16(truncatingIfNeeded: window.highest + 1) &- sequenceNumber,
            timestampOffset: next &- timestamp, pictures: pictures.offsets(continuingWith: packet))
    }

    /// Takes note that sources go on with other numbers: what was sent until now does not lead back to them.
    mutating func forgetOrigins() {
        forgotten = window.highest
    }

    /// Whether packets are missing before the newest.
    func hasGap(before position: Int64) -> Bool { position > window.highest + 1 }

    /// The position that the next source begins with.
    var nextPosition: Int64 { window.highest + 1 }

    /// Where a packet of the present source stands. Nothing changes here nor in the next two, but what is called for every
    /// packet is called by address: the compiler would copy all of the munger otherwise.
    mutating func place(of sequenceNumber: UInt16) -> Place {
        guard let segment = present else { return .outside }
        let low = sequenceNumber &+ segment.sequenceOffset
        let position =
            window.highest + Int64(Int16(bitPattern: low &- UInt16(truncatingIfNeeded: window.highest)))
        if position > window.highest { return .newest(position) }
        guard position >= segment.start else { return .outside }
        switch window.state(at: position) {
        case .kept, .marked: return .late(position)
        case .omitted, .withheld: return .leftOut
        case nil: return .outside
        }
    }

    /// Whether a packet's picture is the one after the last that was noted.
    mutating func isNextPicture(_ packet: PacketDescription) -> Bool {
        guard let segment = present else { return false }
        return pictures.follows(packet, segment.pictures)
    }

    /// Whether the newest packet has an older picture identifier than those before it: the encoder began anew.
    mutating func hasOlderPicture(_ packet: PacketDescription) -> Bool {
        guard let segment = present else { return false }
        return pictures.isBehind(packet, segment.pictures)
    }

    /// Leaves out the newest packet.
    ///
    /// - Parameter gapIsOmitted: whether what is missing between it and the packet before is not wanted either.
    mutating func omit(
        _ position: Int64, _ packet: PacketDescription, gapIsOmitted: Bool, picturesAreOmitted: Bool
    ) {
        guard let segment = present else { return }
        window.append(position, .omitted, gapIsOmitted: gapIsOmitted)
        pictures.append(packet, segment.pictures, isOmitted: true, gapIsOmitted: picturesAreOmitted)
    }

    /// Leaves the number of a late packet empty.
    mutating func withhold(_ position: Int64) {
        window.change(position, to: .withheld)
    }

    /// Takes the newest packet into the outgoing stream.
    mutating func admit(
        _ position: Int64, _ packet: PacketDescription, timestamp: UInt32, isMarked: Bool,
        gapIsOmitted: Bool, picturesAreOmitted: Bool, at now: Instant
    ) {
        guard let segment = present else { return }
        window.append(position, isMarked ? .marked : .kept, gapIsOmitted: gapIsOmitted)
        pictures.append(packet, segment.pictures, isOmitted: false, gapIsOmitted: picturesAreOmitted)
        lastTimestamp = timestamp &+ segment.timestampOffset
        lastArrival = now
    }

    /// Notes that the marker is set on a late packet.
    mutating func mark(_ position: Int64) {
        window.change(position, to: .marked)
    }

    /// The numbers of a packet that has a place in the outgoing stream, and what to write into its payload; nil if its
    /// picture has none.
    func numbers(
        of position: Int64, _ packet: PacketDescription, timestamp: UInt32
    ) -> (numbers: Numbers, patch: PayloadPatch, frameNumberOffset: UInt16)? {
        guard let segment = present, let number = window.number(of: position),
            let patch = pictures.patch(packet, segment.pictures)
        else { return nil }
        return (
            Numbers(
                sequenceNumber: UInt16(truncatingIfNeeded: number),
                timestamp: timestamp &+ segment.timestampOffset),
            patch, segment.pictures.frameNumber
        )
    }

    /// Where the packet with this outgoing number came from; nil if that is too long ago, or if its number is empty.
    package func origin(of outgoing: UInt16) -> Origin? {
        guard let position = window.position(of: extend(outgoing)), let state = window.state(at: position),
            state != .withheld, position > forgotten
        else { return nil }
        var candidate = present
        var index = lastFormer
        for _ in 0...formers.count {
            guard let segment = candidate else { return nil }
            if position >= segment.start {
                return Origin(
                    source: segment.source,
                    sequenceNumber: UInt16(truncatingIfNeeded: position) &- segment.sequenceOffset,
                    timestampOffset: segment.timestampOffset, isMarked: state == .marked,
                    pictures: segment.pictures)
            }
            candidate = formers[index]
            index = (index + formers.count - 1) % formers.count
        }
        return nil
    }

    /// What to write into the payload of a packet that is sent again; nil if its picture is too long ago.
    func patch(
        _ packet: PacketDescription, of origin: Origin
    ) -> (patch: PayloadPatch, frameNumberOffset: UInt16)? {
        guard let patch = pictures.patch(packet, origin.pictures) else { return nil }
        return (patch, origin.pictures.frameNumber)
    }

    /// The extended number nearest to the highest sent.
    private func extend(_ outgoing: UInt16) -> Int64 {
        highestSequenceNumber
            + Int64(Int16(bitPattern: outgoing &- UInt16(truncatingIfNeeded: highestSequenceNumber)))
    }
}
