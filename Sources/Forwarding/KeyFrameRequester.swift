import Wire

/// Merges the key frame requests of all subscribers of one encoding and limits what goes to the publisher.
///
///     idle --request--> due --sent--> waiting --key frame--> idle
///                        ^---no key frame for `retryInterval'---'
struct KeyFrameRequester: Sendable {
    /// From one key frame to the next request: a joiner waits this long at most, and a room full of joiners costs the
    /// publisher two key frames a second at most.
    static let minimumInterval = Duration.milliseconds(400)
    /// A request or the key frame was lost, or the publisher's encoder is slow.
    static let retryInterval = Duration.milliseconds(500)

    private var isWanted = false
    private var notBefore: Instant?

    /// Somebody needs a key frame.
    mutating func request() {
        isWanted = true
    }

    /// Whether to send a request now. It is taken as sent.
    mutating func takeRequest(at now: Instant) -> Bool {
        guard isWanted, now >= notBefore ?? now else { return false }
        notBefore = now + Self.retryInterval
        return true
    }

    /// A key frame has begun to arrive.
    mutating func keyFrameArrived(at now: Instant) {
        isWanted = false
        notBefore = now + Self.minimumInterval
    }
}
