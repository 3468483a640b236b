/// The 96 bits that bind a response to its request (RFC 8489 section 5).
package struct TransactionID: Hashable, Sendable {
    /// The first 32 bits.
    package let high: UInt32
    /// The other 64 bits.
    package let low: UInt64

    package init(high: UInt32, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws one; the generator must be cryptographically secure, because the ID also keeps forged responses
    /// out.
    package init(using generator: inout some RandomNumberGenerator) {
        self.init(high: generator.next(), low: generator.next())
    }
}
