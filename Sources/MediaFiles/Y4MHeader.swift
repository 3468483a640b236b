/// What a YUV4MPEG2 file says of itself. Its pictures are 4:2:0 with 8 bits, progressive; others are refused.
package struct Y4MHeader: Hashable, Sendable {
    /// Where the chroma samples lie. Pictures are stored alike in all of them.
    package enum Chroma: String, CaseIterable, Sendable {
        /// Between four luma samples, as in JPEG and VP8: what is meant, too, when nothing is said.
        case jpeg = "420jpeg"
        /// The same under the name without a place.
        case unspecified = "420"
        /// Level with the left luma samples.
        case mpeg2 = "420mpeg2"
        case palDV = "420paldv"
    }

    package let width: Int
    package let height: Int
    package let frameRate: Ratio
    package let chroma: Chroma
    /// The shape of a pixel, width by height; nil: unknown.
    package let pixelAspect: Ratio?

    static let longestSide = 16_384

    /// nil: a side is not 1...16384.
    package init?(
        width: Int, height: Int, frameRate: Ratio, chroma: Chroma = .jpeg, pixelAspect: Ratio? = nil
    ) {
        guard (1...Self.longestSide).contains(width), (1...Self.longestSide).contains(height) else {
            return nil
        }
        self.width = width
        self.height = height
        self.frameRate = frameRate
        self.chroma = chroma
        self.pixelAspect = pixelAspect
    }

    /// Samples in a row of a chroma plane; odd widths are rounded up.
    package var chromaWidth: Int { (width + 1) / 2 }
    package var chromaHeight: Int { (height + 1) / 2 }
    /// Bytes of the three planes.
    package var pictureBytes: Int { width * height + 2 * chromaWidth * chromaHeight }

    /// The file's first line, without the line feed.
    package var line: String {
        let aspect = pixelAspect.map(\.description) ?? "0:0"
        return "YUV4MPEG2 W\(width) H\(height) F\(frameRate) Ip A\(aspect) C\(chroma.rawValue)"
    }

    /// Reads the file's first line.
    init(parsing line: String) throws(MediaFileError) {
        var fields: [Character: (text: String, offset: Int)] = [:]
        var offset = 0
        for field in line.split(separator: " ", omittingEmptySubsequences: false) {
            defer { offset += field.utf8.count + 1 }
            guard offset > 0, let name = field.first else { continue }
            // Of several comments (X) none is needed.
            fields[name] = (String(field.dropFirst()), offset)
        }
        func ratio(_ name: Character) -> Ratio? {
            let numbers = (fields[name]?.text ?? "").split(separator: ":", omittingEmptySubsequences: false)
                .map { UInt32($0) }
            guard numbers.count == 2, let first = numbers[0], let second = numbers[1] else { return nil }
            return Ratio(first, second)
        }
        let chromaText = fields["C"]?.text ?? Chroma.unspecified.rawValue
        guard let chroma = Chroma(rawValue: chromaText) else {
            throw MediaFileError(.pixelFormat(chromaText), offset: fields["C"]?.offset ?? 0)
        }
        let interlacing = fields["I"]?.text ?? "p"
        guard interlacing == "p" || interlacing == "?" else {
            throw MediaFileError(.interlaced(interlacing), offset: fields["I"]?.offset ?? 0)
        }
        guard let frameRate = ratio("F") else {
            throw MediaFileError(.frameRate(fields["F"]?.text ?? ""), offset: fields["F"]?.offset ?? 0)
        }
        let (width, height) = (fields["W"]?.text ?? "", fields["H"]?.text ?? "")
        guard
            let header = Y4MHeader(
                width: Int(width) ?? 0, height: Int(height) ?? 0, frameRate: frameRate, chroma: chroma,
                pixelAspect: ratio("A"))
        else {
            throw MediaFileError(
                .pictureSize(width: width, height: height), offset: fields["W"]?.offset ?? 0)
        }
        self = header
    }
}
