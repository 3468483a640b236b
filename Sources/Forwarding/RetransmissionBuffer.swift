import RTP
import Wire

/// The recent packets of one source in the clear: the one store from which all of its subscribers' NACKs are
/// answered.
///
/// A ring of bytes with an index by sequence number. The ring starts small and grows while it holds less than
/// `span`; the memory is reserved at once, but pages that are not reached cost nothing.
@safe
struct RetransmissionBuffer: ~Copyable {
    /// One stored packet: 32 bytes.
    private struct Entry {
        /// The position of the packet's first byte in the stream of all bytes stored so far.
        var position: UInt64
        var offset: UInt32
        var timestamp: UInt32
        var sequenceNumber: UInt16
        var length: UInt16
        var extensionStart: UInt16
        var extensionEnd: UInt16
        var payloadStart: UInt16
        var payloadType: UInt8
        var hasMarker: Bool
        var form: HeaderExtensionBlock.Form
    }

    private static let indexSize = 1024
    private static let initialCapacity = 64 << 10
    private static let largestPacket = 2048

    private let ring: UnsafeMutablePointer<UInt8>
    private let limit: Int
    private let span: Duration
    private var capacity: Int
    private var cursor = 0
    private var position: UInt64 = 1
    /// What lies before was overwritten when the ring was smaller.
    private var oldest: UInt64 = 1
    private var lapStart: Instant?
    private var index: [Entry]

    /// - Parameters:
    ///   - limit: the most bytes to hold.
    ///   - span: how far back a subscriber may ask.
    init(limit: Int = 1 << 20, span: Duration = .seconds(1)) {
        self.limit = max(limit, Self.initialCapacity)
        self.span = span
        capacity = Self.initialCapacity
        unsafe ring = .allocate(capacity: self.limit)
        index = Array(
            repeating: Entry(
                position: 0, offset: 0, timestamp: 0, sequenceNumber: 0, length: 0, extensionStart: 0,
                extensionEnd: 0, payloadStart: 0, payloadType: 0, hasMarker: false, form: .none),
            count: Self.indexSize)
    }

    deinit {
        unsafe ring.deallocate()
    }

    /// Keeps a copy of a packet.
    mutating func store(_ packet: Span<UInt8>, _ header: RTPHeader, at now: Instant) {
        let length = header.payload.upperBound
        guard length <= Self.largestPacket, length <= packet.count else { return }
        if cursor + length > capacity { wrap(at: now) }
        unsafe packet.withUnsafeBufferPointer { bytes in
            guard let source = bytes.baseAddress else { return }
            unsafe (ring + cursor).update(from: source, count: length)
        }
        index[Int(header.sequenceNumber) % Self.indexSize] = Entry(
            position: position, offset: UInt32(cursor), timestamp: header.timestamp,
            sequenceNumber: header.sequenceNumber, length: UInt16(length),
            extensionStart: UInt16(header.extensions.range.lowerBound),
            extensionEnd: UInt16(header.extensions.range.upperBound),
            payloadStart: UInt16(header.payload.lowerBound), payloadType: header.payloadType,
            hasMarker: header.hasMarker, form: header.extensions.form)
        cursor += length
        position += UInt64(length)
    }

    /// Calls `body` with a stored packet, or returns nil if it is no longer here.
    func withPacket<Result>(
        _ sequenceNumber: UInt16, ssrc: UInt32, _ body: (Span<UInt8>, RTPHeader) -> Result
    ) -> Result? {
        let entry = index[Int(sequenceNumber) % Self.indexSize]
        guard entry.position >= oldest, entry.sequenceNumber == sequenceNumber,
            position - entry.position <= UInt64(capacity)
        else { return nil }
        let header = RTPHeader(
            hasMarker: entry.hasMarker, payloadType: entry.payloadType, sequenceNumber: sequenceNumber,
            timestamp: entry.timestamp, ssrc: ssrc, payload: Int(entry.payloadStart)..<Int(entry.length),
            extensions: HeaderExtensionBlock(
                form: entry.form, range: Int(entry.extensionStart)..<Int(entry.extensionEnd)))
        let bytes = unsafe UnsafeBufferPointer(start: ring + Int(entry.offset), count: Int(entry.length))
        return unsafe body(bytes.span, header)
    }

    /// Forgets all packets; the memory stays.
    mutating func removeAll() {
        oldest = position
    }

    /// Goes on behind the end if the last lap was too short, else from the start.
    private mutating func wrap(at now: Instant) {
        if capacity * 2 <= limit, let lapStart, now < lapStart + span {
            capacity *= 2
            oldest = position - UInt64(cursor)
            if cursor + Self.largestPacket <= capacity { return }
        }
        position += UInt64(capacity - cursor)
        cursor = 0
        lapStart = now
    }
}
