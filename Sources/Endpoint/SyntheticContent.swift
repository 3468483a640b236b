package import Wire

/// What a synthetic packet carries behind the header of its codec, so that the receiver can tell how long it was on the
/// way, whether anything is missing, and whether it is what was sent.
///
///     | source (32) | number (32) | frame (32) | index (16) | count (16) | sent at, ns (64) | check (32) | pattern ...
package struct SyntheticContent: Hashable, Sendable {
    package static let headerLength = 28
    /// The most bytes that follow the header.
    private static let longestPattern = 1500
    /// Bytes that repeat late; each packet's pattern begins at another place.
    private static let pattern: [UInt8] = (0..<longestPattern + 256).map { index in
        UInt8(truncatingIfNeeded: index &* 7 &+ index >> 8 &* 13)
    }

    /// Names the stream at its origin, whatever SSRC it has on the way.
    package var source: UInt32
    /// Counts the packets of the source.
    package var number: UInt32
    /// Counts the frames of the source.
    package var frame: UInt32
    /// The position in the frame, below `count`.
    package var index: UInt16
    package var count: UInt16
    package var sentAt: Instant

    package init(source: UInt32, number: UInt32, frame: UInt32, index: UInt16, count: UInt16, sentAt: Instant)
    {
        self.source = source
        self.number = number
        self.frame = frame
        self.index = index
        self.count = count
        self.sentAt = sentAt
    }

    /// A payload that begins with `prefix` and has `size` bytes, or as many as the header needs.
    package func payload(behind prefix: [UInt8], size: Int) -> [UInt8] {
        let rest = min(max(0, size - prefix.count - Self.headerLength), Self.longestPattern)
        return [UInt8](capacity: prefix.count + Self.headerLength + rest) { output in
            for byte in prefix { output.append(byte) }
            output.append(bigEndian: source)
            output.append(bigEndian: number)
            output.append(bigEndian: frame)
            output.append(bigEndian: index)
            output.append(bigEndian: count)
            output.append(bigEndian: UInt64(bitPattern: sentAt.nanoseconds))
            output.append(bigEndian: check)
            let start = patternStart
            output.append(copying: Self.pattern.span, start..<start + rest)
        }
    }

    /// Reads the content that begins at `offset`; nil if it is none.
    package init?(parsing payload: Span<UInt8>, at offset: Int) {
        guard offset >= 0, payload.count - offset >= Self.headerLength else { return nil }
        source = payload.uint32(at: offset)
        number = payload.uint32(at: offset + 4)
        frame = payload.uint32(at: offset + 8)
        index = payload.uint16(at: offset + 12)
        count = payload.uint16(at: offset + 14)
        sentAt = Instant(nanoseconds: Int64(bitPattern: payload.uint64(at: offset + 16)))
        guard payload.uint32(at: offset + 24) == check else { return nil }
    }

    /// Whether the bytes behind the header, which begins at `offset`, are the ones that were sent.
    package func isIntact(in payload: Span<UInt8>, at offset: Int) -> Bool {
        let begin = offset + Self.headerLength
        guard payload.count - begin <= Self.longestPattern else { return false }
        let pattern = Self.pattern
        var expected = patternStart
        var position = begin
        while position < payload.count {
            if payload[position] != pattern[expected] { return false }
            position += 1
            expected += 1
        }
        return true
    }

    private var patternStart: Int { Int(number & 0xFF) }

    /// FNV-1a over the fields in words.
    private var check: UInt32 {
        var hash: UInt32 = 2_166_136_261
        let time = UInt64(bitPattern: sentAt.nanoseconds)
        for word in [
            source, number, frame, UInt32(index) << 16 | UInt32(count),
            UInt32(truncatingIfNeeded: time >> 32),
            UInt32(truncatingIfNeeded: time),
        ] {
            hash = (hash ^ word) &* 16_777_619
        }
        return hash
    }
}
