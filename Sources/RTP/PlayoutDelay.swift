/// How long a receiver is to hold pictures back before it shows them, at least and at most: the playout-delay header
/// extension (http://www.webrtc.org/experiments/rtp-hdrext/playout-delay), two numbers of 12 bits in steps of 10 ms.
package struct PlayoutDelay: Hashable, Sendable, BitwiseCopyable {
    private static let largest: Int64 = 0xFFF

    /// The low 24 bits, as they are on the wire.
    package let rawValue: UInt32

    /// - Parameters: up to 40.95 s each, rounded down to steps of 10 ms; the maximum is at least the minimum.
    package init(atLeast minimum: Duration, atMost maximum: Duration) {
        let low = min(max(Int64(minimum / .milliseconds(10)), 0), Self.largest)
        let high = min(max(Int64(maximum / .milliseconds(10)), low), Self.largest)
        rawValue = UInt32(low << 12 | high)
    }

    /// Takes the low 24 bits.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue & 0xFF_FFFF
    }

    package var minimum: Duration { .milliseconds(Int64(rawValue >> 12) * 10) }
    package var maximum: Duration { .milliseconds(Int64(rawValue & 0xFFF) * 10) }

    /// What receivers do that were told nothing. Zero for both would mean something else: pictures are shown at once then,
    /// however irregularly they come.
    package static let usual = PlayoutDelay(atLeast: .zero, atMost: .seconds(10))
}
