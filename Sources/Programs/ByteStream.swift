package import SystemPackage

/// A file, a pipe or standard input, read piece by piece.
package struct ByteStream: ~Copyable {
    private static let pieceBytes = 1 << 20

    private let descriptor: FileDescriptor
    private let isOwned: Bool

    /// - Parameter path: `-` is standard input.
    package init(path: String) throws(Errno) {
        guard path != "-" else {
            self.init(.standardInput, isOwned: false)
            return
        }
        do {
            self.init(
                try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec), isOwned: true)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Takes the reading end of a pipe over.
    package init(_ descriptor: consuming FileDescriptor) {
        self.init(descriptor, isOwned: true)
    }

    private init(_ descriptor: FileDescriptor, isOwned: Bool) {
        self.descriptor = descriptor
        self.isOwned = isOwned
    }

    deinit {
        if isOwned { try? descriptor.close() }
    }

    /// The next piece, as soon as there is one; empty at the end.
    package func next() throws(Errno) -> [UInt8] {
        do {
            return try unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
                count = try unsafe descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
