import CYUV

/// A decoded picture: 8-bit I420 in one allocation that is made once and written over again and again.
///
/// Rows are padded to multiples of 32 bytes. Chroma planes have half of the width and height, rounded up.
@safe
package struct Picture: ~Copyable {
    package enum Plane: CaseIterable, Sendable {
        case luma, blueDifference, redDifference
    }

    /// More than any tier and any source that is taken: 4096 by 2304.
    package static let largestSide = 4096

    package let width: Int
    package let height: Int
    private let bytes: UnsafeMutablePointer<UInt8>
    private let byteCount: Int

    /// A black picture.
    ///
    /// - Parameters: 1 to `largestSide` each.
    package init(width: Int, height: Int) {
        precondition(
            (1...Self.largestSide).contains(width) && (1...Self.largestSide).contains(height),
            "pictures have 1 to \(Self.largestSide) pixels a side")
        self.width = width
        self.height = height
        let lumaBytes = Self.stride(of: width) * height
        byteCount = lumaBytes + 2 * Self.stride(of: Self.half(width)) * Self.half(height)
        unsafe bytes = .allocate(capacity: byteCount)
        unsafe bytes.initialize(repeating: 128, count: byteCount)
        unsafe bytes.update(repeating: 16, count: lumaBytes)
    }

    deinit {
        unsafe bytes.deallocate()
    }

    /// Fills all planes with one colour.
    package mutating func fill(luma: UInt8, blueDifference: UInt8 = 128, redDifference: UInt8 = 128) {
        for (plane, value) in [
            (Plane.luma, luma), (.blueDifference, blueDifference), (.redDifference, redDifference),
        ] {
            unsafe bytes.advanced(by: offset(of: plane)).update(
                repeating: value, count: stride(of: plane) * height(of: plane))
        }
    }

    /// The bytes of one row in a plane, padding included.
    package func stride(of plane: Plane) -> Int { Self.stride(of: width(of: plane)) }

    package func width(of plane: Plane) -> Int { plane == .luma ? width : Self.half(width) }

    package func height(of plane: Plane) -> Int { plane == .luma ? height : Self.half(height) }

    /// Calls `body` with the bytes of a plane, row after row, each `stride(of:)` long.
    package func withPlane<Result>(_ plane: Plane, _ body: (Span<UInt8>) -> Result) -> Result {
        let count = stride(of: plane) * height(of: plane)
        return unsafe body(
            Span(_unsafeStart: UnsafePointer(bytes.advanced(by: offset(of: plane))), count: count))
    }

    /// Calls `body` with the bytes of a plane to write to.
    package mutating func withMutablePlane<Result>(
        _ plane: Plane, _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result {
        let count = stride(of: plane) * height(of: plane)
        var span = unsafe MutableSpan(
            _unsafeStart: bytes.advanced(by: offset(of: plane)), count: count)
        return body(&span)
    }

    /// Takes over another picture's content, box-filtered when it is larger, interpolated when it is smaller.
    package mutating func scale(from source: borrowing Picture) {
        unsafe scale(from: source.planes)
    }

    /// The sum of the squared differences to another picture of the same size, over a rectangle of one plane that is cut
    /// to what there is of it.
    package func squaredError(
        to other: borrowing Picture, in plane: Plane, x: Int, y: Int, width: Int, height: Int
    ) -> UInt64 {
        precondition(other.width == self.width && other.height == self.height, "pictures of one size")
        precondition(x >= 0 && y >= 0, "a rectangle inside of the picture")
        let columns = min(width, self.width(of: plane) - x)
        let rows = min(height, self.height(of: plane) - y)
        guard columns > 0, rows > 0 else { return 0 }
        let stride = stride(of: plane)
        let start = offset(of: plane) + y * stride + x
        return unsafe ComputeSumSquareErrorPlane(
            bytes.advanced(by: start), Int32(stride), other.bytes.advanced(by: start), Int32(stride),
            Int32(columns), Int32(rows))
    }

    // MARK: - For the codecs

    var planes: I420Planes {
        unsafe I420Planes(
            luma: UnsafePointer(bytes),
            blueDifference: UnsafePointer(bytes.advanced(by: offset(of: .blueDifference))),
            redDifference: UnsafePointer(bytes.advanced(by: offset(of: .redDifference))),
            lumaStride: Int32(stride(of: .luma)), chromaStride: Int32(stride(of: .blueDifference)),
            width: Int32(width), height: Int32(height))
    }

    mutating func scale(from source: I420Planes) {
        _ = unsafe I420Scale(
            source.luma, source.lumaStride, source.blueDifference, source.chromaStride,
            source.redDifference, source.chromaStride, source.width, source.height,
            bytes, Int32(stride(of: .luma)),
            bytes.advanced(by: offset(of: .blueDifference)), Int32(stride(of: .blueDifference)),
            bytes.advanced(by: offset(of: .redDifference)), Int32(stride(of: .redDifference)),
            Int32(width), Int32(height), kFilterBox)
    }

    // MARK: - Private

    private func offset(of plane: Plane) -> Int {
        let luma = stride(of: .luma) * height
        switch plane {
        case .luma: return 0
        case .blueDifference: return luma
        case .redDifference:
            return luma + stride(of: .blueDifference) * height(of: .blueDifference)
        }
    }

    private static func half(_ size: Int) -> Int { (size + 1) / 2 }

    private static func stride(of width: Int) -> Int { (width + 31) & ~31 }
}

/// Where the planes of a picture lie, ours or a decoder's.
@unsafe
struct I420Planes {
    let luma: UnsafePointer<UInt8>
    let blueDifference: UnsafePointer<UInt8>
    let redDifference: UnsafePointer<UInt8>
    let lumaStride: Int32
    let chromaStride: Int32
    let width: Int32
    let height: Int32
}
