/// One picture of a y4m file: where its planes are in the reader's `bytes`, until more are appended. Rows follow each
/// other without gaps.
package struct Y4MPicture: Hashable, Sendable {
    /// From 0.
    package let number: Int
    package let luma: Range<Int>
    package let chromaU: Range<Int>
    package let chromaV: Range<Int>
}

/// Reads a YUV4MPEG2 file as it comes: whole, or in pieces from a pipe.
///
///     YUV4MPEG2 W640 H360 F30:1 Ip A1:1 C420jpeg\n
///     FRAME\n  Y plane, U plane, V plane      for each picture
package struct Y4MReader: Sendable {
    private static let longestLine = 1024

    /// nil: not here yet.
    package private(set) var header: Y4MHeader?
    /// Pictures that were read.
    package private(set) var pictureCount = 0
    private var queue = ByteQueue()

    package init() {}

    /// What pictures' offsets point into.
    package var bytes: [UInt8] { queue.bytes }

    /// Takes the next bytes of the file. Offsets of earlier pictures do not hold any more.
    package mutating func append(_ more: [UInt8]) {
        queue.append(more)
    }

    /// The next picture; nil: more bytes are needed.
    package mutating func next() throws(MediaFileError) -> Y4MPicture? {
        guard let header else {
            self.header = try readHeader()
            return self.header == nil ? nil : try next()
        }
        let magic: StaticString = "FRAME"
        let offset = queue.offset
        guard queue.count < magic.utf8CodeUnitCount || queue.starts(with: magic) else {
            throw MediaFileError(.noFrame(queue.text(8)), offset: offset, frame: pictureCount)
        }
        guard let line = try lineLength(frame: pictureCount), queue.count - line - 1 >= header.pictureBytes
        else { return nil }
        _ = queue.take(line + 1)
        let chromaBytes = header.chromaWidth * header.chromaHeight
        let luma = queue.take(header.width * header.height)
        defer { pictureCount += 1 }
        return Y4MPicture(
            number: pictureCount, luma: luma, chromaU: queue.take(chromaBytes),
            chromaV: queue.take(chromaBytes))
    }

    /// To be called when nothing more comes, after the last picture was read: says what is missing, if something is.
    package func finish() throws(MediaFileError) {
        guard let header else {
            throw MediaFileError(.unfinishedLine, offset: queue.offset + queue.count)
        }
        guard queue.count > 0 else { return }
        let line = queue.lineLength(within: Self.longestLine) ?? 5
        throw MediaFileError(
            .truncated(have: queue.count, need: line + 1 + header.pictureBytes), offset: queue.offset,
            frame: pictureCount)
    }

    private mutating func readHeader() throws(MediaFileError) -> Y4MHeader? {
        let magic: StaticString = "YUV4MPEG2"
        guard queue.count < magic.utf8CodeUnitCount || queue.starts(with: magic) else {
            throw MediaFileError(.notYUV4MPEG, offset: 0)
        }
        guard let length = try lineLength(frame: nil) else { return nil }
        let header = try Y4MHeader(parsing: queue.text(length))
        _ = queue.take(length + 1)
        return header
    }

    /// nil: the end of the line is still to come.
    private func lineLength(frame: Int?) throws(MediaFileError) -> Int? {
        if let length = queue.lineLength(within: Self.longestLine) { return length }
        guard queue.count < Self.longestLine else {
            throw MediaFileError(.endlessLine(limit: Self.longestLine), offset: queue.offset, frame: frame)
        }
        return nil
    }
}
