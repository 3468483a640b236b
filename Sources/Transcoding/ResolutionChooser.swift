import Codecs

/// Which size a scene is coded in: the largest that the bits are enough for. It changes with a key frame only, so it waits
/// until the quantizer has spoken for some seconds, unless a cut needs a key frame anyway.
///
///     tier's size --bits to spare--> larger --still to spare--> ... --too coarse--> smaller
///
/// A size that had to be given up soon is tried again after twice the time.
struct ResolutionChooser {
    /// Short sides in pixels.
    private static let steps = [144, 180, 240, 300, 360, 480]
    /// Quantizers, of 63, between which a size is kept.
    private static let coarse = 52.0
    private static let fine = 27.0
    /// Below this one a picture grows at once to the size that its bits are usually enough for.
    private static let ample = 40.0
    /// A picture that is left out for want of bits counts as much as the coarsest.
    private static let coarsest = 63
    /// For so long after a change the key frame's bits are missing, and pictures say nothing of their size. All in ticks of 90 kHz.
    private static let settling: Int64 = 90_000 * 2
    /// Between two changes.
    private static let downInterval: Int64 = 90_000 * 4
    private static let shortestUpInterval: Int64 = 90_000 * 6
    private static let longestUpInterval: Int64 = 90_000 * 96
    /// Fine pictures grow by so much at least, of the short side: each step costs a key frame.
    private static let fineStep = 1.5
    /// A size that was kept for so long was no mistake.
    private static let proof: Int64 = 90_000 * 20

    /// The tier's short side.
    private let smallest: Int
    private let beginsSmall: Bool
    /// Bits for a pixel with which pictures of talking people look better large than small.
    private let density: Double
    private var terms: LaneTerms
    private var source: PixelSize?
    private var chosen: Int
    private var changed: Int64?
    private var grown: Int64?
    private var upInterval = ResolutionChooser.shortestUpInterval
    private var quantizer: Double?
    private var isReliefWanted = false

    init(_ settings: LaneSettings) {
        smallest = settings.tier.shortSide
        beginsSmall = settings.beginsSmall
        density = settings.codec == .vp8 ? 0.03 : 0.02
        terms = settings.terms
        chosen = smallest
    }

    /// What is to be made of the source now, which may be smaller.
    var shortSide: Int { chosen }

    /// Other terms: what is larger than they allow is given up at once, since somebody who needs it small may have come; all
    /// else follows in its own time.
    mutating func adopt(_ terms: LaneTerms) {
        self.terms = terms
        guard let largest = sizes.last, present > largest else { return }
        chosen = largest
        changed = nil
        grown = nil
        quantizer = nil
    }

    /// Another size of the source.
    ///
    /// - Parameter mayGrow: whether there is CPU for pictures larger than the tier's.
    mutating func adopt(_ source: PixelSize, mayGrow: Bool) {
        let isFirst = self.source == nil
        self.source = source
        if isFirst, mayGrow, !beginsSmall { chosen = fitting }
    }

    /// There is too little CPU.
    mutating func relieve() {
        isReliefWanted = true
    }

    /// A cut: another scene, of which nothing is known yet. Returns whether the size changes.
    mutating func beginScene(at time: Int64, mayGrow: Bool) -> Bool {
        let former = present
        upInterval = Self.shortestUpInterval
        quantizer = nil
        let best = fitting
        if best < former || mayGrow { chosen = best }
        guard present != former else { return false }
        changed = time
        grown = present > former ? time : nil
        return true
    }

    /// Takes note of how coarsely a picture was coded.
    ///
    /// - Parameter quantizer: of 63; nil if it was left out for want of bits.
    /// - Returns: whether the size changes.
    mutating func coded(quantizer new: Int?, at time: Int64, mayGrow: Bool) -> Bool {
        guard terms.largestShortSide != nil || chosen > smallest else { return false }
        let new = Double(new ?? Self.coarsest)
        let isSettled = changed.map { time - $0 > Self.settling } ?? false
        let average = isSettled ? (quantizer ?? new) + (new - (quantizer ?? new)) * 0.05 : new
        quantizer = isSettled ? average : nil
        if let growth = grown, time - growth >= Self.proof {
            upInterval = Self.shortestUpInterval
            grown = nil
        }
        let since = time - (changed ?? time)
        if changed == nil { changed = time }
        let sizes = sizes
        let next: Int
        if isReliefWanted || average > Self.coarse && since > Self.downInterval {
            isReliefWanted = false
            guard let lower = sizes.last(where: { $0 < present }) else { return false }
            next = lower
            if grown != nil { upInterval = min(upInterval * 2, Self.longestUpInterval) }
        } else if mayGrow, since > upInterval, average < Self.ample, fitting > present {
            next = fitting
        } else if mayGrow, since > upInterval, average < Self.fine,
            let higher = sizes.first(where: { Double($0) >= Double(present) * Self.fineStep })
        {
            next = higher
        } else {
            return false
        }
        grown = next > present ? time : nil
        chosen = next
        changed = time
        quantizer = nil
        return true
    }

    // MARK: - Private

    /// What is chosen, as far as the source has it.
    private var present: Int { min(chosen, max(source?.shortSide ?? chosen, 1)) }

    /// What there is to choose among, the tier's first.
    private var sizes: [Int] {
        let largest = min(terms.largestShortSide ?? smallest, source?.shortSide ?? smallest)
        var sizes = [smallest] + Self.steps.filter { $0 > smallest && $0 <= largest }
        // The source's own size, where it is not nearly one of these.
        if let last = sizes.last, largest * 10 > last * 11 { sizes.append(largest) }
        return sizes
    }

    /// The size for which the bits are usually enough.
    private var fitting: Int {
        guard let source, source.shortSide > 0 else { return smallest }
        let aspectRatio = Double(max(source.width, source.height)) / Double(source.shortSide)
        let pixels = Double(terms.bitsPerSecond) / density / terms.framesPerSecond
        return sizes.last { Double($0 * $0) * aspectRatio <= pixels } ?? smallest
    }
}
