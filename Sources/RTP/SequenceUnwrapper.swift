/// Turns 16-bit sequence numbers into ones that never wrap, each taken as the nearest to the highest so far.
package struct SequenceUnwrapper: Hashable, Sendable {
    /// The highest number so far, `nil` before the first.
    package private(set) var highest: Int64?

    package init() {}

    /// The unwrapped number. The first value maps to 65536 + value, so that earlier ones stay positive.
    package mutating func unwrap(_ value: UInt16) -> Int64 {
        guard let highest else {
            let first = 65536 + Int64(value)
            self.highest = first
            return first
        }
        let unwrapped = highest &+ Self.distance(from: UInt16(truncatingIfNeeded: highest), to: value)
        if unwrapped > highest { self.highest = unwrapped }
        return unwrapped
    }

    /// Whether `a` comes after `b` in a sequence that wraps (RFC 1982 section 3.2, which leaves numbers at a
    /// distance of exactly 32768 undefined: here neither is newer).
    package static func isNewer(_ a: UInt16, than b: UInt16) -> Bool {
        distance(from: b, to: a) > 0
    }

    /// The signed number of steps from `origin` to `value` along the shorter way: -32768...32767.
    static func distance(from origin: UInt16, to value: UInt16) -> Int64 {
        Int64(Int16(bitPattern: value &- origin))
    }
}
