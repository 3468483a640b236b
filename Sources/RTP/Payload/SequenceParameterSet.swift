import Wire

/// The size of the picture in an H.264 sequence parameter set (ITU-T H.264 sections 7.3.2.1.1 and 7.4.2.1.1).
enum SequenceParameterSet {
    /// The longest set that is looked at; real ones have some 20 bytes.
    private static let longest = 64

    /// Finds a parameter set in an RTP payload, alone or aggregated (RFC 6184 sections 5.6 and 5.7.1), and reads it.
    static func pictureSize(inPayload payload: Span<UInt8>) -> PictureSize? {
        guard payload.count > 1 else { return nil }
        switch payload[0] & 0x1F {
        case 7:
            return pictureSize(of: payload, 1..<payload.count)
        case 24:
            var offset = 1
            while payload.count - offset >= 3 {
                let length = Int(payload.uint16(at: offset))
                offset += 2
                guard length > 0, length <= payload.count - offset else { return nil }
                if payload[offset] & 0x1F == 7 {
                    return pictureSize(of: payload, offset + 1..<offset + length)
                }
                offset += length
            }
            return nil
        default:
            return nil
        }
    }

    private static func pictureSize(of payload: Span<UInt8>, _ range: Range<Int>) -> PictureSize? {
        // Emulation prevention: in 00 00 03 the last byte does not count (section 7.4.1).
        var bytes = InlineArray<64, UInt8>(repeating: 0)
        var count = 0
        var zeros = 0
        for index in range {
            guard count < longest else { break }
            if zeros >= 2, payload[index] == 3 {
                zeros = 0
                continue
            }
            zeros = payload[index] == 0 ? zeros + 1 : 0
            bytes[count] = payload[index]
            count += 1
        }
        return read(bytes.span, count)
    }

    private static func read(_ bytes: Span<UInt8>, _ count: Int) -> PictureSize? {
        var reader = BitReader(0..<count)
        let profile = reader.bits(8, of: bytes)
        // Constraint flags and level, then seq_parameter_set_id.
        _ = reader.bits(16, of: bytes)
        _ = reader.exponentialGolomb(of: bytes)
        var chromaFormat: UInt32 = 1
        var hasSeparatePlanes = false
        switch profile {
        case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
            chromaFormat = reader.exponentialGolomb(of: bytes)
            guard chromaFormat <= 3 else { return nil }
            if chromaFormat == 3 { hasSeparatePlanes = reader.flag(of: bytes) }
            _ = reader.exponentialGolomb(of: bytes)
            _ = reader.exponentialGolomb(of: bytes)
            _ = reader.flag(of: bytes)
            if reader.flag(of: bytes) {
                for list in 0..<(chromaFormat == 3 ? 12 : 8) where reader.flag(of: bytes) {
                    skipScalingList(of: list < 6 ? 16 : 64, &reader, bytes)
                }
            }
        default:
            break
        }
        _ = reader.exponentialGolomb(of: bytes)
        switch reader.exponentialGolomb(of: bytes) {
        case 0:
            _ = reader.exponentialGolomb(of: bytes)
        case 1:
            _ = reader.flag(of: bytes)
            _ = reader.signedExponentialGolomb(of: bytes)
            _ = reader.signedExponentialGolomb(of: bytes)
            for _ in 0..<min(reader.exponentialGolomb(of: bytes), 255) {
                _ = reader.signedExponentialGolomb(of: bytes)
            }
        default:
            break
        }
        _ = reader.exponentialGolomb(of: bytes)
        _ = reader.flag(of: bytes)
        let columns = Int(reader.exponentialGolomb(of: bytes)) + 1
        let rows = Int(reader.exponentialGolomb(of: bytes)) + 1
        let isProgressive = reader.flag(of: bytes)
        if !isProgressive { _ = reader.flag(of: bytes) }
        _ = reader.flag(of: bytes)
        var cropped = (horizontal: 0, vertical: 0)
        if reader.flag(of: bytes) {
            let left = Int(reader.exponentialGolomb(of: bytes))
            cropped.horizontal = left + Int(reader.exponentialGolomb(of: bytes))
            let top = Int(reader.exponentialGolomb(of: bytes))
            cropped.vertical = top + Int(reader.exponentialGolomb(of: bytes))
        }
        guard !reader.isExhausted else { return nil }
        let isSubsampled = !hasSeparatePlanes && chromaFormat > 0
        let cropWidth = isSubsampled && chromaFormat < 3 ? 2 : 1
        let cropHeight = (isSubsampled && chromaFormat == 1 ? 2 : 1) * (isProgressive ? 1 : 2)
        let width = columns * 16 - cropped.horizontal * cropWidth
        let height = rows * 16 * (isProgressive ? 1 : 2) - cropped.vertical * cropHeight
        guard (1...16384).contains(width), (1...16384).contains(height) else { return nil }
        return PictureSize(width: UInt16(width), height: UInt16(height))
    }

    /// ITU-T H.264 section 7.3.2.1.1.1.
    private static func skipScalingList(of size: Int, _ reader: inout BitReader, _ bytes: Span<UInt8>) {
        var last: Int32 = 8
        var next: Int32 = 8
        for _ in 0..<size where next != 0 {
            let delta = reader.signedExponentialGolomb(of: bytes)
            next = (last &+ delta &+ 256) & 255
            if next != 0 { last = next }
        }
    }
}
