/// Two VP9 frames in one: the first is decoded and not shown (VP9 bitstream specification, annex B).
enum Superframe {
    /// A key frame that is only decoded, and the frame that is shown.
    static func joining(hidden: [UInt8], shown: [UInt8]) -> [UInt8] {
        let first = hiding(hidden)
        var bytes = first
        bytes.append(contentsOf: shown)
        // A marker with the number of frames and the bytes of a size, the sizes in little endian, the marker again.
        let marker: UInt8 = 0b110 << 5 | 3 << 3 | 1
        bytes.append(marker)
        for size in [first.count, shown.count] {
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
        }
        bytes.append(marker)
        return bytes
    }

    /// A key frame of profile 0 with show_frame cleared: frame marker 2 bits, profile 2, show_existing_frame, frame_type,
    /// show_frame, error_resilient_mode.
    private static func hiding(_ frame: [UInt8]) -> [UInt8] {
        var bytes = frame
        if let first = bytes.first { bytes[0] = first & ~0b10 }
        return bytes
    }
}
