package import Wire

/// When a packet left its sender: seconds of the sender's clock in 6.18 fixed point, wrapping after 64
/// seconds (the abs-send-time header extension).
package struct AbsoluteSendTime: Hashable, Sendable {
    /// Units of 2^-18 seconds: 0..<2^24.
    package var rawValue: UInt32

    /// Takes the low 24 bits.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue & 0xFF_FFFF
    }

    package init(_ instant: Instant) {
        let wrap: Int64 = 64_000_000_000
        let remainder = instant.nanoseconds % wrap
        let nanoseconds = remainder < 0 ? remainder + wrap : remainder
        self.init(rawValue: UInt32(truncatingIfNeeded: nanoseconds << 18 / 1_000_000_000))
    }

    /// Reads the data of a header extension element at `data`; `nil` unless it has three bytes.
    package init?(parsing packet: Span<UInt8>, at data: Range<Int>) {
        guard data.count == 3, data.upperBound <= packet.count else { return nil }
        self.init(rawValue: packet.uint24(at: data.lowerBound))
    }

    /// The time from `earlier` to `later` along the shorter way around: -32 s..<32 s.
    package static func - (later: AbsoluteSendTime, earlier: AbsoluteSendTime) -> Duration {
        let difference = Int32(bitPattern: (later.rawValue &- earlier.rawValue) << 8) >> 8
        return .nanoseconds((Int64(difference) * 1_000_000_000) >> 18)
    }
}
