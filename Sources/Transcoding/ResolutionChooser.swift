import Codecs

/// Which size a scene is coded in: the largest that the bits are enough for. It changes with a key frame only, so it waits
/// until the quantizer has spoken for some seconds.
struct ResolutionChooser {
    /// Short sides in pixels.
    private static let steps = [144, 180, 240, 300, 360, 480]
    /// Quantizers, of 63, between which a size is kept.
    private static let coarse = 50.0
    private static let fine = 27.0
    /// Ticks of 90 kHz between two changes.
    private static let downInterval: Int64 = 90_000 * 3
    private static let upInterval: Int64 = 90_000 * 6

    private let allowed: [Int]
    private var index: Int
    private var changed: Int64?
    private var quantizer: Double?

    /// - Parameters:
    ///   - smallest: the tier's short side.
    ///   - largest: nil if the tier's size is to be kept.
    init(
        smallest: Int, largest: Int?, codec: VPXCodec, bitsPerSecond: Int, framesPerSecond: Double,
        aspectRatio: Double
    ) {
        let sizes = [smallest] + Self.steps.filter { $0 > smallest && $0 <= largest ?? smallest }
        allowed = sizes
        // Bits for a pixel with which pictures of talking people look better large than small.
        let density = codec == .vp8 ? 0.03 : 0.02
        let pixelsPerSecond = Double(bitsPerSecond) / density / framesPerSecond
        index = sizes.lastIndex { Double($0 * $0) * aspectRatio <= pixelsPerSecond } ?? 0
    }

    var shortSide: Int { allowed[index] }

    /// Takes note of how coarsely a picture was coded. Returns whether the size changes.
    mutating func coded(quantizer new: Int, at time: Int64) -> Bool {
        guard allowed.count > 1 else { return false }
        let average = (quantizer ?? Double(new)) + (Double(new) - (quantizer ?? Double(new))) * 0.05
        quantizer = average
        let since = time - (changed ?? time)
        if changed == nil { changed = time }
        if average > Self.coarse, index > 0, since > Self.downInterval {
            index -= 1
        } else if average < Self.fine, index < allowed.count - 1, since > Self.upInterval {
            index += 1
        } else {
            return false
        }
        changed = time
        quantizer = nil
        return true
    }
}
