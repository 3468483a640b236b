/// Width and height in pixels.
package struct PictureSize: Hashable, Sendable {
    package var width: UInt16
    package var height: UInt16

    /// What is not told.
    package static let unknown = PictureSize(width: 0, height: 0)

    package init(width: UInt16, height: UInt16) {
        self.width = width
        self.height = height
    }

    package var isKnown: Bool { width > 0 && height > 0 }
}
