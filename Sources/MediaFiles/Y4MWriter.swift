/// Writes a YUV4MPEG2 file in order, into buffers that the caller carries to the file.
package struct Y4MWriter: Sendable {
    package let header: Y4MHeader

    package init(_ header: Y4MHeader) {
        self.header = header
    }

    /// Appends the beginning of the file.
    package func appendHeader(to output: inout [UInt8]) {
        output += "\(header.line)\n".utf8
    }

    /// Appends the line before a picture's planes, which follow in the order Y, U, V.
    package func appendPictureStart(to output: inout [UInt8]) {
        output.reserveCapacity(output.count + header.pictureBytes + 6)
        output += "FRAME\n".utf8
    }

    /// Appends a plane.
    ///
    /// - Parameters:
    ///   - stride: bytes from one row to the next, at least `width`; the last row may end with its last sample.
    ///   - width: samples of a row that are shown.
    package func append(
        plane: Span<UInt8>, stride: Int, width: Int, height: Int, to output: inout [UInt8]
    ) {
        for row in 0..<height {
            let start = row * stride
            for index in start..<start + width { output.append(plane[index]) }
        }
    }
}
