import Wire

/// Header extension elements in the one-byte form (RFC 8285 section 4.2), collected before their length is written.
struct ExtensionElements {
    /// Sending time, transport-wide number, level, and the longest MID and RID.
    private static let capacity = 48
    private var bytes = InlineArray<48, UInt8>(repeating: 0)
    private var count = 0

    /// Appends the low `count` bytes of `value`.
    mutating func append(_ id: UInt8, bytes value: UInt32, count: Int) {
        guard append(id, length: count) else { return }
        for position in (0..<count).reversed() {
            append(UInt8(truncatingIfNeeded: value >> UInt32(8 * position)))
        }
    }

    /// Appends a text of 1 to 16 bytes.
    mutating func append(_ id: UInt8, text: String) {
        guard append(id, length: text.utf8.count) else { return }
        for byte in text.utf8 { append(byte) }
    }

    func write(into output: inout OutputSpan<UInt8>) {
        let words = (count + 3) / 4
        output.append(bigEndian: 0xBEDE as UInt16)
        output.append(bigEndian: UInt16(words))
        for index in 0..<words * 4 { output.append(index < count ? bytes[index] : 0) }
    }

    private mutating func append(_ id: UInt8, length: Int) -> Bool {
        precondition((1...16).contains(length), "an element of the one-byte form has 1 to 16 bytes")
        guard count + 1 + length <= Self.capacity else { return false }
        append(id << 4 | UInt8(length - 1))
        return true
    }

    private mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }
}
