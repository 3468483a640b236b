import Wire

/// Reads fields of bits, the most significant first. Behind the end everything is zero, which is noted: parsers ask
/// once when they have finished.
struct BitReader {
    /// In bits from the start of the span.
    private(set) var position: Int
    private let end: Int
    /// Whether a field reached behind the end.
    private(set) var isExhausted = false

    /// - Parameter range: the bytes to read, in the span that is given to each call.
    init(_ range: Range<Int>) {
        position = range.lowerBound * 8
        end = range.upperBound * 8
    }

    /// The next `count` bits, 0...32.
    mutating func bits(_ count: Int, of bytes: Span<UInt8>) -> UInt32 {
        guard count <= end - position else {
            position = end
            isExhausted = true
            return 0
        }
        var value: UInt32 = 0
        var left = count
        while left > 0 {
            let offset = position & 7
            let taken = min(left, 8 - offset)
            let byte = UInt32(bytes[position >> 3])
            value = value << UInt32(taken) | (byte >> UInt32(8 - offset - taken)) & ((1 << UInt32(taken)) - 1)
            position += taken
            left -= taken
        }
        return value
    }

    /// The next bit.
    mutating func flag(of bytes: Span<UInt8>) -> Bool {
        bits(1, of: bytes) != 0
    }

    /// ns(n): a value below `limit`, which is at least 1 (AV1 bitstream specification section 4.10.7).
    mutating func nonSymmetric(below limit: Int, of bytes: Span<UInt8>) -> Int {
        var width = 0
        while limit >> width != 0 { width += 1 }
        let shorter = (1 << width) - limit
        let value = Int(bits(width - 1, of: bytes))
        if value < shorter { return value }
        return value << 1 - shorter + Int(bits(1, of: bytes))
    }

    /// ue(v): an Exp-Golomb code (ITU-T H.264 section 9.1).
    mutating func exponentialGolomb(of bytes: Span<UInt8>) -> UInt32 {
        var zeros = 0
        while !flag(of: bytes) {
            zeros += 1
            guard zeros < 32, !isExhausted else { return 0 }
        }
        return bits(zeros, of: bytes) &+ ((1 << UInt32(zeros)) - 1)
    }

    /// se(v): the same with a sign (ITU-T H.264 section 9.1.1).
    mutating func signedExponentialGolomb(of bytes: Span<UInt8>) -> Int32 {
        let code = Int64(exponentialGolomb(of: bytes))
        return Int32(truncatingIfNeeded: code & 1 == 1 ? (code + 1) / 2 : -(code / 2))
    }
}
