import Wire

/// The receiver's estimate of the bitrate that the path takes (draft-alvestrand-rmcat-remb-03 section 2.2).
///
///     |  'R'  'E'  'M'  'B'                                           |
///     |  Num SSRC     | BR Exp    |  BR Mantissa                      |
///     |   SSRC feedback ...
package struct REMB: Hashable, Sendable {
    /// The identifier, in ASCII.
    static let identifier: UInt32 = 0x5245_4D42

    package var sender: UInt32
    /// All streams together; what does not fit 64 bits is the maximum.
    package var bitsPerSecond: UInt64
    /// The sources that the estimate is about, as offsets in the compound.
    package var range: Range<Int>

    /// Calls `body` for every source that the estimate is about.
    package func forEachSource(in compound: Span<UInt8>, _ body: (UInt32) -> Void) {
        for offset in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
            body(compound.uint32(at: offset))
        }
    }

    /// 18 bits of mantissa below 6 bits of exponent.
    static func decode(_ exponentAndMantissa: UInt32) -> UInt64 {
        let exponent = Int(exponentAndMantissa >> 18 & 0x3F)
        let mantissa = UInt64(exponentAndMantissa & 0x3_FFFF)
        return mantissa.leadingZeroBitCount < exponent ? .max : mantissa << UInt64(exponent)
    }

    /// Rounds down to 18 significant bits.
    static func encode(_ bitsPerSecond: UInt64) -> UInt32 {
        let exponent = max(0, 46 - bitsPerSecond.leadingZeroBitCount)
        return UInt32(exponent) << 18 | UInt32(bitsPerSecond >> UInt64(exponent))
    }
}
