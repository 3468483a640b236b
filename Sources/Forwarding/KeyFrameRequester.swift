import Wire

/// Why a key frame was asked for, or that nobody did.
package enum KeyFrameCause: Int, CaseIterable, Sendable {
    /// The publisher made it by itself.
    case unasked
    /// A subscriber joined, or changed to this source or layer.
    case subscriber
    /// A subscriber lost pictures (PLI, FIR).
    case loss
    /// The source began anew with other numbers.
    case restart
    /// A subscriber's narrow link could not take what waited for it.
    case congestion
    /// Another node that mirrors the source asked for it.
    case link
    /// A lane has to decode the source, and cannot until then.
    case lane
}

/// Merges the key frame requests of all subscribers of one encoding and limits what goes to the publisher.
///
///     idle --request--> due --sent--> waiting --key frame--> idle
///                        ^---no key frame for `retryInterval'---'
///
/// A single joiner waits `minimumInterval` at most. Many at a time share: while a crowd waits, key frames come once in
/// `crowdInterval`. And whatever is asked, key frames are not to take more than `largestShare` of the source's bits.
struct KeyFrameRequester: Sendable {
    static let minimumInterval = Duration.milliseconds(400)
    static let crowdInterval = Duration.seconds(1)
    /// So many that wait at a time are a crowd.
    static let crowd = 4
    static let largestShare = 0.4
    /// A picture that does not come for so long is worse than any cost.
    static let longestInterval = Duration.seconds(3)
    /// A request or the key frame was lost, or the publisher's encoder is slow.
    static let retryInterval = Duration.milliseconds(500)

    private var cause: KeyFrameCause?
    /// The most subscribers that were seen waiting since the last key frame.
    private var waiting = 0
    private var lastKeyFrame: Instant?
    private var retryAt: Instant?

    /// Somebody needs a key frame.
    ///
    /// - Parameter count: how many wait at this moment.
    mutating func request(because cause: KeyFrameCause = .subscriber, waiting count: Int = 1) {
        self.cause = self.cause ?? cause
        waiting = max(waiting, count)
    }

    /// Whether to send a request now. It is taken as sent.
    ///
    /// - Parameters:
    ///   - keyFrameBits: the size of the last key frame.
    ///   - bitsPerSecond: what the source sends at present, 0 while unknown.
    mutating func takeRequest(at now: Instant, keyFrameBits: Int = 0, bitsPerSecond: Int = 0) -> Bool {
        guard cause != nil, now >= retryAt ?? now else { return false }
        if let lastKeyFrame {
            var interval = waiting >= Self.crowd ? Self.crowdInterval : Self.minimumInterval
            if bitsPerSecond > 0 {
                let cost = Double(keyFrameBits) / (Self.largestShare * Double(bitsPerSecond))
                interval = max(interval, min(.seconds(cost), Self.longestInterval))
            }
            guard now >= lastKeyFrame + interval else { return false }
        }
        retryAt = now + Self.retryInterval
        return true
    }

    /// A key frame has begun to arrive. Returns why.
    @discardableResult
    mutating func keyFrameArrived(at now: Instant) -> KeyFrameCause {
        defer { cause = nil }
        waiting = 0
        lastKeyFrame = now
        retryAt = nil
        return cause ?? .unasked
    }
}
