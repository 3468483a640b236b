package import Codecs

/// Which blocks of a picture differ from the picture that was coded last, by more than its noise.
///
/// A block is 16 by 16 pixels of luma with its chroma. The noise is what the calmer blocks differ by anyway; a block that has
/// changed counts as changed until it is well below the threshold, so that the map does not flicker.
package struct ChangeMap {
    /// What a comparison found.
    package struct Summary: Equatable, Sendable {
        /// The share of the blocks that have changed, 0 to 1.
        package var changedShare: Double
        /// The mean squared difference of luma over the picture.
        package var meanSquaredError: Double
        /// Nothing of the picture before is of use: another scene, another slide.
        package var isCut: Bool

        package static let unchanged = Summary(changedShare: 0, meanSquaredError: 0, isCut: false)
    }

    private static let blockSide = 16
    /// Differences below are invisible: two grey levels.
    private static let smallestThreshold = 5.0
    /// Above this even noisy blocks have changed.
    private static let largestThreshold = 150.0
    /// How many times the noise is a change.
    private static let noiseFactor = 3.5
    /// Changed blocks are calm again below this part of the threshold.
    private static let calmFactor = 0.6
    /// The blocks that show the noise: this share, the calmest.
    private static let calmShare = 0.3

    private let columns: Int
    private let rows: Int
    private var wasChanged: [Bool]
    private var errors: [Double]
    private var sorted: [Double]
    /// The mean squared difference that noise alone makes.
    private(set) package var noise = 0.0

    package init(size: PixelSize) {
        columns = (size.width + Self.blockSide - 1) / Self.blockSide
        rows = (size.height + Self.blockSide - 1) / Self.blockSide
        wasChanged = Array(repeating: false, count: columns * rows)
        errors = Array(repeating: 0, count: columns * rows)
        sorted = errors
    }

    /// Whether the block in this column and row had changed in the last comparison.
    package func isChanged(column: Int, row: Int) -> Bool { wasChanged[row * columns + column] }

    /// Compares two pictures of the map's size.
    ///
    /// - Parameter learnsNoise: whether they are close in time, so that calm blocks differ by noise alone.
    package mutating func compare(
        _ picture: borrowing Picture, with coded: borrowing Picture, learnsNoise: Bool
    ) -> Summary {
        let side = Self.blockSide
        var total = 0.0
        for row in 0..<rows {
            for column in 0..<columns {
                let x = column * side
                let y = row * side
                let luma = picture.squaredError(
                    to: coded, in: .luma, x: x, y: y, width: side, height: side)
                let blue = picture.squaredError(
                    to: coded, in: .blueDifference, x: x / 2, y: y / 2, width: side / 2, height: side / 2)
                let red = picture.squaredError(
                    to: coded, in: .redDifference, x: x / 2, y: y / 2, width: side / 2, height: side / 2)
                let pixels = Double(min(side, picture.width - x) * min(side, picture.height - y))
                total += Double(luma)
                // Chroma differences are seen as much as luma's, on a quarter of the pixels.
                errors[row * columns + column] = (Double(luma) + 2 * Double(blue + red)) / pixels
            }
        }
        if learnsNoise { learn() }
        let threshold = min(max(Self.smallestThreshold, noise * Self.noiseFactor), Self.largestThreshold)
        var changed = 0
        for index in errors.indices {
            let limit = wasChanged[index] ? threshold * Self.calmFactor : threshold
            wasChanged[index] = errors[index] > limit
            if wasChanged[index] { changed += 1 }
        }
        let share = Double(changed) / Double(errors.count)
        let mean = total / Double(picture.width * picture.height)
        return Summary(
            changedShare: share, meanSquaredError: mean,
            isCut: share > 0.7 && mean > 0.7 * Self.variance(of: picture) && mean > 60)
    }

    // MARK: - Private

    private mutating func learn() {
        for index in errors.indices { sorted[index] = errors[index] }
        sorted.sort()
        let calm = sorted[Int(Double(sorted.count - 1) * Self.calmShare)]
        // Down at once, up slowly: motion is not noise.
        noise = calm < noise ? calm : noise + (min(calm, Self.largestThreshold) - noise) * 0.05
    }

    /// How much luma varies over a picture.
    private static func variance(of picture: borrowing Picture) -> Double {
        let (width, height, stride) = (picture.width, picture.height, picture.stride(of: .luma))
        return picture.withPlane(.luma) { luma in
            var sum = 0
            var squares = 0
            for row in 0..<height {
                for index in row * stride..<row * stride + width {
                    let value = Int(luma[index])
                    sum += value
                    squares += value * value
                }
            }
            let count = Double(width * height)
            let mean = Double(sum) / count
            return Double(squares) / count - mean * mean
        }
    }
}
