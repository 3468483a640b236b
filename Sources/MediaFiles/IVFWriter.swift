/// Writes an IVF file in order, into buffers that the caller carries to the file.
package struct IVFWriter: Sendable {
    /// What goes to the beginning of the file. Its count of frames is known only at the end: `frameCountPatch`.
    package let header: IVFHeader
    /// Frames that were written.
    package private(set) var frameCount: UInt32 = 0

    package init(_ header: IVFHeader) {
        self.header = header
    }

    /// Appends the beginning of the file.
    package func appendHeader(to output: inout [UInt8]) {
        output += "DKIF".utf8
        Self.append(0, 2, to: &output)
        Self.append(UInt64(IVFHeader.length), 2, to: &output)
        // A name that is not four bytes long is ours to avoid; it must not shift what follows.
        output += ("\(header.codec)".utf8 + Array(repeating: 0x20, count: 4)).prefix(4)
        Self.append(UInt64(header.width), 2, to: &output)
        Self.append(UInt64(header.height), 2, to: &output)
        Self.append(UInt64(header.timeBase.denominator), 4, to: &output)
        Self.append(UInt64(header.timeBase.numerator), 4, to: &output)
        Self.append(UInt64(header.frameCount), 4, to: &output)
        Self.append(0, 4, to: &output)
    }

    /// Appends a frame.
    ///
    /// - Parameter time: in ticks of the time base.
    package mutating func append(_ frame: Span<UInt8>, time: UInt64, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + IVFHeader.frameHeaderLength + frame.count)
        Self.append(UInt64(frame.count), 4, to: &output)
        Self.append(time, 8, to: &output)
        for index in frame.indices { output.append(frame[index]) }
        frameCount += 1
    }

    /// What to write over the file at the end, where it can be written over.
    package var frameCountPatch: (offset: Int, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        Self.append(UInt64(frameCount), 4, to: &bytes)
        return (IVFHeader.frameCountOffset, bytes)
    }

    private static func append(_ value: UInt64, _ count: Int, to output: inout [UInt8]) {
        for index in 0..<count { output.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }
}
