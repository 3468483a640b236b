import MediaFiles

/// Files in pieces: the first byte says how long a piece is. They have to give what the whole file gives.
enum MediaFileTarget {
    /// Places of frames in the file, and the error at the end.
    private struct Outcome: Equatable {
        var frames: [[UInt8]] = []
        var error: MediaFileError?
    }

    static func ivf(_ input: Span<UInt8>) {
        comparing(input) { pieces in
            var reader = IVFReader(frameLimit: 1 << 20)
            return outcome(pieces) { piece, outcome throws(MediaFileError) in
                reader.append(piece)
                while let frame = try reader.next() {
                    outcome.frames.append(Array(reader.bytes[frame.bytes]))
                }
            } finish: { () throws(MediaFileError) in
                try reader.finish()
            }
        }
    }

    static func y4m(_ input: Span<UInt8>) {
        comparing(input) { pieces in
            var reader = Y4MReader()
            return outcome(pieces) { piece, outcome throws(MediaFileError) in
                reader.append(piece)
                while let picture = try reader.next() {
                    precondition(
                        picture.chromaV.upperBound - picture.luma.lowerBound == reader.header?.pictureBytes,
                        "planes follow each other")
                    outcome.frames.append(
                        Array(reader.bytes[picture.luma.lowerBound..<picture.chromaV.upperBound]))
                }
            } finish: { () throws(MediaFileError) in
                try reader.finish()
            }
        }
    }

    private static func comparing(_ input: Span<UInt8>, _ read: ([[UInt8]]) -> Outcome) {
        guard input.count > 1 else { return }
        let file = [UInt8](capacity: input.count - 1) { output in
            for index in 1..<input.count { output.append(input[index]) }
        }
        let size = Int(input[0]) + 1
        let pieces = stride(from: 0, to: file.count, by: size).map {
            Array(file[$0..<min($0 + size, file.count)])
        }
        precondition(read([file]) == read(pieces), "pieces give what the whole gives")
    }

    private static func outcome(
        _ pieces: [[UInt8]], _ take: ([UInt8], inout Outcome) throws(MediaFileError) -> Void,
        finish: () throws(MediaFileError) -> Void
    ) -> Outcome {
        var outcome = Outcome()
        do throws(MediaFileError) {
            for piece in pieces { try take(piece, &outcome) }
            try finish()
        } catch {
            outcome.error = error
        }
        return outcome
    }
}
