/// Bytes of a file that came and were not read yet.
struct ByteQueue: Sendable {
    /// What came last, and what was left of what came before. Offsets into it hold until the next `append`.
    private(set) var bytes: [UInt8] = []
    /// Where in `bytes` reading goes on.
    private(set) var position = 0
    /// How many bytes of the file are not kept any more.
    private var dropped = 0

    /// Where in the file reading goes on.
    var offset: Int { dropped + position }
    var count: Int { bytes.count - position }

    mutating func append(_ more: [UInt8]) {
        dropped += position
        if position == bytes.count {
            bytes = more
        } else {
            bytes.removeSubrange(..<position)
            bytes.append(contentsOf: more)
        }
        position = 0
    }

    /// Goes on behind so many bytes, which have to be there, and says where they are.
    mutating func take(_ count: Int) -> Range<Int> {
        precondition(count <= self.count, "only what came is taken")
        defer { position += count }
        return position..<position + count
    }

    /// A little-endian number `ahead` bytes from here.
    func littleEndian(at ahead: Int, bytes count: Int) -> UInt64 {
        (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(bytes[position + ahead + $1]) }
    }

    /// How many bytes there are to the next line feed, which is not counted. nil: none came within `limit` bytes.
    func lineLength(within limit: Int) -> Int? {
        bytes[position..<min(bytes.count, position + limit)].firstIndex(of: 0x0A).map { $0 - position }
    }

    /// So many of the next bytes as text; what cannot be printed is a question mark.
    func text(_ count: Int) -> String {
        let printable = bytes[position..<position + min(count, self.count)].map {
            (0x20...0x7E).contains($0) ? $0 : 0x3F
        }
        return String(decoding: printable, as: UTF8.self)
    }

    func starts(with text: StaticString) -> Bool {
        bytes[position...].starts(with: Array("\(text)".utf8))
    }
}
