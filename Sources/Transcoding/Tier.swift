/// What a lane makes of a source, by the short side of its picture.
package enum Tier: String, CaseIterable, Comparable, Sendable {
    case p144 = "144p"
    case p240 = "240p"
    case p360 = "360p"
    case p480 = "480p"
    case p720 = "720p"

    /// In pixels.
    package var shortSide: Int {
        switch self {
        case .p144: 144
        case .p240: 240
        case .p360: 360
        case .p480: 480
        case .p720: 720
        }
    }

    /// What it takes unless something else is asked for.
    package var bitsPerSecond: Int {
        switch self {
        case .p144: 50_000
        case .p240: 100_000
        case .p360: 200_000
        case .p480: 400_000
        case .p720: 800_000
        }
    }

    /// The highest rate of pictures.
    package var framesPerSecond: Double {
        switch self {
        case .p144, .p240: 15
        case .p360: 20
        case .p480: 25
        case .p720: 30
        }
    }

    package static func < (left: Tier, right: Tier) -> Bool { left.shortSide < right.shortSide }
}

/// The size of a picture in pixels.
package struct PixelSize: Hashable, Sendable {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    package var shortSide: Int { min(width, height) }

    /// This picture's shape with a short side of at most `target` pixels. It never grows, and both sides are even.
    package func fitted(toShortSide target: Int) -> PixelSize {
        guard shortSide > target else {
            return PixelSize(width: max(2, width & ~1), height: max(2, height & ~1))
        }
        let short = max(2, target & ~1)
        let long = max(2, (max(width, height) * short + shortSide) / (2 * shortSide) * 2)
        return width < height
            ? PixelSize(width: short, height: long) : PixelSize(width: long, height: short)
    }
}
