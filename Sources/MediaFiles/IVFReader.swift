/// One frame of an IVF file.
package struct IVFFrame: Hashable, Sendable {
    /// From 0, those without bytes counted.
    package let number: Int
    /// In ticks of the file's time base.
    package let time: UInt64
    /// Where it is in the reader's `bytes`, until more are appended. An encoder that has dropped a frame may write it
    /// with no bytes.
    package let bytes: Range<Int>
    /// Where its header begins in the file.
    package let offset: Int
}

/// Reads an IVF file as it comes: whole, or in pieces from a pipe.
///
///     | "DKIF" | version (16) | header length (16) | codec (32) | width (16) | height (16) |
///     | time base denominator (32) | numerator (32) | frame count (32) | unused (32) |
///     | size (32) | time (64) | frame ...      for each frame; all numbers little-endian
package struct IVFReader: Sendable {
    private static let longestHeader = 1024

    /// nil: not here yet.
    package private(set) var header: IVFHeader?
    /// Frames that were read.
    package private(set) var frameCount = 0
    private var queue = ByteQueue()
    private let frameLimit: Int

    /// - Parameter frameLimit: the most bytes of a frame; a larger one ends reading, so that a damaged size does not
    ///   fill the memory.
    package init(frameLimit: Int = 16 << 20) {
        self.frameLimit = frameLimit
    }

    /// What frames' offsets point into.
    package var bytes: [UInt8] { queue.bytes }

    /// Takes the next bytes of the file. Offsets of earlier frames do not hold any more.
    package mutating func append(_ more: [UInt8]) {
        queue.append(more)
    }

    /// The next frame; nil: more bytes are needed.
    package mutating func next() throws(MediaFileError) -> IVFFrame? {
        guard header != nil else {
            header = try readHeader()
            return header == nil ? nil : try next()
        }
        guard queue.count >= IVFHeader.frameHeaderLength else { return nil }
        let offset = queue.offset
        let size = Int(queue.littleEndian(at: 0, bytes: 4))
        guard size <= frameLimit else {
            throw MediaFileError(.frameSize(size, limit: frameLimit), offset: offset, frame: frameCount)
        }
        guard queue.count - IVFHeader.frameHeaderLength >= size else { return nil }
        let time = queue.littleEndian(at: 4, bytes: 8)
        _ = queue.take(IVFHeader.frameHeaderLength)
        defer { frameCount += 1 }
        return IVFFrame(number: frameCount, time: time, bytes: queue.take(size), offset: offset)
    }

    /// To be called when nothing more comes, after the last frame was read: says what is missing, if something is.
    package func finish() throws(MediaFileError) {
        guard header != nil else {
            throw MediaFileError(
                .truncated(have: queue.count, need: max(IVFHeader.length, claimedHeaderLength ?? 0)),
                offset: queue.offset + queue.count)
        }
        guard queue.count > 0 else { return }
        var need = IVFHeader.frameHeaderLength
        if queue.count >= need { need += Int(queue.littleEndian(at: 0, bytes: 4)) }
        throw MediaFileError(
            .truncated(have: queue.count, need: need), offset: queue.offset, frame: frameCount)
    }

    /// nil: not here yet.
    private var claimedHeaderLength: Int? {
        queue.count >= 8 ? Int(queue.littleEndian(at: 6, bytes: 2)) : nil
    }

    private mutating func readHeader() throws(MediaFileError) -> IVFHeader? {
        guard queue.count < 4 || queue.starts(with: "DKIF") else { throw MediaFileError(.notIVF, offset: 0) }
        guard let length = claimedHeaderLength else { return nil }
        guard (IVFHeader.length...Self.longestHeader).contains(length) else {
            throw MediaFileError(.headerLength(length), offset: 6)
        }
        guard queue.count >= length else { return nil }
        let denominator = UInt32(queue.littleEndian(at: 16, bytes: 4))
        let numerator = UInt32(queue.littleEndian(at: 20, bytes: 4))
        guard let timeBase = Ratio(numerator, denominator) else {
            throw MediaFileError(
                .timeBase(numerator: numerator, denominator: denominator), offset: 16)
        }
        let header = IVFHeader(
            codec: IVFHeader.Codec(queue.text(12).suffix(4).description),
            width: UInt16(queue.littleEndian(at: 12, bytes: 2)),
            height: UInt16(queue.littleEndian(at: 14, bytes: 2)),
            timeBase: timeBase,
            frameCount: UInt32(queue.littleEndian(at: IVFHeader.frameCountOffset, bytes: 4)))
        _ = queue.take(length)
        return header
    }
}
