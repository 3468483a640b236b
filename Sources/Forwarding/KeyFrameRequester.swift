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

/// How much the lack of a key frame hurts.
package enum KeyFrameUrgency: Int, Comparable, Sendable {
    /// Somebody sees another layer of the same source meanwhile.
    case other
    /// Somebody sees nothing of the source yet.
    case nothing
    /// Somebody's picture is broken.
    case broken

    package static func < (left: KeyFrameUrgency, right: KeyFrameUrgency) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Merges the key frame requests of all subscribers of one encoding and limits what goes to the publisher.
///
///     idle --request--> due --sent--> waiting --key frame--> idle
///                        ^---no key frame for `retryInterval'---'
///
/// What was asked for since the last key frame shares the next one, and how soon that may come depends on who waits: 0.4 s
/// after for a broken picture or for somebody who sees nothing yet; 1.6 s after for many of those, or while many join the
/// room; 2 s after where a layer is to change and the former one goes on. Who joins alone therefore waits for nothing, or not for
/// long. Whatever is asked, key frames are not to take more than `largestShare` of the source's bits.
struct KeyFrameRequester: Sendable {
    static let shortInterval = Duration.milliseconds(400)
    static let crowdInterval = Duration.milliseconds(1600)
    /// So many who wait, or were served within `memory`, are a crowd.
    static let crowd = 6
    static let memory = Duration.seconds(3)
    static let otherInterval = Duration.seconds(2)
    static let largestShare = 0.4
    /// A picture that does not come for so long is worse than any cost.
    static let longestInterval = Duration.seconds(3)
    /// A request or the key frame was lost, or the publisher's encoder is slow.
    static let retryInterval = Duration.milliseconds(500)

    private var cause: KeyFrameCause?
    private var urgency = KeyFrameUrgency.other
    private var lastKeyFrame: Instant?
    /// The most who saw nothing and waited since the last key frame, and those whom the ones before it served.
    private var waiting = 0
    private var served = 0
    private var retryAt: Instant?

    /// Somebody needs a key frame.
    ///
    /// - Parameter count: how many wait at this moment.
    mutating func request(
        because cause: KeyFrameCause = .subscriber, _ urgency: KeyFrameUrgency = .nothing,
        waiting count: Int = 1
    ) {
        self.cause = self.cause ?? cause
        self.urgency = max(self.urgency, urgency)
        // Who lost its first picture asks again, and is no crowd.
        if urgency == .nothing { waiting = max(waiting, count) }
    }

    /// Whether to send a request now. It is taken as sent.
    ///
    /// - Parameters:
    ///   - keyFrameBits: the size of the last key frame.
    ///   - bitsPerSecond: what the source sends at present, 0 while unknown.
    ///   - isStorm: whether many join at present.
    mutating func takeRequest(
        at now: Instant, keyFrameBits: Int = 0, bitsPerSecond: Int = 0, isStorm: Bool = false
    ) -> Bool {
        guard cause != nil, now >= retryAt ?? now else { return false }
        if let lastKeyFrame {
            var interval =
                switch urgency {
                case .broken: Self.shortInterval
                case .nothing: isStorm || isCrowd(at: now) ? Self.crowdInterval : Self.shortInterval
                case .other: Self.otherInterval
                }
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
        urgency = .other
        served = waiting + (isRecent(at: now) ? served : 0)
        waiting = 0
        lastKeyFrame = now
        retryAt = nil
        return cause ?? .unasked
    }

    private func isCrowd(at now: Instant) -> Bool {
        waiting + (isRecent(at: now) ? served : 0) >= Self.crowd
    }

    private func isRecent(at now: Instant) -> Bool {
        lastKeyFrame.map { now - $0 < Self.memory } ?? false
    }
}
