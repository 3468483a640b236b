import Wire

/// Header extension elements in the one-byte form (RFC 8285 section 4.2), collected before their length is written.
struct ExtensionElements {
    private var bytes: [UInt8] = []

    /// Appends the low `count` bytes of `value`.
    mutating func append(_ id: UInt8, bytes value: UInt32, count: Int) {
        bytes.append(id << 4 | UInt8(count - 1))
        for position in (0..<count).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * position)))
        }
    }

    /// Appends a text of 1 to 16 bytes.
    mutating func append(_ id: UInt8, text: String) {
        bytes.append(id << 4 | UInt8(text.utf8.count - 1))
        bytes += text.utf8
    }

    func write(into output: inout OutputSpan<UInt8>) {
        let words = (bytes.count + 3) / 4
        output.append(bigEndian: 0xBEDE as UInt16)
        output.append(bigEndian: UInt16(words))
        for byte in bytes { output.append(byte) }
        for _ in bytes.count..<words * 4 { output.append(0) }
    }
}
