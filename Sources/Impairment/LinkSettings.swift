/// What one direction of a link does to datagrams. Without arguments: nothing.
package struct LinkSettings: Hashable, Sendable {
    /// How much may wait in front of the link. What does not fit is dropped at the tail.
    package enum QueueLimit: Hashable, Sendable {
        /// A datagram is dropped that would wait longer than this before its transmission begins.
        case time(Duration)
        /// A datagram is dropped with which more than this many bytes of payload would wait or be in
        /// transmission.
        case bytes(Int)
    }

    /// nil: datagrams are transmitted in no time, and none ever waits.
    package var bitsPerSecond: Int?
    /// From the end of the transmission to the delivery, at least.
    package var delay: Duration
    /// At most this much is added to the delay, evenly distributed. It never changes the order of datagrams:
    /// one that would overtake arrives together with the one in front of it.
    package var jitter: Duration
    package var loss: LossModel
    /// The probability that a datagram is held back by `reorderDelay`, so that later ones overtake it.
    package var reorder: Double
    package var reorderDelay: Duration
    /// The probability that a datagram arrives twice.
    package var duplicate: Double
    package var queueLimit: QueueLimit
    /// The bytes that each datagram costs on the wire beside its payload: by default IPv4 and UDP headers.
    package var headerBytes: Int
    /// RTP packets of this payload type, 96 to 127, are lost, all of them: such as repairs. nil: none.
    package var blockedPayloadType: UInt8?

    package init(
        bitsPerSecond: Int? = nil, delay: Duration = .zero, jitter: Duration = .zero, loss: LossModel = .none,
        reorder: Double = 0, reorderDelay: Duration = .milliseconds(20), duplicate: Double = 0,
        queueLimit: QueueLimit = .time(.milliseconds(300)), headerBytes: Int = 28,
        blockedPayloadType: UInt8? = nil
    ) {
        self.bitsPerSecond = bitsPerSecond
        self.delay = delay
        self.jitter = jitter
        self.loss = loss
        self.reorder = reorder
        self.reorderDelay = reorderDelay
        self.duplicate = duplicate
        self.queueLimit = queueLimit
        self.headerBytes = headerBytes
        self.blockedPayloadType = blockedPayloadType
    }
}
